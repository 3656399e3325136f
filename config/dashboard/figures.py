"""Figures of the last days: sums of predictions by day, and how long jobs took.

Counts come from the sums of days (DailyUsage). Of jobs at most MOST are read, the newest first.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil

from django.db.models import QuerySet, Sum

from staging.access import rows_in
from staging.models import DailyUsage, JobStatus, Project, StagingJob
from staging.usage import midnight

MOST = 1000
DAYS = 7
SUMS = ("succeeded", "failed", "canceled", "unpriced", "pictures", "cost")

# The projects that are counted; None: all.
Projects = QuerySet[Project] | None
# Pairs of a model's primary key and a day of that model.
Usage = list[tuple[int, "Day"]]
# For each job: the primary key of its model, when it was asked for, how long it took.
Times = list[tuple[int, datetime, timedelta]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The predictions that ended on a day, by how they ended; of one model or of all."""

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
        """The share of successes, canceled predictions left out: `99.2 %`."""
        tried = self.succeeded + self.failed
        if not tried:
            return "–"
        # Never rounded up to 100 % while there is a failure.
        shown = min(99.9, 100 * self.succeeded / tried) if self.failed else 100
        return f"{shown:.3g} %"


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the small chart, its height in percent of the highest."""

    day: date
    ended: int
    height: int


def usage_of(today: date, *, projects: Projects = None) -> Usage:
    """Return the last days by model. Reads one row for each day, project and profile."""
    first = today - timedelta(days=DAYS - 1)
    rows = DailyUsage.objects.filter(day__gte=first).order_by()
    if projects is not None:
        rows = rows_in(rows, projects)
    found = rows.values("model_id", "day").annotate(**{f"all_{name}": Sum(name) for name in SUMS})
    columns = found.values_list("model_id", "day", *(f"all_{name}" for name in SUMS))
    return [
        (model, Day(day=day, **dict(zip(SUMS, sums, strict=True)))) for model, day, *sums in columns
    ]


def times_of(today: date, *, projects: Projects = None) -> Times:
    """Return how long the newest succeeded jobs of the last days took.

    Reads along the index job_by_status.
    """
    first = midnight(today - timedelta(days=DAYS - 1))
    rows = StagingJob.objects.filter(
        status=JobStatus.SUCCEEDED, created_at__gte=first, finished_at__isnull=False
    ).order_by("-created_at")
    if projects is not None:
        rows = rows_in(rows, projects)
    found = rows.values_list("model_id", "created_at", "finished_at")[:MOST]
    return [(model, begin, end - begin) for model, begin, end in found if end]


def add_up(day: date, usage: Iterable[Day]) -> Day:
    """Add up a day over all models."""
    days = [of_model for of_model in usage if of_model.day == day]
    return Day(
        day=day,
        succeeded=sum(of_model.succeeded for of_model in days),
        failed=sum(of_model.failed for of_model in days),
        canceled=sum(of_model.canceled for of_model in days),
        unpriced=sum(of_model.unpriced for of_model in days),
        pictures=sum(of_model.pictures for of_model in days),
        cost=sum((of_model.cost for of_model in days), Decimal(0)),
    )


def bars_of(today: date, usage: Usage) -> list[Bar]:
    """Return how many predictions ended on each of the last days, the oldest first."""
    ended: dict[date, int] = defaultdict(int)
    for _, of_model in usage:
        ended[of_model.day] += of_model.ended
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    highest = max((ended[day] for day in days), default=0) or 1
    return [Bar(day, ended[day], ceil(100 * ended[day] / highest)) for day in days]


def percentile(times: Sequence[timedelta], percent: int) -> timedelta | None:
    """Return the percentile by nearest rank, so always a value that was measured; None of none."""
    ordered = sorted(times)
    return ordered[ceil(len(ordered) * percent / 100) - 1] if ordered else None


def times_since(times: Times, begin: datetime) -> list[timedelta]:
    """Return how long the jobs took that were asked for at `begin` or later."""
    return [took for _, asked_at, took in times if asked_at >= begin]
