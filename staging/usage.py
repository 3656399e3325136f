"""Reports of cost and time, added up from the daily counts by day, project, model and others."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Manager, Max, QuerySet, Sum
from django.utils import timezone

from modelsettings.models import ModelSettings, ReplicateModel
from staging.models import AccountUsage, DailyUsage, Project
from staging.times import Counts, add_up, count_times, count_times_of, percentile

BY = ("day", "project", "model", "profile", "account")
# What was counted before accounts were, or by a release that does not count them.
NOT_KNOWN = "not known"
# Of fewer judged pictures, a share says nothing about the next ones.
ENOUGH_JUDGED = 30
_COUNTED = (
    "succeeded", "failed", "canceled", "unpriced", "pictures", "cost", "seconds", "accepted",
    "rejected", "rejected_cost",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Counts of ended predictions, with their pictures, cost and time.

    `key` names the day, project, model, profile or account that they share. `cost` leaves out the
    `unpriced` predictions, which succeeded at an unknown price. `seconds` run from bought to
    succeeded; so does `median`, which is kept to two digits. `accepted` and `rejected` are the
    pictures' verdicts of today.
    """

    key: str = ""
    label: str = ""
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    unpriced: int = 0
    pictures: int = 0
    cost: Decimal = Decimal(0)
    seconds: float = 0
    accepted: int = 0
    rejected: int = 0
    rejected_cost: Decimal = Decimal(0)
    median: timedelta | None = None

    @property
    def judged(self) -> int:
        return self.accepted + self.rejected

    @property
    def accepted_share(self) -> float | None:
        """The share of the judged pictures that was accepted; None where too few are judged."""
        return self.accepted / self.judged if self.judged >= ENOUGH_JUDGED else None

    @property
    def median_seconds(self) -> float | None:
        return None if self.median is None else self.median.total_seconds()

    @property
    def cost_per_picture(self) -> Decimal | None:
        """The mean cost of a picture, in dollars; None where no price is known.

        Pictures are not counted by price: those of unpriced predictions are left out by the share
        of these predictions.
        """
        priced = self.succeeded - self.unpriced
        if not self.pictures or priced <= 0:
            return None
        return self.cost * self.succeeded / (priced * self.pictures)

    @property
    def seconds_per_picture(self) -> float | None:
        """The mean time from bought to succeeded; to the millisecond, None where none succeeded."""
        return round(self.seconds / self.succeeded, 3) if self.succeeded else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Rows in the order of reading: days in sequence, anything else by falling cost."""

    by: str
    since: date
    until: date
    rows: list[Usage]
    total: Usage


def midnight(day: date) -> datetime:
    """Return the time at which a day begins in TIME_ZONE."""
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def report_usage(
    *,
    by: str,
    since: date,
    until: date,
    projects: QuerySet[Project] | None = None,
) -> Report:
    """Add up the days from `since` to `until`, both included, in all projects or some.

    It takes four queries at most. Deleted projects and accounts appear under their last name.
    """
    counted = _counted(DailyUsage.objects, since=since, until=until, projects=projects)
    column = by if by == "day" else f"{by}_id"
    times = count_times(column, since=since, until=until, projects=projects)
    if by == "account":
        named = _counted(AccountUsage.objects, since=since, until=until, projects=projects)
        rows = _by_account(named, whole=counted, times=times)
        return Report(by=by, since=since, until=until, rows=rows, total=_total(rows, times))
    sums = counted.values(column).annotate(
        name=Max("project_name"), **{f"sum_{name}": Sum(name) for name in _COUNTED}
    )
    found = list(sums)
    labels = _names(by, {row[column]: row["name"] for row in found})
    rows = [
        Usage(
            key=labels[row[column]].key,
            label=labels[row[column]].label,
            median=percentile(times.get(row[column], {})),
            **{name: row[f"sum_{name}"] for name in _COUNTED},
        )
        for row in found
    ]
    if by == "day":
        rows.sort(key=lambda row: row.key)
    else:
        rows.sort(key=lambda row: (-row.cost, -row.pictures, row.label))
    return Report(by=by, since=since, until=until, rows=rows, total=_total(rows, times))


def usage_of_profile(profile: int) -> Usage:
    """Add up all that ran with a profile, by its primary key. It takes two queries."""
    summed = {f"sum_{name}": Sum(name) for name in _COUNTED}
    sums = DailyUsage.objects.filter(profile=profile).aggregate(**summed)
    counted: dict[str, Any] = {name: sums[f"sum_{name}"] or 0 for name in _COUNTED}
    return Usage(median=percentile(count_times_of(profile)), **counted)


def _counted(
    rows: "Manager[Any]", *, since: date, until: date, projects: QuerySet[Project] | None
) -> QuerySet[Any]:
    """Return the counts of some days, in all projects or some."""
    counted = rows.filter(day__range=(since, until)).order_by()
    if projects is None:
        return counted
    return counted.filter(project__in=projects.order_by().values("pk"))


def _by_account(
    named: QuerySet[AccountUsage], *, whole: QuerySet[DailyUsage], times: Mapping[int, Counts]
) -> list[Usage]:
    """Return a row for each account, and one for what is counted without an account."""
    summed = {f"sum_{name}": Sum(name) for name in _COUNTED}
    found: list[Any] = list(named.values("account_id").annotate(name=Max("account_name"), **summed))
    users = User.objects.filter(pk__in=[row["account_id"] for row in found])
    names = dict(users.values_list("pk", "username"))
    rows = [
        Usage(
            key=names.get(row["account_id"], row["name"]),
            label=names.get(row["account_id"], f"{row['name']} (deleted)"),
            median=percentile(times.get(row["account_id"], {})),
            **{name: row[f"sum_{name}"] for name in _COUNTED},
        )
        for row in found
    ]
    rows.sort(key=lambda row: (-row.cost, -row.pictures, row.label))
    of_accounts, all_sums = _total(rows, times), whole.aggregate(**summed)
    rest = {name: (all_sums[f"sum_{name}"] or 0) - getattr(of_accounts, name) for name in _COUNTED}
    is_some = rest["succeeded"] or rest["failed"] or rest["canceled"]
    return [*rows, Usage(label=NOT_KNOWN, **rest)] if is_some else rows


def every_day(report: Report) -> list[Usage]:
    """Return the rows of a report by day, with empty rows for days on which nothing ended."""
    known = {row.key: row for row in report.rows}
    count = (report.until - report.since).days + 1
    days = [str(report.since + timedelta(days=number)) for number in range(count)]
    return [known.get(day, Usage(key=day, label=day)) for day in days]


def _total(rows: Iterable[Usage], times: Mapping[Any, Counts]) -> Usage:
    sums: dict[str, Any] = {
        name: sum((getattr(row, name) for row in rows), getattr(Usage(), name)) for name in _COUNTED
    }
    median = percentile(add_up(times.values()))
    return Usage(label="Total", median=median, **sums)


@dataclass(frozen=True, slots=True)
class _Name:
    """The name of a row's day, project, model or profile: `key` for the API, `label` for people."""

    key: str
    label: str


def _names(by: str, names: dict[Any, str]) -> dict[Any, _Name]:
    """Return the names of rows by their column's value.

    `names` has those values as keys; its values are the projects' names as they were counted.
    """
    if by == "day":
        return {day: _Name(str(day), str(day)) for day in names}
    if by == "project":
        labels = {pk: f"{name} (deleted)" for pk, name in names.items()} | _projects(names)
        return {pk: _Name(str(pk), label) for pk, label in labels.items()}
    if by == "model":
        models = ReplicateModel.objects.filter(pk__in=names).values_list("pk", "slug", "label")
        return {pk: _Name(slug, label) for pk, slug, label in models}
    profiles = ModelSettings.objects.filter(pk__in=names).select_related("model")
    return {
        profile.pk: _Name(
            f"{profile.model.slug} {profile.name}",
            f"{profile.model.label}: {profile.shown_name}",
        )
        for profile in profiles
    }


def _projects(keys: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the names of existing projects; an Unsorted is named with its owner."""
    found = Project.objects.filter(pk__in=keys)
    rows = found.values_list("pk", "name", "is_unsorted", "owner__username")
    return {key: f"{name} of {owner}" if own else name for key, name, own, owner in rows}
