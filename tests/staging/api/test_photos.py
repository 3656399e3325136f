"""The photos API: uploading once, looking at all variants, deleting; and who may not."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import Photo, Project, StagedImage
from staging.photos import Upload, add_photo
from staging.projects import create_project
from tests.conftest import make_photo
from tests.staging.conftest import Sandbox, carry_out
from tests.staging.image_files import encode

PHOTOS = "/api/v1/staging/photos"


def upload(content: bytes | None = None, name: str = "room.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, make_photo() if content is None else content)


def post(api: APIClient, **fields: Any) -> Any:
    return api.post(PHOTOS, fields, format="multipart")


@pytest.fixture
def project(operator: User) -> Project:
    return create_project("Elm Street 5", owner=operator)


@pytest.fixture
def photo(operator: User, project: Project) -> Photo:
    return add_photo(Upload(make_photo(), name="hall.jpg"), owner=operator, project=project)


def test_post_answers_the_photo_and_what_came(api: APIClient, project: Project) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encode(Image.new("RGB", (4800, 1200)), "HEIF", exif=exif, quality=10)

    answer = post(api, image=upload(content, "IMG_1.HEIC"), project=str(project.pk))

    photo = Photo.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (
        201, f"http://testserver{PHOTOS}/{photo.pk}",
    )  # fmt: skip
    told = answer.json()
    urls = told.pop("url"), told.pop("thumbnail_url")
    assert told.pop("created_at")
    assert told == {
        "id": str(photo.pk),
        "project": str(project.pk),
        "width": 1024,
        "height": 4096,
        "size": default_storage.size(str(photo.file)),
        "original_name": "IMG_1.HEIC",
        "original": {
            "name": "IMG_1.HEIC", "format": "heic", "width": 1200, "height": 4800,
            "size": len(content),
        },
    }  # fmt: skip
    assert [api.get(url).getvalue()[:4] for url in urls] == [b"\xff\xd8\xff\xe0", b"RIFF"]


def test_post_without_a_project_goes_among_the_unsorted(api: APIClient) -> None:
    answer = post(api, image=upload())

    assert Project.objects.get(pk=answer.json()["project"]).is_unsorted


def test_post_of_what_waits_on_disk(api: APIClient) -> None:
    content = encode(Image.effect_noise((900, 900), 90), "PNG")
    assert len(content) > 2**18

    answer = post(api, image=upload(content, "noise.png"))

    assert (answer.status_code, answer.json()["original"]["size"]) == (201, len(content))


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({}, "image", "No file was submitted."),
        ({"image": "no file"}, "image", "The submitted data was not a file."),
        ({"image": b""}, "image", "The submitted file is empty."),
        ({"image": b"<svg/>"}, "image", "An SVG is a drawing, not a photo"),
        ({"image": make_photo()[:800]}, "image", "damaged or incomplete"),
        ({"image": make_photo(), "project": "12"}, "project", "UUID"),
        ({"image": make_photo(), "project": "0" * 32}, "project", "You have no such project."),
    ],
)
def test_post_that_is_wrong_stores_nothing(
    api: APIClient, fields: dict[str, Any], field: str, sentence: str
) -> None:
    if isinstance(image := fields.get("image"), bytes):
        fields = {**fields, "image": upload(image)}

    answer = post(api, **fields)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert sentence in answer.json()[field][0]
    assert (Photo.objects.count(), default_storage.exists("photos")) == (0, False)


@pytest.mark.parametrize("extra", [1, 2**21])
def test_post_of_more_than_100_megabytes_is_too_large(api: APIClient, extra: int) -> None:
    answer = post(api, image=upload(bytes(100 * 2**20 + extra)))

    assert (answer.status_code, "100 MB" in answer.json()["detail"]) == (413, True)


def test_post_of_a_document_is_another_media_type(api: APIClient) -> None:
    assert api.post(PHOTOS, {"image": "aGVsbG8="}, format="json").status_code == 415


def test_get_of_a_photo_shows_its_variants_side_by_side(
    sandbox: Sandbox, api: APIClient, operator: User, photo: Photo
) -> None:
    done = carry_out(
        sandbox, request_staging(photo, StagingRequest(room_type="bedroom"), owner=operator)
    )
    StagedImage.objects.update(verdict="accepted", stars=4)
    waiting = request_staging(photo, StagingRequest(style="scandinavian"), owner=operator)

    told = api.get(f"{PHOTOS}/{photo.pk}").json()

    newest, oldest = told["variants"]
    assert (newest["id"], newest["status"], newest["images"]) == (str(waiting.pk), "queued", [])
    (image,) = oldest.pop("images")
    assert api.get(image.pop("thumbnail_url")).getvalue()[8:12] == b"WEBP"
    assert {key: image[key] for key in ("width", "height", "verdict", "stars")} == {
        "width": 300, "height": 200, "verdict": "accepted", "stars": 4,
    }  # fmt: skip
    assert oldest.pop("created_at")
    assert oldest == {
        "id": str(done.pk),
        "status": "succeeded",
        "room_type": "bedroom",
        "style": "modern",
        "model_id": done.model.slug,
        "profile": "default",
        "revision": 1,
        "cost": 0.03,
    }
    assert told["original"]["name"] == "hall.jpg"


@pytest.mark.parametrize("count", [1, 5])
def test_get_asks_the_database_a_fixed_number_of_times(
    api: APIClient, operator: User, photo: Photo, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        request_staging(photo, StagingRequest(overrides={"num_outputs": 2}), owner=operator)
    api.get(PHOTOS)

    # Who asks, their tokens, and the last use; the photo; its jobs, predictions and pictures.
    with django_assert_num_queries(7):
        assert len(api.get(f"{PHOTOS}/{photo.pk}").json()["variants"]) == count
    # Who asks, their tokens, and the last use; their projects; the photos.
    with django_assert_num_queries(5):
        assert len(api.get(PHOTOS).json()["results"]) == 1


def test_get_of_a_photo_from_before_originals_were_kept(api: APIClient, photo: Photo) -> None:
    Photo.objects.update(original_format="", original_width=0, original_height=0, original_size=0)

    assert api.get(f"{PHOTOS}/{photo.pk}").json()["original"] is None


def test_list_comes_in_pages_by_project(api: APIClient, operator: User, photo: Photo) -> None:
    later = [
        add_photo(Upload(make_photo()), owner=operator, project=photo.project) for _ in range(2)
    ]
    post(api, image=upload())

    first = api.get(f"{PHOTOS}?project={photo.project_id}&page_size=2").json()
    second = api.get(first["next"]).json()

    listed = [one["id"] for page in (first, second) for one in page["results"]]
    assert listed == [str(one.pk) for one in (*later[::-1], photo)]
    assert (len(api.get(PHOTOS).json()["results"]), second["next"]) == (4, None)


def test_list_refuses_what_it_does_not_know(api: APIClient) -> None:
    assert api.get(PHOTOS, {"colour": "red"}).status_code == 400
    assert api.get(PHOTOS, {"project": "12"}).status_code == 400


def test_delete_removes_photo_and_variants(
    sandbox: Sandbox, api: APIClient, operator: User, photo: Photo
) -> None:
    carry_out(sandbox, request_staging(photo, StagingRequest(), owner=operator))

    answer = api.delete(f"{PHOTOS}/{photo.pk}")

    assert (answer.status_code, Photo.objects.count()) == (204, 0)
    assert api.get(f"{PHOTOS}/{photo.pk}").status_code == 404


def test_delete_waits_for_unfinished_jobs(api: APIClient, operator: User, photo: Photo) -> None:
    request_staging(photo, StagingRequest(), owner=operator)

    answer = api.delete(f"{PHOTOS}/{photo.pk}")

    assert (answer.status_code, "not finished" in answer.json()["detail"]) == (409, True)
    assert Photo.objects.count() == 1
