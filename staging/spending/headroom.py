"""Headroom: the money that spending limits leave, and the check of a job before it is recorded."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from staging.models import (
    NO_ESTIMATE,
    OVER_LIMIT,
    Prediction,
    PredictionStatus,
    SpendingLimit,
    StagingJob,
)
from staging.spending.estimating import most_cost, usually_held

# Operators are told at these percentages of a limit.
NEARLY, FULL = 80, 100
# At most so many predictions are counted, because very many may wait.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Headroom:
    """The state of a limit on one day: what is spent, reserved and left, and how many wait."""

    limit: SpendingLimit
    spent: Decimal
    reserved: Decimal
    waiting: int
    percent: int

    @property
    def left(self) -> Decimal:
        """The dollars that may still be reserved: 0 where the limit was lowered below the use."""
        return max(Decimal(0), self.limit.usd - self.spent - self.reserved)

    @property
    def is_full(self) -> bool:
        return self.percent >= FULL

    @property
    def state(self) -> str:
        """Say in words how much is used; what is left of a full limit may still be something."""
        if not self.is_full:
            return f"{self.percent} % used"
        return "too little left" if self.left else "used up"


def headroom_of(limits: Iterable[SpendingLimit]) -> list[Headroom]:
    """Return what each limit leaves today. Its project and its account were read with it.

    A limit is full where nothing is left, where a prediction waits for room under it, and where one
    picture of the default model has no room: its last cents can buy nothing.
    """
    shown = list(limits)
    if not shown:
        return []
    today, price = timezone.localdate(), usually_held() or Decimal(0)
    waiting = _count_waiting(shown)
    return [_headroom(limit, today, price=price, waiting=waiting[limit.pk]) for limit in shown]


def check_headroom(job: StagingJob, *, account: User, predictions: int) -> None:
    """Raise OverLimit where a limit that refuses has no room for predictions of a job.

    `account` pays for them. The refusal is for the account alone: it has the limit's figures where
    the account may know them. A batch's photos are refused in a worker, and everybody who sees the
    batch reads why.
    """
    refusing = SpendingLimit.objects.refusing().of_purchase(
        project=job.project_id, account=account.pk
    )
    if not refusing.exists():
        return
    usd = most_cost(job)
    total = None if usd is None else usd * predictions
    told_to = None if job.batch_photo_id else account
    refusing.check_headroom(total, today=timezone.localdate(), told_to=told_to)


def waiting_for_estimates() -> dict[int, int]:
    """Return how many predictions wait for an estimate of their model, by its primary key."""
    rows = _put_off(NO_ESTIMATE).values_list("job__model", flat=True)
    return dict(Counter(rows[:MOST]))


def _headroom(limit: SpendingLimit, today: date, *, price: Decimal, waiting: int) -> Headroom:
    spent, reserved = limit.used(today)
    left = limit.usd - spent - reserved
    used = int(100 * (spent + reserved) / limit.usd) if limit.usd else FULL
    is_full = waiting or left <= 0 or left < price
    return Headroom(limit, spent, reserved, waiting, FULL if is_full else min(used, FULL - 1))


def _count_waiting(limits: list[SpendingLimit]) -> Counter[int | None]:
    """Return how many predictions wait for room under each limit, by its primary key."""
    held = _put_off(OVER_LIMIT).filter(held_by_limit__in=[limit.pk for limit in limits])
    return Counter(held.values_list("held_by_limit", flat=True)[:MOST])


def _put_off(code: str) -> QuerySet[Prediction]:
    """Return the predictions that wait for this reason, in no order."""
    # The index of unfinished predictions finds them; an order would make the database sort.
    waiting = Prediction.objects.filter(status=PredictionStatus.QUEUED, error_code=code)
    return waiting.order_by()
