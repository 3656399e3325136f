"""The staging API as its clients use it, and as strangers and careless clients do."""

import io
import json
import struct
import zlib
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from modelsettings.models import ReplicateModel
from staging import services
from staging.models import Photo, StagingJob
from tests.conftest import client_of, make_photo
from tests.staging.conftest import FLUX, QWEN, SEEDREAM, Ask, Sandbox, carry_out, only

JOBS = "/api/v1/staging/jobs"


def upload(content: bytes | None = None, name: str = "room.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, make_photo() if content is None else content)


def post(api: APIClient, **fields: Any) -> Any:
    """Ask for a job as a form does."""
    api.raise_request_exception = False
    return api.post(JOBS, fields, format="multipart")


def post_json(api: APIClient, body: str | dict[str, Any]) -> Any:
    api.raise_request_exception = False
    text = body if isinstance(body, str) else json.dumps(body)
    return api.generic("POST", JOBS, text, content_type="application/json")


def everything_stored() -> tuple[int, int, list[str]]:
    """Count photos and jobs, and name what lies in the storage."""
    folders = ("photos", "pictures")
    there = [one for one in folders if default_storage.exists(one)]
    files = [name for one in there for name in default_storage.listdir(one)[1]]
    return Photo.objects.count(), StagingJob.objects.count(), files


@pytest.fixture
def photo(operator: User, photo_bytes: bytes) -> Photo:
    return services.add_photo(services.Upload(photo_bytes, name="hall.jpg"), owner=operator)


def test_post_answers_the_whole_job(api: APIClient) -> None:
    wanted = {"overrides": json.dumps({"go_fast": False, "num_outputs": 2}), "seed": 5}

    answer = post(api, image=upload(), room_type="living_room", style="modern", **wanted)

    job = StagingJob.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (
        202, f"http://testserver{JOBS}/{job.pk}",
    )  # fmt: skip
    told = answer.json()
    assert told == api.get(answer.headers["Location"]).json() | {"photo": told["photo"]}
    photo, timeline = told.pop("photo"), told.pop("timeline")
    assert {key: photo[key] for key in ("width", "height", "original_name")} == {
        "width": 300, "height": 200, "original_name": "room.jpg",
    }  # fmt: skip
    assert [(one["status"], one["by"], one["prediction"]) for one in timeline] == [
        ("queued", "olga", 0), ("queued", "olga", 1),
    ]  # fmt: skip
    del told["created_at"]
    assert told == {
        "id": str(job.pk),
        "status": "queued",
        "project": None,
        "model_id": QWEN,
        "version": job.version,
        "profile": "default",
        "revision": 1,
        "room_type": "living_room",
        "style": "modern",
        "prompt": job.prompt,
        "images": [],
        "error": None,
        "cost": None,
        "settings": {**job.settings, "go_fast": False, "num_outputs": 2, "seed": 5},
        "overrides": {"go_fast": False, "num_outputs": 2, "seed": 5},
        "input": {**job.input, "image": f"photo:{job.photo_id}", "go_fast": False, "seed": 5},
        "delivery": {**job.delivery, "num_outputs": 2},
        "finished_at": None,
    }
    assert api.get(photo["url"]).getvalue()[:2] == b"\xff\xd8"


def test_post_of_a_stored_photo(api: APIClient, photo: Photo) -> None:
    answer = post_json(api, {"photo": str(photo.pk), "model": FLUX})

    assert (answer.status_code, answer.json()["photo"]["id"]) == (202, str(photo.pk))
    assert Photo.objects.count() == 1


def test_get_of_a_finished_job(sandbox: Sandbox, api: APIClient, ask: Ask) -> None:
    job = carry_out(sandbox, ask())

    told = api.get(f"{JOBS}/{job.pk}").json()

    (image,) = told["images"]
    assert (told["status"], told["error"], told["cost"]) == ("succeeded", None, 0.03)
    assert (image["width"], image["height"]) == (300, 200)
    assert len(api.get(image["url"]).getvalue()) == image["size"]
    assert api.get(image["thumbnail_url"]).getvalue()[8:12] == b"WEBP"
    assert [one["status"] for one in told["timeline"]] == [
        "queued", "submitting", "running", "collecting", "succeeded",
    ]  # fmt: skip


def test_get_of_a_failed_job_says_why(sandbox: Sandbox, api: APIClient, ask: Ask) -> None:
    sandbox.misbehave("create", "status", status=402)
    job = carry_out(sandbox, ask())

    told = api.get(f"{JOBS}/{job.pk}").json()

    assert (told["status"], told["error"]["code"]) == ("failed", "insufficient_credit")
    assert "insufficient credit" in told["error"]["detail"]


@pytest.mark.parametrize("count", [1, 20])
def test_list_and_detail_ask_the_database_a_fixed_number_of_times(
    api: APIClient, ask: Ask, count: int, django_assert_num_queries: Any
) -> None:
    jobs = [ask(overrides={"num_outputs": 2}) for _ in range(count)]
    api.get(JOBS)

    # Who asks; the jobs, their predictions, pictures, steps, and the steps' predictions.
    with django_assert_num_queries(6):
        assert len(api.get(JOBS).json()["results"]) == count
    with django_assert_num_queries(6):
        api.get(f"{JOBS}/{jobs[0].pk}")


def test_list_comes_in_pages(api: APIClient, ask: Ask) -> None:
    jobs = [str(ask().pk) for _ in range(23)]

    first = api.get(JOBS).json()
    second = api.get(first["next"]).json()

    listed = [one["id"] for page in (first, second) for one in page["results"]]
    assert (listed, second["next"], len(first["results"])) == (jobs[::-1], None, 20)


def test_a_stranger_sees_nothing_of_anothers(stranger: User, ask: Ask, photo: Photo) -> None:
    theirs, job = client_of(stranger), ask()

    assert theirs.get(f"{JOBS}/{job.pk}").status_code == 404
    assert theirs.get(JOBS).json()["results"] == []
    answer = post_json(theirs, {"photo": str(photo.pk)})
    assert (answer.status_code, answer.json()) == (400, {"photo": ["You have no such photo."]})
    assert StagingJob.objects.count() == 1


@pytest.mark.parametrize("header", ["", "Token ", "Token 0123456789abcdef", "Bearer x"])
def test_nobody_gets_in_without_a_token(db: None, header: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)

    job = f"{JOBS}/00000000-0000-0000-0000-000000000000"
    answers = [client.get(JOBS), post(client, image=upload()), client.get(job)]

    assert [one.status_code for one in answers] == [401, 401, 401]
    assert everything_stored() == (0, 0, [])


def huge_png() -> bytes:
    """Return 200 megapixels in some 25 kB."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    side = 14_143
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side * (1 + (side + 7) // 8)), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def test_huge_png_is_small() -> None:
    assert len(huge_png()) < 30_000


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({}, "image", "Send either image or photo."),
        ({"image": upload(), "photo": "0" * 32}, "image", "Send either image or photo."),
        ({"image": "no file"}, "image", "The submitted data was not a file."),
        ({"image": upload(b"GIF89a not an image")}, "image", "not an image"),
        ({"image": upload(make_photo()[:800])}, "image", "damaged or incomplete"),
        ({"image": upload(b"")}, "image", "The submitted file is empty."),
        ({"image": upload(huge_png())}, "image", "megapixels"),
        ({"photo": "12"}, "photo", "UUID"),
        ({"photo": "0" * 32}, "photo", "You have no such photo."),
        ({"image": upload(), "room_type": "garage\0"}, "room_type", "not a valid choice"),
        ({"image": upload(), "style": "baroque-ish"}, "style", "not a valid choice"),
        ({"image": upload(), "prompt": "a\0b"}, "prompt", "Null characters"),
        ({"image": upload(), "prompt": "x" * 5001}, "prompt", "5000"),
        ({"image": upload(), "prompt_mode": "shout"}, "prompt_mode", "not a valid choice"),
        ({"image": upload(), "model": "nobody/nothing"}, "model", "nobody/nothing"),
        ({"image": upload(), "model": "a\0b"}, "model", "Null characters"),
        ({"image": upload(), "profile": "no such"}, "model", "no such"),
        ({"image": upload(), "seed": "five"}, "seed", "integer"),
        ({"image": upload(), "seed": 2**63}, "seed", "more than the maximum"),
        ({"image": upload(), "seed": -(2**80)}, "seed", "less than the minimum"),
        ({"image": upload(), "model": SEEDREAM, "seed": 5}, "seed", "not a parameter"),
        ({"image": upload(), "overrides": "{"}, "overrides", "valid JSON"),
        ({"image": upload(), "overrides": "5"}, "overrides", "Write an object"),
        ({"image": upload(), "overrides": "[]"}, "overrides", "Write an object"),
        ({"image": upload(), "overrides": "[" * 5000 + "]" * 5000}, "overrides", "too deep"),
        ({"image": upload(), "overrides": '{"seed": NaN}'}, "overrides", "JSON"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value),
)
def test_post_of_a_bad_form_stores_nothing(
    api: APIClient, fields: dict[str, Any], field: str, sentence: str
) -> None:
    if isinstance(file := fields.get("image"), SimpleUploadedFile):
        file.seek(0)

    answer = post(api, **fields)

    assert answer.status_code == 400, answer.content
    assert sentence in str(answer.json()[field])
    assert list(answer.json()) == [field]
    assert everything_stored() == (0, 0, [])


@pytest.mark.parametrize(
    ("overrides", "key", "sentence"),
    [
        ({"furniture": 3}, "furniture", "is not a parameter of this model"),
        ({"output_quality": "high"}, "output_quality", "not a whole number"),
        ({"output_quality": 101}, "output_quality", "more than the maximum of 100"),
        ({"output_quality": None}, "output_quality", "null"),
        ({"output_format": "bmp"}, "output_format", "not one of"),
        ({"num_outputs": 5}, "num_outputs", "more than the maximum"),
        ({"go_fast": [[[]]]}, "go_fast", "not true or false"),
        ({"prompt": "around the rules"}, "prompt", "is not a parameter"),
        ({"image": "https://example.com/a.png"}, "image", "is not a parameter"),
        ({"seed": 1.5}, "seed", "whole number"),
    ],
)
def test_post_of_bad_overrides_names_each_key(
    api: APIClient, photo: Photo, overrides: dict[str, Any], key: str, sentence: str
) -> None:
    answer = post_json(api, {"photo": str(photo.pk), "overrides": overrides})

    assert (answer.status_code, list(answer.json()["overrides"])) == (400, [key])
    assert sentence in answer.json()["overrides"][key][0]
    assert StagingJob.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "5",
        '{"photo": NaN}',
        '{"overrides": {"seed": 1e999}, "photo": "%s"}',
        '{"overrides": {"seed": ' + "9" * 400 + '}, "photo": "%s"}',
        '{"overrides": {"seed": ' + "9" * 5000 + '}, "photo": "%s"}',
        '{"overrides": {"disclosure": "a\\u0000b"}, "photo": "%s"}',
        '{"overrides": {"disclosure": "\\ud800"}, "photo": "%s"}',
        '{"overrides": {"\\u0000": 1}, "photo": "%s"}',
        '{"prompt": "\\ud800", "photo": "%s"}',
        '{"overrides": ' + "[" * 5000 + "]" * 5000 + ', "photo": "%s"}',
        '{"overrides": {"a": ' + '{"a":' * 5000 + "1" + "}" * 5000 + '}, "photo": "%s"}',
        '{"overrides": {"go_fast": ' + "[" * 900 + "]" * 900 + '}, "photo": "%s"}',
        '{"overrides": {"go_fast": ' + "[" * 300 + "]" * 300 + '}, "photo": "%s"}',
        '{"image": "aGVsbG8="}',
    ],
    ids=range(17),
)
def test_post_of_a_bad_document_is_a_400(api: APIClient, photo: Photo, body: str) -> None:
    answer = post_json(api, body.replace("%s", str(photo.pk)))

    assert answer.status_code == 400, answer.content
    assert StagingJob.objects.count() == 0


def test_post_of_overrides_with_a_backslash_is_no_nul(api: APIClient, photo: Photo) -> None:
    overrides = {"disclosure": "Virtually \\u0000 staged"}

    assert post_json(api, {"photo": str(photo.pk), "overrides": overrides}).status_code == 202


@pytest.mark.parametrize("extra", [1, 2**21])
def test_post_of_more_than_30_megabytes_is_too_large(api: APIClient, extra: int) -> None:
    answer = post(api, image=upload(b"\xff\xd8" + bytes(30 * 2**20 - 2 + extra)))

    assert (answer.status_code, "30 MB" in answer.json()["detail"]) == (413, True)
    assert everything_stored() == (0, 0, [])


def test_post_to_a_disabled_model_is_refused(api: APIClient) -> None:
    model = ReplicateModel.objects.get(slug=FLUX)
    model.is_enabled = False
    model.save()

    answer = post(api, image=upload(), model=FLUX)

    assert (answer.status_code, answer.json()) == (400, {"model": [f"{FLUX} is disabled."]})
    assert everything_stored() == (0, 0, [])


def test_post_to_a_model_that_cannot_stage_is_refused(api: APIClient) -> None:
    model = ReplicateModel.objects.get(slug=FLUX)
    model.roles = {"prompt": "prompt"}
    model.save()

    answer = post(api, image=upload(), model=FLUX)

    assert answer.status_code == 400
    assert answer.json()["model"][0].startswith(f"{FLUX} cannot stage a photo.")
    assert everything_stored() == (0, 0, [])


def test_post_twice_shares_no_purchase(sandbox: Sandbox, api: APIClient, photo: Photo) -> None:
    for _ in range(2):
        post_json(api, {"photo": str(photo.pk)})

    jobs = [carry_out(sandbox, job) for job in StagingJob.objects.all()]

    assert len({only(job).photo_url for job in jobs}) == len(sandbox.bought()) == 2


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\0b.jpg", "é" * 300 + ".jpg", ""])
def test_post_under_an_odd_name(api: APIClient, name: str) -> None:
    content = io.BytesIO(make_photo())
    content.name = name or "x"

    assert post(api, image=content).status_code == 202
    assert Photo.objects.get().file.name == f"photos/{Photo.objects.get().pk}.jpg"
