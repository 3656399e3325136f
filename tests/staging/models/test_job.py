"""A job's status, its predictions' statuses, claims, and what is kept of each change."""

import pytest

from staging.models import Prediction, PredictionStatus, StagingJob
from staging.models.job import job_status
from tests.missing import POSTGRES, needs
from tests.staging.conftest import Ask, at_once, only, pass_time, steps


@pytest.mark.parametrize(
    ("predictions", "status"),
    [
        (["queued"], "queued"),
        (["running", "queued", "succeeded"], "queued"),
        (["running", "submitting"], "submitting"),
        (["collecting", "running"], "running"),
        (["collecting", "failed"], "collecting"),
        (["succeeded", "succeeded"], "succeeded"),
        (["succeeded", "failed"], "partially_succeeded"),
        (["succeeded", "canceled"], "partially_succeeded"),
        (["failed", "canceled"], "canceled"),
        (["canceled"], "canceled"),
        (["failed", "failed"], "failed"),
    ],
)
def test_job_status(predictions: list[str], status: str) -> None:
    assert job_status(predictions) == status


def test_claim_is_won_by_one_of_two(ask: Ask) -> None:
    job = ask()
    first, second = only(job), only(job)

    assert [Prediction.objects.claim(first), Prediction.objects.claim(second)] == [True, False]
    assert Prediction.objects.claim(only(job)) is False


def test_claim_is_free_again_when_its_lease_is_over(ask: Ask) -> None:
    job = ask()
    Prediction.objects.claim(only(job))
    pass_time(job, seconds=3.1)

    assert Prediction.objects.claim(only(job)) is True


def test_claim_with_old_knowledge_is_lost(ask: Ask) -> None:
    """Two claims must never bear one number."""
    job = ask()
    old = only(job)
    Prediction.objects.claim(only(job))
    pass_time(job, seconds=3.1)

    assert Prediction.objects.claim(old) is False


def test_move_by_a_late_writer_changes_nothing(ask: Ask) -> None:
    job = ask()
    late, next_one = only(job), only(job)
    Prediction.objects.claim(late)
    pass_time(job, seconds=3.1)
    next_one.refresh_from_db()
    Prediction.objects.claim(next_one)
    before = Prediction.objects.values().get(pk=late.pk)

    assert Prediction.objects.move(late, PredictionStatus.SUBMITTING, by="late") is False
    assert Prediction.objects.note(late, error="late") is False

    assert Prediction.objects.values().get(pk=late.pk) == before
    assert steps(late) == [("", "queued", "olga")]


def test_move_keeps_who_when_and_why(ask: Ask) -> None:
    prediction = only(ask())

    Prediction.objects.move(prediction, PredictionStatus.FAILED, by="a test", why="x" * 600)

    kept = prediction.transitions.get(target="failed")
    assert (kept.source, kept.by, kept.why) == ("queued", "a test", "x" * 500)
    assert kept.at == prediction.finished_at == only(prediction.job).finished_at


def test_move_twice_with_one_knowledge_works_once(ask: Ask) -> None:
    job = ask()
    first, second = only(job), only(job)

    assert Prediction.objects.move(first, PredictionStatus.CANCELED, by="a test") is True
    assert Prediction.objects.move(second, PredictionStatus.FAILED, by="a test") is False

    job.refresh_from_db()
    assert (job.status, job.finished_at is not None) == ("canceled", True)


def test_move_leaves_what_has_ended(ask: Ask) -> None:
    prediction = only(ask())
    assert Prediction.objects.move(prediction, PredictionStatus.CANCELED, by="ann")

    again = Prediction.objects.move(prediction, PredictionStatus.QUEUED, by="worker")

    assert (again, only(prediction.job).status) == (False, "canceled")


def test_move_stores_text_that_no_database_takes(ask: Ask) -> None:
    prediction = only(ask())

    Prediction.objects.move(
        prediction,
        PredictionStatus.FAILED,
        by="a test",
        why="a\0b\ud800",
        error="a\0b\ud800",
        outputs=["\0c"],
        metrics={"d\0": "e\0"},
    )

    stored = only(prediction.job)
    assert (stored.error, stored.outputs, stored.metrics) == ("ab?", ["c"], {"d": "e"})
    assert stored.transitions.get(target="failed").why == "ab?"


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_move_of_two_predictions_at_once_leaves_their_job_right(ask: Ask) -> None:
    for _ in range(20):
        job = ask(overrides={"num_outputs": 2})
        one, other = job.predictions.all()

        at_once(
            lambda one=one: Prediction.objects.move(one, PredictionStatus.SUCCEEDED, by="one"),
            lambda other=other: Prediction.objects.move(other, PredictionStatus.FAILED, by="two"),
        )

        job = StagingJob.objects.get(pk=job.pk)
        assert (job.status, job.finished_at is not None) == ("partially_succeeded", True)


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_claim_by_threads_at_once_is_won_by_one(ask: Ask) -> None:
    for _ in range(10):
        job = ask()
        copies = [only(job) for _ in range(4)]

        won = at_once(*(lambda copy=copy: Prediction.objects.claim(copy) for copy in copies))

        assert sorted(map(bool, won)) == [False, False, False, True]
