"""Lists of jobs: pages, and what is let through."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from rest_framework.test import APIClient

from modelsettings.actors import Actor
from modelsettings.settings import rename_profile
from staging.jobs.canceling import cancel_job
from staging.jobs.judging import judge_picture
from staging.jobs.repeating import repeat_job
from staging.models import BatchPhoto, Prediction, PredictionStatus, StagingBatch, StagingJob
from staging.projects import create_project
from tests.staging.conftest import FLUX, Ask, Sandbox, carry_out, only, pictures

JOBS = "/api/v1/staging/jobs"


def listed(api: APIClient, **asked: Any) -> list[str]:
    answer = api.get(f"{JOBS}?{urlencode(asked, doseq=True)}")
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["results"]]


def ids(*jobs: StagingJob) -> list[str]:
    return [str(job.pk) for job in jobs]


def test_filter_by_status(api: APIClient, ask: Ask, operator: User) -> None:
    canceled, failed, queued = ask(), ask(), ask()
    cancel_job(canceled, by=operator)
    Prediction.objects.move(only(failed), PredictionStatus.FAILED, by="a test")

    assert listed(api, status="queued") == ids(queued)
    assert listed(api, status=["queued", "canceled"]) == ids(queued, canceled)


def test_filter_by_what_was_asked(api: APIClient, ask: Ask, operator: User) -> None:
    project = create_project("A villa", owner=operator)
    one = ask(room_type="bedroom", style="scandinavian", model=FLUX)
    other = ask(project=project)
    variant = repeat_job(other, by=operator)

    assert listed(api, room_type="bedroom") == ids(one)
    assert listed(api, style="modern") == ids(variant, other)
    assert listed(api, model=FLUX) == ids(one)
    assert listed(api, project=project.pk) == ids(variant, other)
    assert listed(api, photo=other.photo_id) == ids(variant, other)
    assert listed(api, model=FLUX, style="modern") == []
    assert listed(api, model="nobody/nothing") == []


def test_filter_by_batch(api: APIClient, ask: Ask, operator: User) -> None:
    job, _other = ask(), ask()
    batch = StagingBatch.objects.create(owner=operator, project=job.project, styles=["modern"])
    row = BatchPhoto.objects.create(batch=batch, position=0, name="a", room_type="bedroom")
    StagingJob.objects.filter(pk=job.pk).update(batch_photo=row)

    assert listed(api, batch=batch.pk) == ids(job)
    assert api.get(f"{JOBS}/{job.pk}").json()["batch"] == str(batch.pk)


def test_filter_by_profile_as_it_was_called_then(api: APIClient, ask: Ask, operator: User) -> None:
    before = ask()
    rename_profile(before.profile_id, "for winter", by=Actor.of(operator))
    after = ask()

    assert listed(api, profile="default", model=before.model.slug) == ids(before)
    assert listed(api, profile="for winter") == ids(after)


def test_filter_by_verdict(sandbox: Sandbox, api: APIClient, ask: Ask, operator: User) -> None:
    both, fresh, _waiting = ask(overrides={"num_outputs": 2}), ask(), ask()
    for job in (both, fresh):
        carry_out(sandbox, job)
    first, second = pictures(both)
    judge_picture(first, by=operator, verdict="accepted")
    judge_picture(second, by=operator, verdict="rejected")

    assert listed(api, verdict="accepted") == ids(both)
    assert listed(api, verdict="rejected") == ids(both)
    assert str(both.pk) not in listed(api, verdict="fresh")
    assert str(fresh.pk) in listed(api, verdict="fresh")


def test_filter_by_time(api: APIClient, ask: Ask) -> None:
    old, new = ask(), ask()
    StagingJob.objects.filter(pk=old.pk).update(created_at=F("created_at") - timedelta(days=2))
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()

    assert listed(api, created_after=yesterday) == ids(new)
    assert listed(api, created_before=yesterday) == ids(old)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"status": "done"}, "status"),
        ({"status": ["queued", ""]}, "status"),
        ({"project": "a villa"}, "project"),
        ({"photo": "1"}, "photo"),
        ({"batch": "x"}, "batch"),
        ({"model": "a\0b"}, "model"),
        ({"profile": "\0"}, "profile"),
        ({"verdict": "fine"}, "verdict"),
        ({"created_after": "yesterday"}, "created_after"),
        ({"created_after": "0001-01-01T00:00:00+14:00"}, "created_after"),
        ({"created_before": "9999-12-31T23:59:59-14:00"}, "created_before"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 101}, "page_size"),
        ({"page_size": "many"}, "page_size"),
        ({"owner": "sam"}, "owner"),
        ({"styel": "modern"}, "styel"),
        ({"cursor": "é"}, "cursor"),
        ({"cursor": base64.b64encode(b"p=now").decode()}, "cursor"),
        ({"cursor": base64.b64encode(b"p=2026-01-01T00:00:00").decode()}, "cursor"),
        ({"cursor": base64.b64encode(b"p=2026-13-01T00:00:00Z").decode()}, "cursor"),
        ({"cursor": base64.b64encode(b"p=0001-01-01T00:00:00%2B14:00").decode()}, "cursor"),
        ({"cursor": base64.b64encode(b"p=\xff").decode()}, "cursor"),
        ({"cursor": base64.b64encode(b"o=x").decode()}, "cursor"),
    ],
    ids=str,
)
def test_a_list_that_is_asked_wrongly_says_so(
    api: APIClient, ask: Ask, asked: dict[str, Any], field: str
) -> None:
    ask()

    answer = api.get(f"{JOBS}?{urlencode(asked, doseq=True)}")

    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_pages_lead_to_each_other(api: APIClient, ask: Ask) -> None:
    jobs = [str(ask().pk) for _ in range(7)][::-1]
    # Two of one moment, where a page ends.
    StagingJob.objects.filter(pk__in=jobs[2:4]).update(
        created_at=StagingJob.objects.get(pk=jobs[2]).created_at
    )

    pages, address = [], f"{JOBS}?page_size=3&status=queued"
    while address:
        pages.append(api.get(address).json())
        address = pages[-1]["next"]

    found = [[one["id"] for one in page["results"]] for page in pages]
    assert [len(page) for page in found] == [3, 3, 1]
    assert sorted(one for page in found for one in page) == sorted(jobs)
    before = api.get(pages[-1]["previous"]).json()["results"]
    assert [one["id"] for one in before] == found[1]


def test_pages_hold_while_jobs_come(api: APIClient, ask: Ask) -> None:
    jobs = [str(ask().pk) for _ in range(4)][::-1]
    first = api.get(f"{JOBS}?page_size=2").json()
    ask()

    second = api.get(first["next"]).json()

    assert [one["id"] for one in second["results"]] == jobs[2:]


@pytest.mark.parametrize("count", [1, 30])
def test_a_list_asks_the_database_a_fixed_number_of_times(
    sandbox: Sandbox, api: APIClient, ask: Ask, count: int, django_assert_num_queries: Any
) -> None:
    first = carry_out(sandbox, ask(overrides={"num_outputs": 2}))
    for _ in range(count - 1):
        repeat_job(first, by=first.owner)
    asked = urlencode(
        {
            "page_size": 100,
            "status": ["queued", "succeeded"],
            "project": first.project_id,
            "profile": "default",
            "model": first.model.slug,
            "created_before": timezone.now().isoformat(),
        },
        doseq=True,
    )
    api.get(JOBS)

    # Who asks, which takes knox two; the token; their projects; jobs, predictions, pictures, steps.
    with django_assert_num_queries(8):
        assert len(api.get(f"{JOBS}?{asked}").json()["results"]) == count
