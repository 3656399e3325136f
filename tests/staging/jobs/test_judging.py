"""What is said of pictures, and the queue of those without a verdict."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from staging.deletion.deleting import delete_job
from staging.errors import NotPossible
from staging.jobs.judging import FRESH, fresh_pictures, jobs_judged, judge_picture
from staging.models import StagedImage, StagingJob
from staging.predictions import submission
from tests.staging.conftest import Ask, Sandbox, carry_out, pictures

JOBS = "/api/v1/staging/jobs"


def said(image: StagedImage) -> tuple[str, int | None, str, str | None]:
    stored = StagedImage.objects.get(pk=image.pk)
    by = stored.judged_by.get_username() if stored.judged_by else None
    assert (stored.judged_at is None) == (by is None)
    return stored.verdict, stored.stars, stored.note, by


@pytest.fixture
def job(sandbox: Sandbox, ask: Ask) -> StagingJob:
    return carry_out(sandbox, ask())


@pytest.fixture
def image(job: StagingJob) -> StagedImage:
    (image,) = pictures(job)
    return image


def test_judge_picture_keeps_what_is_not_said(image: StagedImage, operator: User) -> None:
    judge_picture(image, by=operator, verdict="accepted", note="The sofa!")
    judge_picture(image, by=operator, stars=4)

    assert said(image) == ("accepted", 4, "The sofa!", "olga")
    assert (image.verdict, image.stars) == ("accepted", 4)


def test_judge_picture_withdraws(image: StagedImage, operator: User) -> None:
    judge_picture(image, by=operator, verdict="rejected", stars=1, note="A third leg.")

    judge_picture(image, by=operator, verdict=None)
    assert said(image) == ("", 1, "A third leg.", "olga")
    judge_picture(image, by=operator, stars=None, note="")

    assert said(image) == ("", None, "", None)
    assert fresh_pictures().get() == image


@pytest.mark.parametrize("wrong", [{"verdict": "fine"}, {"stars": 0}, {"stars": 6}], ids=str)
def test_judge_picture_refuses_what_there_is_not(
    image: StagedImage, operator: User, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"verdict|Stars"):
        judge_picture(image, by=operator, **wrong)

    assert said(image) == ("", None, "", None)


def test_judge_picture_moves_the_tag_of_its_job(
    job: StagingJob, image: StagedImage, operator: User
) -> None:
    judge_picture(image, by=operator, stars=5)

    assert StagingJob.objects.get().changed_at > job.changed_at


def test_judge_picture_that_was_deleted(
    job: StagingJob, image: StagedImage, operator: User
) -> None:
    delete_job(job)

    with pytest.raises(NotPossible, match="deleted meanwhile"):
        judge_picture(image, by=operator, stars=5)


@pytest.fixture
def queue(sandbox: Sandbox, ask: Ask) -> list[StagedImage]:
    """Four fresh pictures, the oldest first; two of them of one moment."""
    job = carry_out(sandbox, ask(overrides={"num_outputs": 4}))
    now = timezone.now()
    images = sorted(pictures(job), key=lambda image: image.pk)
    for image, age in zip(images, (40, 30, 30, 10), strict=True):
        image.created_at = now - timedelta(seconds=age)
        image.save()
    return images


def test_fresh_pictures_behind_one_of_them(queue: list[StagedImage]) -> None:
    behind = [list(fresh_pictures(after=image)) for image in queue]

    assert list(fresh_pictures()) == queue
    assert behind == [queue[1:], queue[2:], queue[3:], []]


def test_fresh_pictures_leave_out_those_with_a_verdict_alone(
    queue: list[StagedImage], operator: User
) -> None:
    judge_picture(queue[0], by=operator, verdict="accepted")
    judge_picture(queue[1], by=operator, stars=2, note="The lamp?")
    judge_picture(queue[2], by=operator, verdict="rejected", stars=1)

    assert list(fresh_pictures()) == [queue[1], queue[3]]
    # A judged one is a place in the queue, too.
    assert list(fresh_pictures(after=queue[2])) == [queue[3]]
    assert list(jobs_judged(StagingJob.objects.all(), FRESH)) == [StagingJob.objects.get()]


def test_job_whose_pictures_have_stars_alone_is_fresh(
    job: StagingJob, image: StagedImage, operator: User
) -> None:
    judge_picture(image, by=operator, stars=4)

    assert list(jobs_judged(StagingJob.objects.all(), FRESH)) == [job]


def test_fresh_pictures_are_found_by_their_index(db: None) -> None:
    plan = fresh_pictures()[:1].explain()

    assert "fresh_images" in plan


def rate(api: APIClient, job: StagingJob, document: Any) -> Any:
    api.raise_request_exception = False
    text = json.dumps(document)
    return api.generic("POST", f"{JOBS}/{job.pk}/rating", text, content_type="application/json")


def test_api_rating(api: APIClient, job: StagingJob, image: StagedImage) -> None:
    answer = rate(api, job, {"verdict": "accepted", "stars": 5, "note": "Sold."})

    (told,) = answer.json()["images"]
    assert (answer.status_code, answer.json()["id"]) == (200, str(job.pk))
    assert {name: told[name] for name in ("id", "verdict", "stars", "note", "cost")} == {
        "id": image.pk, "verdict": "accepted", "stars": 5, "note": "Sold.", "cost": 0.03,
    }  # fmt: skip
    told = rate(api, job, {"image": image.pk, "verdict": None}).json()["images"][0]
    assert (told["verdict"], told["stars"]) == (None, 5)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "non_field_errors"),
        ({"image": 1}, "non_field_errors"),
        ([], "non_field_errors"),
        ({"verdict": "fine"}, "verdict"),
        ({"verdict": ""}, "verdict"),
        ({"stars": 0}, "stars"),
        ({"stars": 2.5}, "stars"),
        ({"stars": "many"}, "stars"),
        ({"note": "a\0b"}, "note"),
        ({"note": "\ud800"}, "note"),
        ({"note": None}, "note"),
        ({"note": "x" * 2001}, "note"),
        ({"image": 0, "stars": 1}, "image"),
        ({"image": 10**30, "stars": 1}, "image"),
        ({"image": "first", "stars": 1}, "image"),
    ],
    ids=str,
)
def test_api_rating_that_says_nothing_right(
    api: APIClient, job: StagingJob, image: StagedImage, document: Any, field: str
) -> None:
    answer = rate(api, job, document)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert said(image) == ("", None, "", None)


def test_api_rating_names_one_of_several(sandbox: Sandbox, api: APIClient, ask: Ask) -> None:
    job = carry_out(sandbox, ask(overrides={"num_outputs": 2}))
    first, second = pictures(job)

    unclear = rate(api, job, {"stars": 3})
    assert (unclear.status_code, unclear.json()) == (
        400, {"image": ["This job has 2 pictures: name one by its id."]},
    )  # fmt: skip
    assert rate(api, job, {"stars": 3, "image": second.pk}).status_code == 200
    assert [said(one)[1] for one in (first, second)] == [None, 3]


def test_api_rating_of_another_jobs_picture(
    sandbox: Sandbox, api: APIClient, ask: Ask, image: StagedImage
) -> None:
    other = carry_out(sandbox, ask())

    answer = rate(api, other, {"stars": 1, "image": image.pk})

    assert (answer.status_code, answer.json()) == (
        400, {"image": ["This job has no such picture."]},
    )  # fmt: skip
    assert said(image) == ("", None, "", None)


def test_api_rating_before_there_is_a_picture(sandbox: Sandbox, api: APIClient, ask: Ask) -> None:
    job = ask()
    submission.submit_waiting()

    answer = rate(api, job, {"stars": 1})

    assert (answer.status_code, answer.json()) == (
        409,
        {"detail": "This job has no picture yet.", "code": "no_picture"},
    )
