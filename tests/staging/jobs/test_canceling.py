"""Canceling: what was not bought is never bought, and what runs is ended at Replicate."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.utils import timezone

from staging import tasks
from staging.errors import NotPossible
from staging.jobs.canceling import cancel_job
from staging.models import Prediction, PredictionStatus, StagingJob, Transition
from staging.models.job import UNFINISHED
from staging.predictions import (
    cancellation,
    collection,
    lookup,
    settlement,
    submission,
)
from tests.missing import POSTGRES, needs
from tests.staging.conftest import (
    Ask,
    Sandbox,
    at_once,
    carry_out,
    only,
    pass_time,
    remote,
    steps,
)


def told(prediction: Prediction) -> list[tuple[str, str, str]]:
    """Return the timeline's words: status, by whom, why."""
    return list(prediction.transitions.values_list("target", "by", "why"))


@contextmanager
def just_before(status: str, then: Callable[[], object], *, always: bool = False) -> Iterator[None]:
    """Do something just before the UPDATE that would give a prediction a status."""
    done: list[bool] = []

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        written, _, _ = sql.partition(" WHERE ")
        is_move = written.startswith('UPDATE "staging_prediction"') and '"status" =' in written
        values = [str(one) for one in (params or ())[: written.count("%s")]]
        if is_move and status in values and (always or not done):
            done.append(True)
            then()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(run):
        yield
    assert done


def test_cancel_of_what_waits_ends_it_at_once(sandbox: Sandbox, ask: Ask, operator: User) -> None:
    job = ask(overrides={"num_outputs": 2})

    cancel_job(job, by=operator)

    job.refresh_from_db()
    assert (job.status, job.finished_at is not None) == ("canceled", True)
    assert [told(one)[-1] for one in job.predictions.all()] == [
        ("canceled", "olga", "Canceled before it was bought.")
    ] * 2
    assert submission.submit_waiting().count == 0
    assert sandbox.requests().get("create", 0) == 0


def test_cancel_of_what_a_worker_has_claimed_buys_nothing(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    """The worker uploads the photo, and is then too late for the request that buys."""
    job = ask()
    claimed = only(job)
    Prediction.objects.claim(claimed)

    cancel_job(job, by=operator)
    submission.submit(claimed)

    assert (only(job).status, sandbox.bought()) == ("canceled", [])
    assert sandbox.requests().get("create", 0) == 0


def test_cancel_at_the_moment_of_the_intent_buys_nothing(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    job = ask()

    with just_before("submitting", lambda: cancel_job(job, by=operator)):
        submission.submit_waiting()

    assert (only(job).status, sandbox.bought()) == ("canceled", [])


def test_cancel_that_comes_after_the_intent_notes_the_wish(ask: Ask, operator: User) -> None:
    """Its conditional UPDATE finds `submitting` where it had read `queued`: it looks again."""
    job = ask()
    worker = only(job)
    Prediction.objects.claim(worker)

    def intend() -> None:
        assert Prediction.objects.move(
            worker, PredictionStatus.SUBMITTING, by="worker", keep_lease=True
        )

    with just_before("canceled", intend):
        cancel_job(job, by=operator)

    submitting = only(job)
    assert (submitting.status, submitting.cancel_asked_at is not None) == ("submitting", True)
    assert told(submitting)[-1] == ("submitting", "olga", "Asked to cancel it.")
    assert submitting.lease_number == worker.lease_number


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "status", "status": 429, "retry_after": 0},
        {"do": "drop"},
    ],
    ids=["throttled", "answer lost"],
)
def test_cancel_of_what_was_not_bought_ends_it_instead_of_queueing_it(
    sandbox: Sandbox, ask: Ask, operator: User, fault: dict[str, Any]
) -> None:
    job = ask()
    sandbox.misbehave("create", **fault)

    # The wish comes just before it would be queued again.
    with just_before("queued", lambda: cancel_job(job, by=operator)):
        submission.submit_waiting()
        pass_time(job, seconds=10)
        lookup.look_up_uncertain()

    assert (only(job).status, only(job).job.status) == ("canceled", "canceled")
    assert told(only(job))[-1][2] == "Not bought, and canceled as olga asked."
    pass_time(job, seconds=600)
    submission.submit_waiting()
    assert sandbox.bought() == []


def test_cancel_of_a_purchase_whose_answer_was_lost_cancels_it_once_found(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    sandbox.misbehave("create", "slow", seconds=60)
    sandbox.misbehave("create", "drop_after")
    job = ask()
    submission.submit_waiting()
    cancel_job(job, by=operator)
    assert only(job).status == "submitting"

    lookup.look_up_uncertain()
    assert only(job).status == "running"
    cancellation.cancel_unwanted()

    assert only(job).status == "canceled"
    assert [one["status"] for one in sandbox.bought()] == ["canceled"]


def test_cancel_of_what_runs_asks_replicate_and_not_in_the_request(
    sandbox: Sandbox, running: Prediction, operator: User
) -> None:
    cancel_job(running.job, by=operator)

    assert only(running.job).status == "running"
    assert sandbox.requests().get("cancel", 0) == 0
    assert cancellation.cancel_unwanted() == 0

    canceled = only(running.job)
    assert (canceled.status, canceled.error_code) == ("canceled", "")
    assert told(canceled)[-2:] == [
        ("running", "olga", "Asked to cancel it."),
        ("canceled", "worker: cancel", "Canceled at Replicate, as olga asked."),
    ]
    assert sandbox.bought()[0]["status"] == "canceled"


def test_cancel_of_what_has_succeeded_meanwhile_keeps_its_picture(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    job = ask()
    submission.submit_waiting()
    sandbox.finish()
    assert only(job).status == "running"
    cancel_job(job, by=operator)

    assert cancellation.cancel_unwanted() == 1

    assert carry_out(sandbox, job).status == "succeeded"


@pytest.mark.parametrize("fault", [{"do": "drop"}, {"do": "status", "status": 503}], ids=str)
def test_cancel_that_failed_is_tried_again_after_a_pause(
    sandbox: Sandbox, running: Prediction, operator: User, fault: dict[str, Any]
) -> None:
    sandbox.misbehave("cancel", **fault)
    cancel_job(running.job, by=operator)

    cancellation.cancel_unwanted()
    cancellation.cancel_unwanted()

    assert (only(running.job).status, only(running.job).tries) == ("running", 1)
    assert (cancellation.is_waiting(), sandbox.requests()["cancel"]) == (False, 1)
    pass_time(running.job, seconds=3)
    tasks.sweep()
    cancellation.cancel_unwanted()
    assert (only(running.job).status, sandbox.requests()["cancel"]) == ("canceled", 2)


def test_cancel_by_two_workers_asks_replicate_once(
    sandbox: Sandbox, running: Prediction, operator: User
) -> None:
    cancel_job(running.job, by=operator)
    first, second = only(running.job), only(running.job)

    assert [cancellation._take(first), cancellation._take(second)] == [True, False]


def test_cancel_leaves_the_webhook_of_that_moment_its_say(
    running: Prediction, operator: User
) -> None:
    """A webhook that read the prediction before the wish is no late-comer."""
    cancel_job(running.job, by=operator)
    cancellation._take(only(running.job))
    done = remote(running, "succeeded", output=["https://replicate.delivery/a/out-0.webp"])

    assert settlement.settle(running, done, by="webhook") is True


@pytest.mark.parametrize("status", ["canceled", "aborted"])
@pytest.mark.parametrize("age_s", [1, 700])
def test_cancel_is_what_ended_it_whatever_replicate_calls_it(
    running: Prediction, operator: User, status: str, age_s: float
) -> None:
    """Whoever tells it read the prediction before the wish; the deadline may be over, too."""
    pass_time(running.job, seconds=age_s)
    before = only(running.job)
    cancel_job(running.job, by=operator)

    settlement.settle(before, remote(running, status), by="webhook")

    canceled = only(running.job)
    assert (canceled.status, canceled.error_code) == ("canceled", "")
    assert told(canceled)[-1] == (
        "canceled", "webhook", "Canceled at Replicate, as olga asked.",
    )  # fmt: skip


@pytest.mark.parametrize("words", ["Asked to cancel it.", "Please end this."])
def test_cancel_knows_who_asked_whatever_the_timeline_says(
    running: Prediction, operator: User, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancellation, "ASKED", words)
    cancel_job(running.job, by=operator)
    # Words of others that say the same.
    Transition.record(
        running, source="running", target="running", at=timezone.now(), by="mia", why=words
    )

    cancellation.cancel_unwanted()

    assert told(only(running.job))[-1][2] == "Canceled at Replicate, as olga asked."


def test_cancel_that_an_earlier_release_noted_has_no_name(
    running: Prediction, operator: User
) -> None:
    cancel_job(running.job, by=operator)
    running.job.predictions.update(cancel_asked_by="")

    cancellation.cancel_unwanted()

    assert told(only(running.job))[-1][2] == "Canceled at Replicate, as a user asked."


def test_cancel_by_replicate_is_not_by_us_whatever_the_timeline_says(running: Prediction) -> None:
    Transition.record(
        running,
        source="running",
        target="running",
        at=timezone.now(),
        by="mia",
        why=cancellation.ASKED,
    )

    settlement.settle(running, remote(running, "canceled"), by="webhook")

    assert told(only(running.job))[-1][2] == "Canceled at Replicate, not by us."


def test_cancel_twice_notes_one_wish(running: Prediction, operator: User, stranger: User) -> None:
    cancel_job(running.job, by=operator)
    first = only(running.job)

    cancel_job(running.job, by=stranger)

    assert only(running.job).cancel_asked_at == first.cancel_asked_at
    assert steps(first).count(("running", "running", "olga")) == 1


def test_cancel_moves_the_tag_of_the_job(running: Prediction, operator: User) -> None:
    before = running.job.changed_at

    cancel_job(running.job, by=operator)

    assert StagingJob.objects.get(pk=running.job_id).changed_at > before


def test_cancel_of_a_picture_that_is_being_fetched_is_too_late(
    sandbox: Sandbox, collecting: Prediction, operator: User
) -> None:
    with pytest.raises(NotPossible, match="too late to cancel"):
        cancel_job(collecting.job, by=operator)

    collection.collect_waiting()
    assert only(collecting.job).status == "succeeded"


def test_cancel_of_some_keeps_the_others(sandbox: Sandbox, ask: Ask, operator: User) -> None:
    job = ask(overrides={"num_outputs": 2})
    first = job.predictions.order_by("position")[0]
    Prediction.objects.move(first, PredictionStatus.SUCCEEDED, by="a test")

    cancel_job(job, by=operator)

    job.refresh_from_db()
    assert job.status == "partially_succeeded"


def test_cancel_of_what_moves_all_the_time_gives_up(ask: Ask, operator: User) -> None:
    job = ask()

    def claim() -> None:
        Prediction.objects.update(lease_number=F("lease_number") + 1)

    with just_before("canceled", claim, always=True), pytest.raises(NotPossible, match="try again"):
        cancel_job(job, by=operator)

    assert only(job).lease_number == cancellation.TRIES


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_cancel_and_submit_at_once_agree(sandbox: Sandbox, ask: Ask, operator: User) -> None:
    """Whoever comes first: nothing is bought that is canceled as unbought, nothing is lost."""
    assert connection.vendor == "postgresql"
    for _ in range(10):
        job = ask()
        at_once(lambda job=job: cancel_job(job, by=operator), submission.submit_waiting)

        ended, bought = only(job), sandbox.bought()
        if ended.status == "canceled":
            assert bought == []
        else:
            assert (ended.status in UNFINISHED, len(bought)) == (True, 1)
            assert ended.cancel_asked_at is not None
        sandbox.forget()


def test_long_name_stands_in_the_timeline_as_far_as_there_is_room(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    """A user's name may have 150 characters, a step's 100: PostgreSQL refuses what is longer."""
    operator.username = "o" * 150
    operator.save()

    job = ask()
    cancel_job(job, by=operator)

    assert [step[2] for step in steps(only(job))] == ["o" * 100] * 2
