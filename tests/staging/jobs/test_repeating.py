"""Trying again what ended badly, and doing a job once more."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from rest_framework.test import APIClient

from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import update_settings
from staging.errors import NotPossible
from staging.jobs.canceling import cancel_job
from staging.jobs.repeating import repeat_job, retry_job
from staging.models import Callback, Prediction, PredictionStatus, StagingJob
from staging.predictions import submission
from tests.missing import POSTGRES, needs
from tests.modelsettings.rows import save_row
from tests.staging.conftest import (
    SEEDREAM,
    Ask,
    Sandbox,
    at_once,
    carry_out,
    only,
    pass_time,
    pictures,
)

JOBS = "/api/v1/staging/jobs"


def end(prediction: Prediction, status: PredictionStatus) -> None:
    assert Prediction.objects.move(prediction, status, by="a test", error_code="")


def disable(model: ReplicateModel) -> None:
    model.is_enabled = False
    save_row(model)


@pytest.fixture
def half(ask: Ask) -> StagingJob:
    """A finished job of three pictures: one was made, one failed, one was canceled."""
    job = ask(overrides={"num_outputs": 3, "seed": 7})
    ends = (PredictionStatus.SUCCEEDED, PredictionStatus.FAILED, PredictionStatus.CANCELED)
    for prediction, status in zip(job.predictions.order_by("position"), ends, strict=True):
        end(prediction, status)
    job.refresh_from_db()
    assert job.status == "partially_succeeded"
    return job


def rows(job: StagingJob) -> list[tuple[int, int | None, str, bool]]:
    found = job.predictions.order_by("position", "created_at")
    return list(found.values_list("position", "seed", "status", "is_replaced"))


def test_retry_replaces_what_ended_badly(half: StagingJob, operator: User) -> None:
    retry_job(half, by=operator)

    assert rows(half) == [
        (0, 7, "succeeded", False),
        (1, 8, "failed", True),
        (1, 8, "queued", False),
        (2, 9, "canceled", True),
        (2, 9, "queued", False),
    ]
    again = StagingJob.objects.get(pk=half.pk)
    assert (again.status, again.finished_at) == ("queued", None)
    assert again.changed_at > half.changed_at
    whys = Prediction.objects.filter(job=half, status="queued").order_by("position")
    assert [one.transitions.get().why for one in whys] == [
        "In place of one that failed.", "In place of one that was canceled.",
    ]  # fmt: skip


def test_retry_is_carried_out(sandbox: Sandbox, ask: Ask, operator: User) -> None:
    sandbox.misbehave("create", "status", status=402)
    job = carry_out(sandbox, ask())
    assert job.status == "failed"

    retry_job(job, by=operator)

    assert carry_out(sandbox, job).status == "succeeded"
    assert (len(pictures(job)), len(sandbox.bought())) == (1, 1)


def test_retry_buys_again_what_nobody_could_decide(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    """That one may have been paid for is for a person to weigh, who has asked for it here."""
    job = ask()
    Prediction.objects.move(
        only(job), PredictionStatus.FAILED, by="worker: lookup", error_code="undecided"
    )

    retry_job(job, by=operator)

    assert carry_out(sandbox, job).status == "succeeded"


def test_retry_of_a_retry_replaces_the_last_one(half: StagingJob, operator: User) -> None:
    retry_job(half, by=operator)
    for prediction in half.predictions.filter(status="queued"):
        end(prediction, PredictionStatus.FAILED)

    retry_job(half, by=operator)

    counted = [row for row in rows(half) if not row[3]]
    assert counted == [(0, 7, "succeeded", False), (1, 8, "queued", False), (2, 9, "queued", False)]


def test_retry_twice_buys_once(half: StagingJob, operator: User) -> None:
    first, second = (StagingJob.objects.get(pk=half.pk) for _ in range(2))
    retry_job(first, by=operator)

    with pytest.raises(NotPossible, match="not finished"):
        retry_job(second, by=operator)

    assert half.predictions.count() == 5


def test_retry_of_a_job_that_succeeded_is_not_possible(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    job = carry_out(sandbox, ask())

    with pytest.raises(NotPossible, match="Every picture of this job was made"):
        retry_job(job, by=operator)

    assert (only(job).status, Prediction.objects.count()) == ("succeeded", 1)


def test_retry_with_a_model_that_was_disabled_is_not_possible(
    half: StagingJob, operator: User
) -> None:
    disable(half.model)

    with pytest.raises(NotPossible, match="is disabled"):
        retry_job(half, by=operator)

    assert half.predictions.count() == 3


def test_retry_lets_the_client_be_told_again(ask: Ask, operator: User) -> None:
    job = ask(callback_url="https://example.com/told")
    cancel_job(job, by=operator)
    Callback.objects.update(status="delivered")

    retry_job(job, by=operator)

    assert Callback.objects.get().status == "waiting"


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_retry_by_two_at_once_buys_once(half: StagingJob, operator: User) -> None:
    def click() -> str:
        try:
            retry_job(StagingJob.objects.get(pk=half.pk), by=operator)
        except NotPossible:
            return "refused"
        return "retried"

    assert connection.vendor == "postgresql"
    assert sorted(map(str, at_once(click, click))) == ["refused", "retried"]
    assert half.predictions.count() == 5


def test_repeat_exactly(sandbox: Sandbox, ask: Ask, operator: User, stranger: User) -> None:
    old = ask(overrides={"num_outputs": 2, "seed": 7}, prompt="two chairs")

    new = repeat_job(old, by=stranger, seed="same")

    changed = {"id", "owner_id", "created_at", "changed_at", "repeats_id"}
    before, after = (dict(StagingJob.objects.filter(pk=one.pk).values()[0]) for one in (old, new))
    assert {name for name in before if before[name] != after[name]} == changed
    assert (after["owner_id"], after["repeats_id"]) == (stranger.pk, old.pk)
    assert rows(new) == rows(old)
    carry_out(sandbox, old)
    carry_out(sandbox, new)
    sent = [{**one["input"], "image": ""} for one in sandbox.bought()]
    assert sorted(map(str, sent[:2])) == sorted(map(str, sent[2:]))
    assert [one.sha256 for one in pictures(old)] == [one.sha256 for one in pictures(new)]


def test_repeat_does_not_repeat_what_was_replaced(half: StagingJob, operator: User) -> None:
    retry_job(half, by=operator)

    new = repeat_job(half, by=operator)

    assert rows(new) == [(0, 7, "queued", False), (1, 8, "queued", False), (2, 9, "queued", False)]


@pytest.mark.parametrize("before", [{}, {"seed": 7}])
def test_repeat_with_a_new_seed(ask: Ask, operator: User, before: dict[str, int]) -> None:
    old = ask(overrides={"num_outputs": 2, **before})

    new = repeat_job(old, by=operator, seed="new")

    first, second = (row[1] for row in rows(new))
    assert first is not None
    assert (second, first == 7) == (first + 1, False)
    drawn = {"seed": first}
    assert (new.settings, new.overrides, new.input) == (
        old.settings | drawn, old.overrides | drawn, old.input | drawn,
    )  # fmt: skip
    assert (new.prompt, new.revision, new.delivery) == (old.prompt, old.revision, old.delivery)


def test_repeat_with_a_new_seed_of_a_model_without_seeds(ask: Ask, operator: User) -> None:
    old = ask(model=SEEDREAM)

    new = repeat_job(old, by=operator, seed="new")

    assert (new.input, rows(new)) == (old.input, [(0, None, "queued", False)])


def test_repeat_with_a_seed(ask: Ask, operator: User) -> None:
    new = repeat_job(ask(overrides={"num_outputs": 2}), by=operator, seed=40)

    assert (new.settings["seed"], new.input["seed"]) == (40, 40)
    assert [row[1] for row in rows(new)] == [40, 41]


@pytest.mark.parametrize("seed", [-(2**60), 2**60, 2**53 - 1])
def test_repeat_with_a_seed_that_the_model_refuses(ask: Ask, operator: User, seed: int) -> None:
    job = ask(overrides={"num_outputs": 2})

    with pytest.raises(SettingsRefused) as refused:
        repeat_job(job, by=operator, seed=seed)

    assert (list(refused.value.errors), StagingJob.objects.count()) == (["seed"], 1)


def test_repeat_keeps_what_it_ran_with_when_the_settings_change(ask: Ask, operator: User) -> None:
    old = ask()
    changed = {**old.settings, "output_quality": 41}
    update_settings(old.profile_id, changed, by=Actor.of(operator))

    new = repeat_job(StagingJob.objects.get(pk=old.pk), by=operator)

    assert (new.revision, new.settings) == (1, old.settings)
    assert ask().revision == 2


def test_repeat_with_a_model_that_was_disabled_is_not_possible(ask: Ask, operator: User) -> None:
    job = ask()
    disable(job.model)

    with pytest.raises(NotPossible, match="is disabled"):
        repeat_job(job, by=operator)


def test_api_retry(api: APIClient, half: StagingJob) -> None:
    answer = api.post(f"{JOBS}/{half.pk}/retry")

    told = answer.json()
    assert (answer.status_code, told["id"], told["status"]) == (202, str(half.pk), "queued")
    assert api.post(f"{JOBS}/{half.pk}/retry").status_code == 409


def test_api_shows_no_error_of_what_was_replaced(api: APIClient, ask: Ask) -> None:
    job = ask()
    Prediction.objects.move(
        only(job), PredictionStatus.FAILED, by="a test", error_code="no_answer", error="Nobody."
    )
    assert api.get(f"{JOBS}/{job.pk}").json()["error"]["code"] == "no_answer"

    assert api.post(f"{JOBS}/{job.pk}/retry").json()["error"] is None


@pytest.mark.parametrize("said", [None, {}, {"seed": "same"}, {"seed": "new"}, {"seed": 5}])
def test_api_repeat(api: APIClient, ask: Ask, said: dict[str, Any] | None) -> None:
    old = ask()

    answer = api.post(f"{JOBS}/{old.pk}/repeat", said, format="json")

    new = StagingJob.objects.exclude(pk=old.pk).get()
    assert (answer.status_code, answer.json()["id"]) == (202, str(new.pk))
    assert (answer.json()["repeats"], answer.json()["photo"]["id"]) == (
        str(old.pk), str(old.photo_id),
    )  # fmt: skip
    assert answer.headers["Location"].endswith(f"{JOBS}/{new.pk}")


@pytest.mark.parametrize("seed", ["other", None, True, 1.5, [], {}, 2**60, 10**400])
def test_api_repeat_with_a_bad_seed(api: APIClient, ask: Ask, seed: Any) -> None:
    answer = api.post(f"{JOBS}/{ask().pk}/repeat", {"seed": seed}, format="json")

    assert (answer.status_code, list(answer.json())) == (400, ["seed"])
    assert StagingJob.objects.count() == 1


def test_pass_of_time_is_not_what_a_retry_waits_for(
    sandbox: Sandbox, half: StagingJob, operator: User
) -> None:
    """The new ones are claimed at once, whatever pauses the old ones had."""
    pass_time(half, seconds=-600)
    retry_job(half, by=operator)

    submission.submit_waiting()

    assert len(sandbox.bought()) == 2
