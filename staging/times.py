"""Medians of how long predictions ran, from bought to succeeded, by the counts of each day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from math import ceil
from typing import Any

from django.db.models import QuerySet, Sum

from staging.models import DailyTime, Project

# The number of predictions by how many milliseconds they ran, to two digits.
Counts = Mapping[int, int]


def count_times(
    *columns: str, since: date, until: date, projects: QuerySet[Project] | None = None
) -> dict[Any, Counts]:
    """Return the counts of a period by some columns, in one query: `count_times("model_id", …)`.

    The keys are values of the column; of several columns, tuples of them.
    """
    rows = DailyTime.objects.filter(day__range=(since, until)).order_by()
    if projects is not None:
        rows = rows.filter(project__in=projects.order_by().values("pk"))
    summed = rows.values(*columns, "took_ms").annotate(all_of_them=Sum("number"))
    found: dict[Any, dict[int, int]] = defaultdict(dict)
    for *key, took_ms, number in summed.values_list(*columns, "took_ms", "all_of_them"):
        found[key[0] if len(key) == 1 else tuple(key)][took_ms] = number
    return dict(found)


def count_times_of(profile: int) -> Counts:
    """Return the counts of all days of a profile, by its primary key."""
    rows = DailyTime.objects.filter(profile=profile).order_by().values("took_ms")
    return dict(rows.annotate(all_of_them=Sum("number")).values_list("took_ms", "all_of_them"))


def add_up(counts: Iterable[Counts]) -> Counts:
    """Return the counts of all.

    >>> add_up([{9400: 1}, {9400: 2, 12000: 1}])
    {9400: 3, 12000: 1}
    """
    total: dict[int, int] = {}
    for part in counts:
        for took_ms, number in part.items():
            total[took_ms] = total.get(took_ms, 0) + number
    return total


def percentile(counts: Counts, percent: int = 50) -> timedelta | None:
    """Return the percentile by nearest rank, so always a time that was counted; None of none.

    >>> percentile({9400: 3, 12000: 1})
    datetime.timedelta(seconds=9, microseconds=400000)
    """
    rank = ceil(sum(counts.values()) * percent / 100)
    for took_ms in sorted(counts):
        rank -= counts[took_ms]
        if rank <= 0:
            return timedelta(milliseconds=took_ms)
    return None
