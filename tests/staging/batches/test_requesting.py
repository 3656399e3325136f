"""Many photos at once: asked for over the API, prepared by workers, watched to the end."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from modelsettings.models import ReplicateModel
from staging import images, tasks
from staging.models import (
    Callback,
    Photo,
    Project,
    RoomType,
    StagingBatch,
    StagingJob,
)
from tests.conftest import client_of, make_photo
from tests.modelsettings.rows import save_row
from tests.staging.batch_requests import (
    BATCHES,
    carry_out_all,
    make_photo_row,
    photo_file,
    photos_of,
    post,
    post_json,
    prepare_all,
    stored_files,
    zip_file,
)
from tests.staging.conftest import FLUX, Sandbox
from tests.staging.zips import Entry, decomposed, zip_of

# Who asks, in two, and the token's last use; the batch; its photos, its jobs and what they cost and
# will, counted.
LOOK_QUERIES = 8
# And the projects one may see, by name.
LIST_QUERIES = 9
# And the photos, their jobs, predictions and pictures.
DOCUMENT_QUERIES = 12


@pytest.fixture
def batch(api: APIClient) -> StagingBatch:
    """A batch of two photos by one style that no worker has seen yet."""
    answer = post(api, images=[photo_file("1.jpg"), photo_file("2.jpg")], room_type="bedroom")
    assert answer.status_code == 202, answer.content
    return StagingBatch.objects.get()


def test_post_answers_the_whole_batch(api: APIClient) -> None:
    answer = post(
        api,
        images=[photo_file("1.jpg"), photo_file("empty.jpg", b"")],
        styles=["modern", "scandinavian"],
        room_type="bedroom",
        overrides=json.dumps({"output_quality": 70}),
        seed=5,
    )

    batch = StagingBatch.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (
        202, f"http://testserver{BATCHES}/{batch.pk}",
    )  # fmt: skip
    told = answer.json()
    nothing = [{"style": one, "job": None, "error": None} for one in ("modern", "scandinavian")]
    photo = {"room_type": "bedroom", "photo": None, "styles": nothing}
    refusal = "This file is empty: send it again."
    del told["created_at"]
    assert told == {
        "id": str(batch.pk),
        "project": str(Project.objects.get().pk),
        "styles": ["modern", "scandinavian"],
        "prompt": "",
        "prompt_mode": "add",
        "model_id": None,
        "profile": None,
        "overrides": {"output_quality": 70},
        "seed": 5,
        "passed_over": {},
        "folders_without_room": {},
        "is_finished": False,
        "percent": 0,
        "done": 0,
        "not_made": 2,
        "total": 4,
        "photo_counts": {"waiting": 1, "staged": 0, "refused": 1},
        "job_counts": dict.fromkeys(
            ("queued", "submitting", "running", "collecting", "succeeded",
             "partially_succeeded", "failed", "canceled"), 0
        ),
        "cost": None,
        "held": None,
        "photos": [
            {"name": "1.jpg", "status": "waiting", "error": None, **photo},
            {"name": "empty.jpg", "status": "refused", "error": refusal, **photo},
        ],
    }  # fmt: skip
    assert api.get(answer.headers["Location"]).json()["photos"] == told["photos"]


def test_a_batch_is_staged_to_its_end(sandbox: Sandbox, api: APIClient) -> None:
    broken = photo_file("broken.jpg", make_photo()[:800])
    answer = post(
        api, images=[photo_file("1.jpg"), broken], styles=["modern", "industrial"], seed=7
    )

    carry_out_all(sandbox)

    told = api.get(answer.headers["Location"]).json()
    fine, refused = told["photos"]
    how_far = [told[key] for key in ("is_finished", "percent", "done", "not_made", "total")]
    assert how_far == [True, 50, 2, 2, 4]
    assert (told["job_counts"]["succeeded"], told["cost"]) == (2, 0.06)
    assert [one["style"] for one in fine["styles"]] == ["modern", "industrial"]
    assert [one["job"]["status"] for one in fine["styles"]] == ["succeeded", "succeeded"]
    for style in fine["styles"]:
        (image,) = style["job"]["images"]
        assert len(api.get(image["url"]).getvalue()) == image["size"]
        assert api.get(style["job"]["url"]).json()["photo"]["id"] == fine["photo"]
    assert (refused["status"], refused["photo"]) == ("refused", None)
    assert "damaged or incomplete" in refused["error"]
    assert len(sandbox.bought()) == 2


def test_tasks_stage_a_batch(sandbox: Sandbox, batch: StagingBatch) -> None:
    tasks.prepare()
    tasks.submit()

    assert len(sandbox.bought()) == 2


def test_rooms_come_from_names_then_folders_then_the_batch(api: APIClient) -> None:
    files = ["Living Room/1.jpg", "house/BEDROOM 2/2.jpg", "bedroom/bath.jpg", "garden/3.jpg"]

    answer = post(
        api,
        archive=zip_file(*((name, make_photo()) for name in files)),
        images=[photo_file("4.jpg")],
        room_type="kitchen",
        room_types=json.dumps({"bath.jpg": "bathroom", "4.jpg": "outdoor"}),
    )

    assert (answer.status_code, photos_of()) == (
        202,
        [
            ("4.jpg", "outdoor", "waiting"),
            ("bedroom/bath.jpg", "bathroom", "waiting"),
            ("garden/3.jpg", "kitchen", "waiting"),
            ("house/BEDROOM 2/2.jpg", "bedroom", "waiting"),
            ("Living Room/1.jpg", "living_room", "waiting"),
        ],
    )
    assert answer.json()["folders_without_room"] == {"garden": 1}


def test_a_room_of_the_library_is_found_in_any_form_of_its_name(api: APIClient) -> None:
    kitchens = {"Küche": "kueche", "Кухня": "kukhnya"}
    for label, key in kitchens.items():
        RoomType.objects.create(
            key=key, label=label, noun="a kitchen", furniture="A table.", position=90
        )
    archive = zip_of(
        Entry(decomposed("01 Küche/1.jpg"), make_photo()),
        Entry("Кухня 2\\2.jpg".encode("cp866"), make_photo()),
    )

    answer = post(api, archive=SimpleUploadedFile("photos.zip", archive.getvalue()))

    assert (answer.status_code, photos_of()) == (
        202,
        [("01 Küche/1.jpg", "kueche", "waiting"), ("Кухня 2/2.jpg", "kukhnya", "waiting")],
    )


RAW_NAME = "Кухня/1.jpg".encode("cp866")


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        (decomposed("Séjour/é.jpg"), "Séjour/é.jpg"),
        ("Séjour/é.jpg".encode(), decomposed("Séjour/é.jpg").decode()),
        ("Séjour/é.jpg".encode(), decomposed("é.jpg").decode()),
        ("Séjour/é.jpg".encode(), "Séjour\\é.jpg"),
        (RAW_NAME, "Кухня/1.jpg"),
        (RAW_NAME, RAW_NAME.decode("cp437")),
    ],
)
def test_a_photo_is_known_by_its_name_in_any_form(api: APIClient, sent: bytes, named: str) -> None:
    archive = SimpleUploadedFile("a.zip", zip_of(Entry(sent, make_photo())).getvalue())

    answer = post(api, archive=archive, room_types=json.dumps({named: "office"}))

    assert (answer.status_code, [room for _, room, _ in photos_of()]) == (202, ["office"])


def test_a_zip_tells_of_each_file_that_is_no_photo(api: APIClient) -> None:
    archive = zip_file(("1.jpg", make_photo()), ("plan.gif", b"x"), ("2.jpg", b""))

    told = post(api, archive=archive).json()

    assert [(photo["name"], photo["status"]) for photo in told["photos"]] == [
        ("1.jpg", "waiting"), ("2.jpg", "refused"), ("plan.gif", "refused"),
    ]  # fmt: skip
    assert "empty" in told["photos"][1]["error"]
    assert "not called like a photo" in told["photos"][2]["error"]
    assert len(stored_files()) == 1


def test_105_photos_with_105_side_files_are_taken(api: APIClient) -> None:
    names = [f"Takeout/IMG_{number}.jpg" for number in range(105)]
    files = [(name, b"x") for name in names] + [(f"{name}.json", b"{}") for name in names]

    told = post(api, archive=zip_file(*files)).json()

    assert [photo["name"] for photo in told["photos"]] == names
    assert (told["passed_over"], told["folders_without_room"]) == ({".json": 105}, {"Takeout": 105})
    assert api.get(f"{BATCHES}/{told['id']}").json()["passed_over"] == {".json": 105}


def test_a_batch_may_ask_that_each_photo_has_a_room(api: APIClient) -> None:
    files = [("Bedroom/1.jpg", make_photo()), ("Foo/2.jpg", b"x"), ("3.jpg", b"x")]
    asked: dict[str, Any] = {"require_rooms": "true"}

    refused = post(api, archive=zip_file(*files), **asked)
    stored = stored_files()
    named = post(api, archive=zip_file(*files), **asked, room_types='{"3.jpg": "office"}')
    otherwise = post(api, archive=zip_file(*files), **asked, room_type="kitchen")
    found = post(api, archive=zip_file(files[0]), **asked)

    assert (refused.status_code, stored) == (400, [])
    assert refused.json() == {
        "room_types": [
            "No room was found for Foo (1 photo). Nothing says the room of 3.jpg and 1 other"
            " photo: say it in room_types."
        ]
    }
    assert "Nothing says the room of Foo/2.jpg: say" in named.json()["room_types"][0]
    assert (otherwise.status_code, found.status_code) == (202, 202)


def test_any_room_is_a_room_where_it_is_named(api: APIClient) -> None:
    archive = zip_file(("1.jpg", make_photo()), ("Any room/2.jpg", make_photo()))

    answer = post(api, archive=archive, require_rooms="true", room_types='{"1.jpg": "default"}')

    assert (answer.status_code, [room for _, room, _ in photos_of()]) == (202, ["default"] * 2)


def test_a_photo_that_is_there_keeps_to_the_room_that_is_asked_for(
    api: APIClient, operator: User
) -> None:
    photo = make_photo_row(operator)
    Photo.objects.update(original_name="Bedroom/1.jpg")

    post_json(api, photos=[str(photo.pk)], room_type="kitchen")

    assert photos_of() == [("Bedroom/1.jpg", "kitchen", "waiting")]


def test_a_photo_is_kept_with_its_folder(api: APIClient) -> None:
    archive = zip_file(("Unit 102/IMG_1.jpg", make_photo()), ("Unit 101/IMG_1.jpg", make_photo()))
    post(api, archive=archive)

    prepare_all()

    names = Photo.objects.order_by("created_at").values_list("original_name", flat=True)
    assert list(names) == ["Unit 101/IMG_1.jpg", "Unit 102/IMG_1.jpg"]


def test_a_photo_that_is_there_is_staged_where_it_is(
    sandbox: Sandbox, api: APIClient, operator: User
) -> None:
    project = Project.objects.create(owner=operator, name="Elm Street")
    photo = make_photo_row(operator, project)

    answer = post_json(api, photos=[str(photo.pk)], styles=["modern", "rustic"][:1])
    prepare_all()

    job = StagingJob.objects.get()
    assert (answer.status_code, answer.json()["project"]) == (202, str(project.pk))
    assert (job.photo_id, job.project_id, Photo.objects.count()) == (photo.pk, project.pk, 1)


def test_each_job_of_a_batch_tells_its_client(api: APIClient) -> None:
    url = "https://client.example/done"
    post(api, images=[photo_file()], styles=["modern", "scandinavian"], callback_url=url)

    prepare_all()

    assert list(Callback.objects.values_list("url", flat=True)) == [url, url]


# What is wrong with the request as a whole.


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({}, "images", "Send photos"),
        ({"images": ["no file"]}, "images", "not a file"),
        ({"archive": "no file"}, "archive", "not a file"),
        ({"archive": photo_file("a.zip", b"PK not")}, "archive", "not a ZIP that can be read"),
        ({"archive": photo_file("a.zip", b"")}, "archive", "empty"),
        ({"photos": ["12"]}, "photos", "UUID"),
        ({"photos": ["0" * 32]}, "photos", "You have no photo"),
        ({"styles": ["modern", "baroque-ish"]}, "styles", "baroque-ish"),
        ({"styles": ["modern"] * 11}, "styles", "10"),
        ({"room_type": "garage\0"}, "room_type", "garage"),
        ({"room_type": "hangar"}, "room_type", "hangar"),
        ({"room_types": '{"room.jpg": "hangar"}'}, "room_types", "hangar"),
        ({"room_types": '{"1.jpg": "bedroom"}'}, "room_types", "no photo called 1.jpg"),
        ({"room_types": '{"room.jpg": 5}'}, "room_types", "names and room types"),
        ({"room_types": "[]"}, "room_types", "object"),
        ({"room_types": "{"}, "room_types", "valid JSON"),
        ({"prompt": "a\0b"}, "prompt", "Null characters"),
        ({"prompt_mode": "replace"}, "prompt", "prompt of your own"),
        ({"model": "nobody/nothing"}, "model", "nobody/nothing"),
        ({"profile": "no such"}, "model", "no such"),
        ({"project": "0" * 32}, "project", "You have no such project."),
        ({"seed": 2**63}, "seed", "more than the maximum"),
        ({"overrides": '{"furniture": 3}'}, "overrides", "not a parameter"),
        ({"callback_url": "http://127.0.0.1/"}, "callback_url", ""),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value),
)  # fmt: skip
def test_post_of_a_bad_form_stores_nothing(
    api: APIClient, fields: dict[str, Any], field: str, sentence: str
) -> None:
    sent: Any = {} if not fields or {"images", "archive", "photos"} & set(fields) else None
    sent = {"images": [photo_file()]} if sent is None else sent
    if isinstance(file := fields.get("archive"), SimpleUploadedFile):
        file.seek(0)

    answer = post(api, **sent, **fields)

    assert answer.status_code == 400, answer.content
    assert (list(answer.json()), sentence in str(answer.json())) == ([field], True), answer.json()
    assert (StagingBatch.objects.count(), stored_files()) == (0, [])


@pytest.mark.parametrize("count", [201, 202])
def test_post_of_more_than_200_photos_is_refused(api: APIClient, count: int) -> None:
    answer = post(api, images=[photo_file(f"{number}.jpg", b"x") for number in range(count)])

    assert (answer.status_code, list(answer.json())) == (400, ["images"])
    assert "at most 200" in answer.json()["images"][0]


def test_post_of_200_photos_is_taken(api: APIClient) -> None:
    answer = post(api, images=[photo_file(f"{number}.jpg", b"x") for number in range(200)])

    assert (answer.status_code, answer.json()["photo_counts"]["waiting"]) == (202, 200)


def test_post_of_a_zip_with_201_photos_is_refused(api: APIClient) -> None:
    archive = zip_file(*((f"{number}.jpg", b"x") for number in range(201)))

    answer = post(api, archive=archive)

    assert (answer.status_code, "at most 200" in answer.json()["archive"][0]) == (400, True)


def test_post_of_more_than_four_gigabytes_is_too_large_before_it_is_read(api: APIClient) -> None:
    api.raise_request_exception = False
    answer = api.generic(
        "POST", BATCHES, "--x", content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(4 * 2**30 + 2**21),
    )  # fmt: skip

    assert (answer.status_code, "4 GB" in answer.json()["detail"]) == (413, True)


def test_a_photo_that_is_too_large_is_refused_and_the_others_go_on(api: APIClient) -> None:
    large = photo_file("large.jpg", bytes(images.MAX_BYTES + 1))

    told = post(api, images=[large, photo_file()]).json()

    assert [one["status"] for one in told["photos"]] == ["refused", "waiting"]
    assert "we take at most 100 MB" in told["photos"][0]["error"]


def test_post_to_a_model_that_cannot_stage_is_refused(api: APIClient) -> None:
    model = ReplicateModel.objects.get(slug=FLUX)
    model.roles = {"prompt": "prompt"}
    save_row(model)

    answer = post(api, images=[photo_file()], model=FLUX)

    assert (answer.status_code, list(answer.json())) == (400, ["model"])
    assert (StagingBatch.objects.count(), stored_files()) == (0, [])


def test_photos_of_several_projects_are_refused(api: APIClient, operator: User) -> None:
    other = Project.objects.create(owner=operator, name="Other")
    photos = [make_photo_row(operator), make_photo_row(operator, other)]

    answer = post_json(api, photos=[str(one.pk) for one in photos])

    assert (answer.status_code, list(answer.json())) == (400, ["photos"])


@pytest.mark.parametrize("name", ["../../etc/1.jpg", "a\x1b.jpg", "é" * 300 + ".jpg", "<b>.jpg"])
def test_post_under_an_odd_name(api: APIClient, name: str) -> None:
    content = io.BytesIO(make_photo())
    content.name = name

    assert post(api, images=[content]).status_code == 202
    (upload,) = default_storage.listdir("uploads")[1]
    assert len(upload) == 36


# Once, although asked twice.


def test_the_same_key_buys_one_batch(api: APIClient) -> None:
    key = {"Idempotency-Key": "listing-5"}

    first = post(api, key, images=[photo_file()])
    again = post(api, key, images=[photo_file()])
    another = post(api, key, images=[photo_file(), photo_file()])

    assert [one.status_code for one in (first, again, another)] == [202, 202, 422]
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (StagingBatch.objects.count(), len(stored_files())) == (1, 1)


# Looking at it.


def test_an_unchanged_batch_is_a_304(sandbox: Sandbox, api: APIClient) -> None:
    address = post(api, images=[photo_file()]).headers["Location"]
    first = api.get(address)

    same = api.get(address, headers={"If-None-Match": f'"old", {first.headers["ETag"]}'})
    assert (same.status_code, same.content, same.headers["Retry-After"]) == (304, b"", "2")

    carry_out_all(sandbox)
    changed = api.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, "Retry-After" in changed.headers) == (200, False)


@pytest.mark.parametrize("count", [1, 20])
def test_a_look_asks_the_database_a_fixed_number_of_times(
    sandbox: Sandbox, api: APIClient, count: int, django_assert_num_queries: Any
) -> None:
    photos = [photo_file(f"{number}.jpg") for number in range(count)]
    address = post(api, images=photos, styles=["modern", "scandinavian"]).headers["Location"]
    carry_out_all(sandbox)
    tag = api.get(address).headers["ETag"]

    with django_assert_num_queries(DOCUMENT_QUERIES):
        assert len(api.get(address).json()["photos"]) == count
    with django_assert_num_queries(LOOK_QUERIES):
        assert api.get(address, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("count", [1, 5])
def test_the_list_asks_the_database_a_fixed_number_of_times(
    api: APIClient, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        post(api, images=[photo_file()])
    prepare_all()

    with django_assert_num_queries(LIST_QUERIES):
        listed = api.get(BATCHES).json()["results"]

    assert [one["job_counts"]["queued"] for one in listed] == [1] * count


def test_the_list_can_be_of_one_project(api: APIClient, operator: User) -> None:
    project = Project.objects.create(owner=operator, name="Elm Street")
    post(api, images=[photo_file()])
    post(api, images=[photo_file()], project=str(project.pk))

    listed = api.get(BATCHES, {"project": str(project.pk)}).json()["results"]

    assert [one["project"] for one in listed] == [str(project.pk)]
    assert len(api.get(BATCHES).json()["results"]) == 2
    assert api.get(BATCHES, {"project": "5"}).status_code == 400


# Who may.


def test_a_stranger_sees_no_batch(stranger: User, operator: User, batch: StagingBatch) -> None:
    theirs = client_of(stranger)
    photo = make_photo_row(operator)

    assert theirs.get(f"{BATCHES}/{batch.pk}").status_code == 404
    assert theirs.get(BATCHES).json()["results"] == []
    assert post_json(theirs, photos=[str(photo.pk)]).status_code == 400
    into = post(theirs, images=[photo_file()], project=str(batch.project_id))
    assert (into.status_code, into.json()) == (400, {"project": ["You have no such project."]})


def test_nobody_gets_in_without_a_token(db: None) -> None:
    client = APIClient()

    answers = [client.get(BATCHES), post(client, images=[photo_file()])]

    assert [one.status_code for one in answers] == [401, 401]
    assert stored_files() == []
