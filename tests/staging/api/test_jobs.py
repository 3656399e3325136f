"""The staging API as its clients use it, and as strangers and careless clients do."""

import io
import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from staging.models import Photo, Project, StagingJob
from tests.conftest import make_photo
from tests.staging.conftest import FLUX, QWEN, Ask, Sandbox, carry_out, only
from tests.staging.job_requests import JOBS, everything_stored, post, post_json, upload


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
        "project": str(Project.objects.get().pk),
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
        "estimate": 0.06,
        "held": 0.06,
        "settings": {**job.settings, "go_fast": False, "num_outputs": 2, "seed": 5},
        "overrides": {"go_fast": False, "num_outputs": 2, "seed": 5},
        "input": {**job.input, "image": f"photo:{job.photo_id}", "go_fast": False, "seed": 5},
        "delivery": {**job.delivery, "num_outputs": 2},
        "disclosure_rule": "",
        "finished_at": None,
        "batch": None,
        "repeats": None,
        "seconds": None,
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
    assert 0 < told["seconds"] < 60
    assert {name: image[name] for name in ("cost", "verdict", "stars", "note")} == {
        "cost": 0.03, "verdict": None, "stars": None, "note": "",
    }  # fmt: skip
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


@pytest.mark.parametrize("count", [1, 4])
def test_detail_asks_the_database_a_fixed_number_of_times(
    api: APIClient, ask: Ask, count: int, django_assert_num_queries: Any
) -> None:
    job = ask(overrides={"num_outputs": count})
    api.get(JOBS)

    # Who asks, which takes three; the job, its predictions, pictures and steps.
    with django_assert_num_queries(7):
        api.get(f"{JOBS}/{job.pk}")


@pytest.mark.parametrize("header", ["", "Token ", "Token 0123456789abcdef", "Bearer x"])
def test_nobody_gets_in_without_a_token(db: None, header: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)

    job = f"{JOBS}/00000000-0000-0000-0000-000000000000"
    answers = [client.get(JOBS), post(client, image=upload()), client.get(job)]

    assert [one.status_code for one in answers] == [401, 401, 401]
    assert everything_stored() == (0, 0, [])


def test_post_of_overrides_with_a_backslash_is_no_nul(api: APIClient, photo: Photo) -> None:
    overrides = {"disclosure": "Virtually \\u0000 staged"}

    assert post_json(api, {"photo": str(photo.pk), "overrides": overrides}).status_code == 202


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
