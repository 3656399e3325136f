"""Looking at a job again and again costs little, and shows every change."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from staging.jobs.canceling import cancel_job
from staging.jobs.judging import judge_picture
from staging.jobs.repeating import retry_job
from staging.models import Prediction, PredictionStatus, StagingJob
from staging.predictions import collection, polling, submission
from tests.conftest import client_of
from tests.staging.conftest import Ask, Sandbox, carry_out, only, pass_time, pictures

JOBS = "/api/v1/staging/jobs"


def look(api: APIClient, job: StagingJob, tag: str = "") -> Any:
    headers = {"If-None-Match": tag} if tag else {}
    return api.get(f"{JOBS}/{job.pk}", headers=headers)


def test_an_unchanged_job_is_an_empty_answer(api: APIClient, ask: Ask) -> None:
    job = ask()
    first = look(api, job)

    again = look(api, job, first.headers["ETag"])

    assert first.headers["ETag"].startswith('W/"')
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Retry-After"):
        assert again.headers[name] == first.headers[name]
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_an_unchanged_job_costs_one_query_beside_who_asks(
    api: APIClient, ask: Ask, django_assert_num_queries: Any
) -> None:
    job = ask(overrides={"num_outputs": 3})
    tag = look(api, job).headers["ETag"]

    # Who asks, which takes knox two and the last use one; the job.
    with django_assert_num_queries(4):
        assert look(api, job, tag).status_code == 304


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{tag}", 304),
        ('"other", {tag}', 304),
        ("*", 304),
        ('W/"0-0"', 200),
        ("nonsense", 200),
        (",", 200),
    ],
)
def test_if_none_match(api: APIClient, ask: Ask, header: str, status: int) -> None:
    job = ask()
    tag = look(api, job).headers["ETag"]

    assert look(api, job, header.replace("{tag}", tag)).status_code == status


def test_every_step_changes_the_tag(
    sandbox: Sandbox, api: APIClient, ask: Ask, operator: User
) -> None:
    job = ask()
    tags = [look(api, job).headers["ETag"]]

    def step() -> None:
        answer = look(api, job, tags[-1])
        assert answer.status_code == 200, answer.content
        tags.append(answer.headers["ETag"])

    submission.submit_waiting()
    step()
    sandbox.finish()
    pass_time(job, seconds=1)
    polling.poll_running()
    step()
    collection.collect_waiting()
    step()
    judge_picture(pictures(job)[0], by=operator, stars=3)
    step()

    assert len(set(tags)) == 5


def test_a_wish_and_a_retry_change_the_tag(
    api: APIClient, running: Prediction, operator: User
) -> None:
    job = running.job
    tag = look(api, job).headers["ETag"]
    cancel_job(job, by=operator)
    asked = look(api, job, tag)
    assert asked.status_code == 200
    Prediction.objects.move(only(job), PredictionStatus.FAILED, by="a test")
    tag = look(api, job).headers["ETag"]

    retry_job(job, by=operator)

    assert look(api, job, tag).status_code == 200


def test_a_cached_document_never_outlives_its_addresses(
    sandbox: Sandbox, api: APIClient, ask: Ask, settings: Settings
) -> None:
    """Until its tag changes, each address in it is good, and for a while after that."""
    job = carry_out(sandbox, ask())
    settings.MEDIA_LINK_AGE_S = 400
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock(patch)
        first = look(api, job)
        (image,) = first.json()["images"]

        def is_known() -> bool:
            return bool(look(api, job, first.headers["ETag"]).status_code == 304)

        clock.go_on(98)
        assert (is_known(), is_read(api, image["url"])) == (True, True)
        clock.go_on(2)
        assert (is_known(), is_read(api, image["url"])) == (False, True)
        clock.go_on(298)
        assert is_read(api, image["url"])
        clock.go_on(3)
        assert not is_read(api, image["url"])


def is_read(api: APIClient, address: str) -> bool:
    answer = api.get(address)
    # To its end: a file that is not read stays open.
    return bool(answer.getvalue() and answer.status_code == 200)


class Clock:
    """Lets `time.time` stand still, a second after a round one, until it is told to go on."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = time.time() // 10_000 * 10_000 + 1
        patch.setattr("time.time", lambda: self.now)

    def go_on(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("age_s", "pause"), [(0, "1"), (11, "1"), (12, "2"), (30, "5"), (59, "9"), (3600, "10")]
)
def test_retry_after_grows_with_age(api: APIClient, ask: Ask, age_s: float, pause: str) -> None:
    job = ask()
    StagingJob.objects.update(changed_at=timezone.now() - timedelta(seconds=age_s))

    assert look(api, job).headers["Retry-After"] == pause


def test_a_finished_job_asks_nobody_to_come_back(api: APIClient, ask: Ask) -> None:
    job = ask()
    answer = api.post(f"{JOBS}/{job.pk}/cancel")

    assert "Retry-After" not in answer.headers
    assert "Retry-After" not in look(api, job).headers


def test_an_asked_job_says_when_to_look(api: APIClient, ask: Ask) -> None:
    answer = api.post(f"{JOBS}/{ask().pk}/repeat")

    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "1")
    assert "ETag" in answer.headers


def test_a_tag_tells_a_stranger_nothing(api: APIClient, stranger: User, ask: Ask) -> None:
    job = ask()
    tag = look(api, job).headers["ETag"]

    assert look(client_of(stranger), job, tag).status_code == 404
    assert look(client_of(stranger), job, "*").status_code == 404
