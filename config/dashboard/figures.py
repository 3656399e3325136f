"""Figures of the last days: sums of predictions by day, and how long they ran.

All of them come from the sums of days (DailyUsage, DailyTime), however many jobs there are.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from django.db.models import QuerySet, Sum

from staging.access import rows_in
from staging.models import DailyUsage, Project
from staging.times import Counts, count_times

DAYS = 7
SUMS = ("succeeded", "failed", "canceled", "unpriced", "pictures", "cost")

# The projects that are counted; None: all.
Projects = QuerySet[Project] | None
# Pairs of a model's primary key and a day of that model.
Usage = list[tuple[int, "Day"]]
# For a model's primary key and a day: how many predictions ran how long.
Times = dict[tuple[int, date], Counts]


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
    """Return how long the predictions of the last days ran, by model and day."""
    first = today - timedelta(days=DAYS - 1)
    return count_times("model_id", "day", since=first, until=today, projects=projects)


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
