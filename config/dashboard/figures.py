"""Figures of the last days: sums of predictions by day, and how long jobs took.

What is counted comes from the sums of days; of jobs at most MOST are read, the newest first.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil

from django.db.models import Sum

from staging.models import DailyUsage, JobStatus, StagingJob
from staging.usage import midnight

MOST = 1000
DAYS = 7
SUMS = ("succeeded", "failed", "canceled", "unpriced", "pictures", "cost")

# Each with the primary key of its model.
Usage = list[tuple[int, "Day"]]
# The primary key of the model, when the job was asked for, how long it took.
Times = list[tuple[int, datetime, timedelta]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How the predictions came out that ended on one day, of one model or of all."""

    day: date
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    unpriced: int = 0
    pictures: int = 0
    cost: Decimal = Decimal(0)

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed + self.canceled

    @property
    def success(self) -> str:
        """The part that succeeded of those that nobody canceled: `99.2 %`."""
        tried = self.succeeded + self.failed
        if not tried:
            return "–"
        # Not 100 % as long as one failed.
        shown = min(99.9, 100 * self.succeeded / tried) if self.failed else 100
        return f"{shown:.3g} %"


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the small chart, its height in percent of the highest."""

    day: date
    ended: int
    height: int


def usage_of(today: date) -> Usage:
    """Return what the last days came to, by model; a row a day, project and profile is read."""
    first = today - timedelta(days=DAYS - 1)
    rows = DailyUsage.objects.filter(day__gte=first).order_by()
    found = rows.values("model_id", "day").annotate(**{f"all_{name}": Sum(name) for name in SUMS})
    columns = found.values_list("model_id", "day", *(f"all_{name}" for name in SUMS))
    return [
        (model, Day(day=day, **dict(zip(SUMS, sums, strict=True)))) for model, day, *sums in columns
    ]


def times_of(today: date) -> Times:
    """Return how long the newest succeeded jobs of the last days took, by job_by_status."""
    first = midnight(today - timedelta(days=DAYS - 1))
    rows = StagingJob.objects.filter(
        status=JobStatus.SUCCEEDED, created_at__gte=first, finished_at__isnull=False
    ).order_by("-created_at")
    found = rows.values_list("model_id", "created_at", "finished_at")[:MOST]
    return [(model, begin, end - begin) for model, begin, end in found if end]


def add_up(day: date, usage: Iterable[Day]) -> Day:
    """Return one day of all models."""
    days = [one for one in usage if one.day == day]
    return Day(
        day=day,
        succeeded=sum(one.succeeded for one in days),
        failed=sum(one.failed for one in days),
        canceled=sum(one.canceled for one in days),
        unpriced=sum(one.unpriced for one in days),
        pictures=sum(one.pictures for one in days),
        cost=sum((one.cost for one in days), Decimal(0)),
    )


def bars_of(today: date, usage: Usage) -> list[Bar]:
    """Return how many predictions ended on each of the last days, the oldest first."""
    ended: dict[date, int] = defaultdict(int)
    for _, one in usage:
        ended[one.day] += one.ended
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    highest = max((ended[day] for day in days), default=0) or 1
    return [Bar(day, ended[day], ceil(100 * ended[day] / highest)) for day in days]


def percentile(times: Sequence[timedelta], percent: int) -> timedelta | None:
    """Return the nearest rank: a value that was measured."""
    ordered = sorted(times)
    return ordered[ceil(len(ordered) * percent / 100) - 1] if ordered else None


def times_since(times: Times, begin: datetime) -> list[timedelta]:
    """Return how long the jobs took that were asked for since then."""
    return [took for _, asked_at, took in times if asked_at >= begin]
