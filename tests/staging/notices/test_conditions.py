"""Conditions that notices tell of: limits nearly spent, unusual failures, standstills."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from staging.models import DailyUsage, Heartbeat, NoticeKind, Prediction, StagingJob
from staging.notices.conditions import Condition, find_conditions
from staging.predictions import submission
from staging.spending.changing import pause
from tests.staging.conftest import QWEN, Ask, Sandbox
from tests.staging.finished import finish, stage
from tests.staging.limits import limit, spend
from tests.staging.notices.situations import WAITING, age_predictions, ago, stand_still

pytestmark = pytest.mark.django_db


def sentences() -> list[str]:
    return [condition.sentence for condition in find_conditions(timezone.now())]


@pytest.mark.parametrize(
    ("spent", "when_over", "level", "said"),
    [
        ("0.80", "wait", 80, "All projects have used 80 % of $1.00 a day: $0.20 is left."),
        ("1", "wait", 100, "All projects have used up $1.00 a day: new purchases wait for the"
                           " next day."),
        ("1", "refuse", 100, "All projects have used up $1.00 a day: new purchases are refused."),
    ],
)  # fmt: skip
def test_limit_is_told_once_a_period_and_level(
    spent: str, when_over: str, level: int, said: str
) -> None:
    about = f"limit-{limit('1', when_over=when_over).pk}-{timezone.localdate()}-1.00"
    spend(spent)

    assert list(find_conditions(timezone.now())) == [
        Condition(NoticeKind.LIMIT, f"{about}-{level}", said, told_with=(f"{about}-100",))
    ]


@pytest.mark.usefixtures("db")
def test_limit_with_room_is_no_news() -> None:
    limit("1")
    spend("0.79")

    assert sentences() == []


def test_limit_is_full_where_something_waits_for_it(sandbox: Sandbox, ask: Ask) -> None:
    limit("0.02")
    ask(model=QWEN)
    submission.submit_waiting()

    assert sentences() == [
        "All projects have too little left of $0.02 a day: 1 prediction waits for budget."
    ]


def test_limit_of_nothing_is_no_news() -> None:
    limit("0")

    assert sentences() == []


def end_many(operator: User, *, succeeded: int, failed: int) -> None:
    """Let so many predictions have ended just now."""
    jobs = [stage(operator) for _ in range(succeeded + failed)]
    for job in jobs[:succeeded]:
        finish(job)
    for job in jobs[succeeded:]:
        finish(job, status="failed")


def add_usage(job: StagingJob, **counts: int) -> None:
    """Let yesterday have come to something."""
    DailyUsage.objects.create(
        day=timezone.localdate() - timedelta(days=1),
        project_id=job.project_id,
        project_name="Unsorted",
        model_id=job.model_id,
        profile_id=job.profile_id,
        **counts,
    )


@pytest.mark.parametrize(
    ("succeeded", "failed", "usual", "is_told"),
    [
        (4, 6, (99, 1), True),
        # Half of them is not more than half, and nine are too few.
        (5, 5, (99, 1), False),
        (0, 9, (99, 1), False),
        # More than three times the usual share cannot be, where a third is usual.
        (0, 10, (2, 1), False),
        # A new installation, in which nothing is usual.
        (0, 10, (0, 0), True),
    ],
)
def test_failures_are_told_where_they_are_unusual(
    operator: User, succeeded: int, failed: int, usual: tuple[int, int], is_told: bool
) -> None:
    end_many(operator, succeeded=succeeded, failed=failed)
    add_usage(StagingJob.objects.all()[0], succeeded=usual[0], failed=usual[1])

    keys = [condition.key for condition in find_conditions(timezone.now())]
    assert keys == (["failures"] if is_told else [])


def test_failures_are_told_in_words(operator: User) -> None:
    end_many(operator, succeeded=2, failed=8)
    add_usage(StagingJob.objects.all()[0], succeeded=99, failed=1)

    assert sentences() == ["8 of the newest 10 predictions failed; in the 7 days before, 1 % did."]


def test_failures_of_long_ago_are_not_told(operator: User) -> None:
    end_many(operator, succeeded=0, failed=10)
    age_predictions(finished_at=ago(61))

    assert sentences() == []


STILL = {
    "uncertain": "For 10 minutes it has been unknown whether a prediction was bought.",
    "running": "A prediction should have ended 10 minutes ago, and Replicate does not say so.",
    "collecting": "A finished picture has not been fetched for 10 minutes.",
}


@pytest.mark.parametrize(
    ("minutes", "said"), [(9, []), (11, [WAITING])], ids=["queue", "standstill"]
)
def test_what_is_due_and_nobody_buys_stands_still(ask: Ask, minutes: int, said: list[str]) -> None:
    ask()
    age_predictions(run_after=ago(minutes))

    assert sentences() == said


def test_what_waits_while_others_are_bought_is_a_queue(ask: Ask) -> None:
    ask()
    bought = ask()
    age_predictions(run_after=ago(11))
    bought.predictions.update(status="running", intent_at=ago(1))

    assert sentences() == []


def test_what_is_paused_does_not_stand_still(ask: Ask) -> None:
    stand_still(ask)
    pause(by="olga")

    assert sentences() == []


@pytest.mark.parametrize(("minutes", "said"), [(9, []), (11, [STILL["uncertain"]])])
def test_purchase_that_stays_uncertain_stands_still(
    ask: Ask, minutes: int, said: list[str]
) -> None:
    ask()
    age_predictions(status="submitting", intent_at=ago(minutes))

    assert sentences() == said


@pytest.mark.parametrize(("minutes", "said"), [(19, []), (21, [STILL["running"]])])
def test_prediction_that_outran_its_deadline_stands_still(
    running: Prediction, minutes: int, said: list[str]
) -> None:
    age_predictions(intent_at=ago(minutes))

    assert sentences() == said


@pytest.mark.parametrize(("minutes", "said"), [(9, []), (11, [STILL["collecting"]])])
def test_picture_that_is_not_fetched_stands_still(
    collecting: Prediction, minutes: int, said: list[str]
) -> None:
    collecting.transitions.filter(target="collecting").update(at=ago(minutes))

    assert sentences() == said


@pytest.mark.parametrize(
    ("minutes", "said"), [(9, []), (11, ["Nothing has moved in the worker a for 10 minutes."])]
)
def test_worker_in_which_nothing_moves_stands_still(minutes: int, said: list[str]) -> None:
    now = timezone.now()
    Heartbeat.objects.create(
        id="12345678-1234-5678-1234-567812345678", name="a",
        started_at=ago(60), seen_at=now, moved_at=ago(minutes),
    )  # fmt: skip

    assert sentences() == said


def test_conditions_are_asked_for_in_few_queries(
    sandbox: Sandbox, ask: Ask, django_assert_max_num_queries: Any
) -> None:
    limit("1")
    for _ in range(3):
        ask()

    with django_assert_max_num_queries(14):
        list(find_conditions(timezone.now()))
