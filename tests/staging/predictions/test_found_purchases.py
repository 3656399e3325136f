"""Money of purchases that are found after what was held for them has been given back."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.db.models import Sum
from django.utils import timezone
from pytest_django import Settings

from staging.models import (
    AccountUsage,
    DailyUsage,
    Prediction,
    PredictionStatus,
    SpendingLimit,
    StagingJob,
    Tally,
)
from staging.predictions import lookup, submission
from staging.predictions.retries import give_up, queue_again
from staging.predictions.settlement import settle
from tests.processes import wait_for
from tests.staging.conftest import QWEN, Ask, Sandbox, carry_out, only, pass_time, remote, steps
from tests.staging.limits import limit, spend, used

pytestmark = pytest.mark.django_db

PRICE = Decimal("0.03")
NONE = Decimal(0)
OUTPUT = "https://replicate.delivery/a/out-0.webp"
NEXT_YEAR = timezone.now() + timedelta(days=365)
MADE = {"status": "succeeded", "output": [OUTPUT]}


@pytest.fixture
def taken_for_none(sandbox: Sandbox, ask: Ask) -> StagingJob:
    """A job whose answer was lost, and whose purchase Replicate's list did not show."""
    sandbox.misbehave("create", "drop_after")
    job = ask(model=QWEN)
    submission.submit_waiting()
    assert only(job).status == "submitting"
    queue_again(only(job), by="a test", why="Not in the list.", run_after=timezone.now())
    return job


@pytest.fixture
def undecided(sandbox: Sandbox, ask: Ask, settings: Settings) -> StagingJob:
    sandbox.misbehave("create", "drop")
    job = ask(model=QWEN)
    submission.submit_waiting()
    settings.STAGING_RECORDS_KEPT_S = 0
    lookup.look_up_uncertain()
    assert only(job).error_code == "undecided"
    return job


def found(job: StagingJob, **told: Any) -> None:
    """Let Replicate tell of a purchase, twice, as webhooks may come."""
    for _ in range(2):
        settle(only(job), remote(Prediction(), **{**MADE, **told}), by="webhook")


def counted() -> tuple[Decimal, Decimal, int]:
    """Return the usage's dollars, by projects and by accounts, and how many ends it counts."""
    by_project = DailyUsage.objects.aggregate(cost=Sum("cost"), ends=Sum("failed"))
    by_account = AccountUsage.objects.aggregate(cost=Sum("cost"))
    canceled = DailyUsage.objects.aggregate(sum=Sum("canceled"))["sum"]
    ends = (canceled or 0) + (by_project["ends"] or 0)
    return by_project["cost"] or Decimal(0), by_account["cost"] or Decimal(0), ends


@pytest.mark.parametrize("room", ["1", "0.02"])
def test_adopted_purchase_is_held_again_whether_there_is_room_or_not(
    taken_for_none: StagingJob, room: str
) -> None:
    day, month = limit(room), limit("20", period="month")
    assert (only(taken_for_none).reserved, used(day)) == (None, (0, 0))

    found(taken_for_none)

    assert (used(day), used(month)) == ((0, PRICE), (0, PRICE))
    assert (only(taken_for_none).status, only(taken_for_none).reserved) == ("collecting", PRICE)


def test_adopted_purchase_is_spent_once_when_it_ends(
    sandbox: Sandbox, taken_for_none: StagingJob
) -> None:
    day = limit("1")
    bought = sandbox.bought()[0]
    settle(only(taken_for_none), remote(Prediction(), "processing", id=bought["id"]), by="webhook")

    job = carry_out(sandbox, taken_for_none)

    assert (job.status, used(day)) == ("succeeded", (PRICE, 0))
    assert counted() == (PRICE, PRICE, 0)


def test_purchase_that_is_adopted_before_it_is_given_back_is_held_once(
    sandbox: Sandbox, ask: Ask
) -> None:
    day = limit("1")
    sandbox.misbehave("create", "drop_after")
    job = ask(model=QWEN)
    submission.submit_waiting()

    found(job)

    assert used(day) == (0, PRICE)


def cancel(prediction: Prediction) -> None:
    Prediction.objects.move(prediction, PredictionStatus.CANCELED, by="olga")


def fail(prediction: Prediction) -> None:
    give_up(prediction, code="no_answer", why="Given up after 12 tries.", by="a test")


@pytest.mark.parametrize("end", [cancel, fail])
def test_purchase_that_is_found_after_the_end_is_spent_once(
    taken_for_none: StagingJob, end: Any
) -> None:
    day = limit("0.02")
    end(only(taken_for_none))
    ended_as = only(taken_for_none).status
    assert used(day) == (0, 0)

    found(taken_for_none)

    assert (used(day), counted()) == ((PRICE, 0), (PRICE, PRICE, 1))
    prediction = only(taken_for_none)
    assert (prediction.status, prediction.cost, prediction.replicate_id) == (ended_as, PRICE, "r1")
    assert steps(prediction)[-1] == (ended_as, ended_as, "webhook")


@pytest.mark.parametrize(
    ("told", "spent"),
    [
        ({"status": "succeeded", "output": [OUTPUT, OUTPUT]}, "0.06"),
        # Charged for, at an unknown cost: as much as would have been held.
        ({"status": "canceled", "output": None}, "0.03"),
        ({"status": "failed", "output": None}, "0"),
        ({"status": "aborted", "output": None}, "0"),
    ],
)
def test_purchase_that_is_found_after_the_end_costs_what_replicate_says(
    taken_for_none: StagingJob, told: dict[str, Any], spent: str
) -> None:
    day = limit("1")
    cancel(only(taken_for_none))

    found(taken_for_none, **told)

    assert used(day) == (Decimal(spent), 0)


@pytest.mark.parametrize(
    ("told", "spent", "cost"),
    [
        ({"status": "succeeded", "output": [OUTPUT]}, "0.03", PRICE),
        ({"status": "succeeded", "output": [OUTPUT, OUTPUT]}, "0.06", 2 * PRICE),
        ({"status": "canceled", "output": None}, "0.03", 0),
        ({"status": "failed", "output": None}, "0", 0),
    ],
)
def test_undecided_purchase_that_was_made_counts_in_the_place_of_what_was_held(
    undecided: StagingJob, told: dict[str, Any], spent: str, cost: Decimal
) -> None:
    day = limit("1")
    SpendingLimit.objects.update(spent=PRICE)

    found(undecided, **told)

    assert (used(day), counted()) == ((Decimal(spent), 0), (cost, cost, 1))
    assert (only(undecided).status, only(undecided).error_code) == ("failed", "undecided")


def test_second_purchase_counts_once_beside_the_first(
    sandbox: Sandbox, taken_for_none: StagingJob
) -> None:
    """It was bought again, because the first purchase was taken for none."""
    day = limit("1")
    pass_time(taken_for_none, seconds=1)
    submission.submit_waiting()
    assert used(day) == (0, PRICE)

    found(taken_for_none, id="another")

    assert (used(day), counted()) == ((PRICE, PRICE), (PRICE, PRICE, 0))
    carry_out(sandbox, taken_for_none)
    found(taken_for_none, id="another")
    assert (used(day), counted()) == ((2 * PRICE, 0), (2 * PRICE, 2 * PRICE, 0))
    assert Tally.objects.get(label="bought_twice").count == 1


ENDS = [
    ({"status": "succeeded", "output": [OUTPUT]}, "0.03", PRICE),
    ({"status": "succeeded", "output": [OUTPUT, OUTPUT]}, "0.06", 2 * PRICE),
    ({"status": "canceled", "output": None}, "0.03", 0),
    ({"status": "failed", "output": None}, "0", 0),
]
RUNNING = {"status": "processing", "output": None}


@pytest.mark.parametrize(("told", "spent", "cost"), ENDS)
def test_purchase_that_is_found_while_it_runs_counts_its_cost_at_its_end(
    taken_for_none: StagingJob, told: dict[str, Any], spent: str, cost: Decimal
) -> None:
    day = limit("1")
    cancel(only(taken_for_none))
    found(taken_for_none, **RUNNING)
    assert (used(day), counted()) == ((PRICE, 0), (NONE, NONE, 1))

    found(taken_for_none, **told)

    assert (used(day), counted()) == ((Decimal(spent), 0), (cost, cost, 1))
    assert only(taken_for_none).status == "canceled"


@pytest.mark.parametrize(("told", "spent", "cost"), ENDS)
def test_undecided_purchase_that_still_runs_counts_its_cost_at_its_end(
    undecided: StagingJob, told: dict[str, Any], spent: str, cost: Decimal
) -> None:
    day = limit("1")
    SpendingLimit.objects.update(spent=PRICE)

    found(undecided, **RUNNING)
    found(undecided, **told)

    assert (used(day), counted()) == ((Decimal(spent), 0), (cost, cost, 1))


@pytest.mark.parametrize(("told", "spent", "cost"), ENDS)
def test_second_purchase_that_still_runs_counts_its_cost_at_its_end(
    taken_for_none: StagingJob, told: dict[str, Any], spent: str, cost: Decimal
) -> None:
    day = limit("1")
    pass_time(taken_for_none, seconds=1)
    submission.submit_waiting()
    found(taken_for_none, id="another", **RUNNING)
    assert (used(day), counted()) == ((PRICE, PRICE), (NONE, NONE, 0))

    found(taken_for_none, id="another", **told)

    assert (used(day), counted()) == ((Decimal(spent), PRICE), (cost, cost, 0))
    assert Tally.objects.get(label="bought_twice").count == 1


def test_purchases_that_an_earlier_release_found_are_not_counted_again(
    taken_for_none: StagingJob,
) -> None:
    day = limit("1")
    pass_time(taken_for_none, seconds=1)
    submission.submit_waiting()
    Prediction.objects.update(other_purchases=["another"])

    found(taken_for_none, id="another")

    assert used(day) == (0, PRICE)


def test_purchase_of_a_period_that_is_over_changes_no_limit_of_the_new_one(
    taken_for_none: StagingJob,
) -> None:
    day, month = limit("1"), limit("20", period="month")
    today = timezone.localdate()
    first = today.replace(day=1)
    SpendingLimit.objects.filter(pk=month.pk).update(begins_on=first)
    cancel(only(taken_for_none))
    spend("0.5")

    found(taken_for_none, created_at=f"{today - timedelta(days=1)}T12:00:00Z")

    assert used(day) == (Decimal("0.5"), 0)
    # Yesterday is of this month, but on its first day.
    assert used(month) == (Decimal("0.5") + PRICE * (today > first), 0)


@pytest.mark.django_db(transaction=True)
def test_answer_that_comes_after_the_lookup_is_not_lost(sandbox: Sandbox, ask: Ask) -> None:
    """The worker's claim was over, and the lookup had found nothing, when the answer came."""
    sandbox.misbehave("create", "stall", seconds=1)
    day, job = limit("1"), ask(model=QWEN)

    def buy() -> None:
        submission.submit_waiting()
        connections.close_all()

    worker = threading.Thread(target=buy)
    worker.start()
    wait_for(lambda: bool(sandbox.bought()))
    queue_again(only(job), by="worker: lookup", why="Not in the list.", run_after=NEXT_YEAR)
    worker.join()

    (bought,) = sandbox.bought()
    assert (only(job).status, only(job).replicate_id) == ("running", bought["id"])
    assert used(day) == (0, PRICE)
