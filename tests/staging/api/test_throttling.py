"""The pictures that an account may ask for in a minute."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from staging.asking import TooManyPictures, check
from staging.jobs.canceling import cancel_job
from staging.models import AskingPace, Photo, StagingJob
from tests.conftest import client_of
from tests.missing import POSTGRES, needs
from tests.staging.batch_requests import make_photo_row
from tests.staging.conftest import QWEN, SEEDREAM, at_once
from tests.staging.finished import stage

pytestmark = pytest.mark.django_db

API = "/api/v1/staging"
# No photo, no job: refused, and counted as one picture.
NOBODY = "8c1f5d0e-3f0b-4c53-9d0a-3b0f1f8f6a11"
COSTLY = ["photos", "jobs", "batches", f"jobs/{NOBODY}/retry", f"jobs/{NOBODY}/repeat"]


@pytest.fixture(autouse=True)
def _three_a_minute(settings: Settings) -> None:
    settings.COSTLY_REQUESTS_PER_MINUTE = 3


def post(api: APIClient, path: str = "jobs", **body: Any) -> Any:
    return api.post(f"{API}/{path}", body, format="json", headers={"Idempotency-Key": "the same"})


def set_tokens(user: User, tokens: float) -> None:
    """Set what is in an account's bucket, which stands still: its last refill is an hour ahead."""
    ahead = timezone.now() + timedelta(hours=1)
    AskingPace.objects.update_or_create(
        account=user, defaults={"tokens": tokens, "refilled_at": ahead}
    )


def tokens(user: User) -> float:
    return round(AskingPace.objects.get(account=user).tokens, 2)


def wait(user: User, *, seconds: float) -> None:
    """Fill an account's bucket as so many seconds do: a picture comes in 20."""
    AskingPace.objects.filter(account=user).update(tokens=F("tokens") + seconds / 20)


def job_of(api: APIClient, photo: Photo, *, pictures: int = 1, **more: Any) -> Any:
    sent = {"photo": str(photo.pk), "model": QWEN, "overrides": {"num_outputs": pictures}}
    return api.post(f"{API}/jobs", sent | more, format="json")


@pytest.mark.parametrize("path", COSTLY)
def test_too_much_in_a_minute_is_answered_429(api: APIClient, path: str) -> None:
    earlier = [post(api, one).status_code for one in COSTLY[:3]]

    answer = post(api, path)

    assert 429 not in earlier
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 20
    assert answer.json() == {
        "detail": "You may ask for 3 pictures a minute, and have: ask again in"
        f" {answer['Retry-After']} seconds.",
        "code": "throttled",
    }


def test_others_go_on_and_looking_is_free(api: APIClient, stranger: User) -> None:
    for _ in range(4):
        post(api)

    assert post(client_of(stranger)).status_code == 400
    assert api.get(f"{API}/jobs").status_code == 200
    assert not StagingJob.objects.exists()


def test_limit_of_0_is_none(api: APIClient, settings: Settings) -> None:
    settings.COSTLY_REQUESTS_PER_MINUTE = 0

    assert {post(api).status_code for _ in range(5)} == {400}


def test_a_job_counts_its_pictures(api: APIClient, operator: User) -> None:
    photo = make_photo_row(operator)
    set_tokens(operator, 3)

    assert job_of(api, photo, pictures=2).status_code == 202
    assert job_of(api, photo, pictures=2).status_code == 429

    assert tokens(operator) == 1
    assert StagingJob.objects.count() == 1
    assert job_of(api, photo).status_code == 202


def test_a_request_for_more_than_the_bucket_passes_when_it_is_full(
    api: APIClient, operator: User
) -> None:
    photo = make_photo_row(operator)
    set_tokens(operator, 2.5)
    refused = job_of(api, photo, pictures=4)
    wait(operator, seconds=int(refused["Retry-After"]) - 1)
    early = job_of(api, photo, pictures=4)
    wait(operator, seconds=1)

    passed = job_of(api, photo, pictures=4)

    assert (refused.status_code, refused["Retry-After"]) == (429, "10")
    assert (early.status_code, passed.status_code) == (429, 202)
    assert tokens(operator) == -1


def test_in_debt_the_next_waits_until_it_is_paid_off(api: APIClient, operator: User) -> None:
    """To the second: a picture takes 20 seconds to come."""
    set_tokens(operator, -2)

    answer = post(api)
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")

    wait(operator, seconds=59)
    assert post(api)["Retry-After"] == "1"
    wait(operator, seconds=1)
    assert post(api).status_code == 400


def test_in_debt_a_body_is_not_read(api: APIClient, operator: User) -> None:
    set_tokens(operator, -1)

    answer = api.generic("POST", f"{API}/jobs", "{", content_type="application/json")

    assert answer.status_code == 429


def test_a_batch_counts_photos_times_styles_times_outputs(api: APIClient, operator: User) -> None:
    photos = [make_photo_row(operator) for _ in range(2)]
    set_tokens(operator, 3)

    answer = post(
        api,
        "batches",
        photos=[str(photo.pk) for photo in photos],
        styles=["modern", "scandinavian"],
        model=QWEN,
        overrides={"num_outputs": 3},
    )

    assert answer.status_code == 202
    assert tokens(operator) == 3 - 2 * 2 * 3


# One prediction, which the model is asked to make several pictures in.
SEVERAL_OF_ONE = [
    (SEEDREAM, {"sequential_image_generation": "auto", "max_images": 5}, 5),
    (SEEDREAM, {"sequential_image_generation": "disabled", "max_images": 5}, 1),
    ("openai/gpt-image-1.5", {"number_of_images": 5}, 5),
]


@pytest.mark.parametrize(("model", "overrides", "count"), SEVERAL_OF_ONE)
def test_a_job_counts_the_pictures_that_its_model_makes_at_once(
    api: APIClient, operator: User, model: str, overrides: dict[str, Any], count: int
) -> None:
    photo = make_photo_row(operator)
    set_tokens(operator, 3)

    assert job_of(api, photo, model=model, overrides=overrides).status_code == 202

    assert StagingJob.objects.get().predictions.count() == 1
    assert tokens(operator) == 3 - count


def test_a_batch_counts_the_pictures_that_its_model_makes_at_once(
    api: APIClient, operator: User
) -> None:
    photos = [str(make_photo_row(operator).pk) for _ in range(2)]
    model, overrides, count = SEVERAL_OF_ONE[0]
    set_tokens(operator, 3)

    answer = post(
        api, "batches", photos=photos, styles=["modern"], model=model, overrides=overrides
    )

    assert answer.status_code == 202
    assert tokens(operator) == 3 - 2 * count


@pytest.mark.parametrize("action", ["retry", "repeat"])
def test_retry_and_repeat_count_the_pictures_that_their_model_makes_at_once(
    api: APIClient, operator: User, action: str
) -> None:
    model, overrides, count = SEVERAL_OF_ONE[0]
    set_tokens(operator, 3)
    job = stage(operator, model=model, overrides=overrides)
    cancel_job(job, by=operator)

    assert api.post(f"{API}/jobs/{job.pk}/{action}").status_code == 202

    assert tokens(operator) == 3 - count


@pytest.mark.parametrize("action", ["retry", "repeat"])
def test_retry_and_repeat_count_their_predictions(
    api: APIClient, operator: User, action: str
) -> None:
    set_tokens(operator, 3)
    job = stage(operator, model=QWEN, overrides={"num_outputs": 2})
    cancel_job(job, by=operator)

    assert api.post(f"{API}/jobs/{job.pk}/{action}").status_code == 202

    assert tokens(operator) == 1


def test_a_replay_counts_as_one(api: APIClient, operator: User) -> None:
    photo = make_photo_row(operator)
    sent: dict[str, Any] = {"photo": str(photo.pk), "model": QWEN}
    sent["overrides"] = {"num_outputs": 4}
    post(api, **sent)
    set_tokens(operator, 3)

    answer = post(api, **sent)

    assert answer["Idempotent-Replayed"] == "true"
    assert tokens(operator) == 2


def test_a_form_of_the_admin_counts_as_well(stranger: User) -> None:
    stranger.is_staff = True
    stranger.save()
    names = ("view_photo", "add_stagingjob", "view_stagingjob", "change_stagingjob")
    stranger.user_permissions.set(Permission.objects.filter(codename__in=names))
    photo, client = make_photo_row(stranger), Client()
    client.force_login(stranger)
    set_tokens(stranger, 0)

    answer = client.post(
        "/admin/stage/", {"photo": photo.pk, "room_type": "bedroom", "styles": "modern"}
    )

    assert "You may ask for 3 pictures a minute, and have: ask again in 20 seconds." in (
        answer.content.decode()
    )
    assert not StagingJob.objects.exists()


def test_an_operator_fills_forms_freely(admin_page: Client, operator: User) -> None:
    job = stage(operator, model=QWEN)
    cancel_job(job, by=operator)
    set_tokens(operator, 0)

    admin_page.post(f"/admin/staging/stagingjob/{job.pk}/retry/now/")

    assert list(job.predictions.values_list("status", flat=True)) == ["canceled", "queued"]


@pytest.mark.django_db(transaction=True)
@needs(POSTGRES)
def test_requests_at_once_take_no_picture_twice(operator: User) -> None:
    set_tokens(operator, 3)

    def ask() -> str:
        try:
            check(operator)
        except TooManyPictures:
            return "refused"
        return "passed"

    found = at_once(*[ask for _ in range(8)])

    assert sorted(map(str, found)).count("passed") == 3
