"""A table of history as a source of changes: its filtered rows after a place, the newest first."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db.models import F, Model, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from modelsettings.actors import CATALOG
from staging import access
from staging.changes.entries import Change, Kind, Place, Wanted
from staging.library.changing import LIBRARY

SHIPPED = (CATALOG.name, LIBRARY.name)
# The years that all databases can compare with.
_FIRST_YEAR, _LAST_YEAR = 1901, 2999


class Source(ABC):
    """One table; `at` and `by` name its columns of time and author."""

    kinds: ClassVar[frozenset[Kind]]
    at: ClassVar[str] = "history_date"
    by: ClassVar[str] = "updated_by"
    # Leads from a row to its model's slug; None: its rows are of no model.
    slug: ClassVar[str | None] = None
    # The tables whose rows a user has to see; one of them is enough.
    shows: ClassVar[tuple[type[Model], ...]]
    # The API shows a project to its owner and members alone, and neither limits nor its rules.
    is_of_api: ClassVar[bool] = True

    @abstractmethod
    def rows(self, wanted: Wanted, user: User) -> QuerySet[Any]:
        """Return all rows that are changes, of the wanted kind."""

    @abstractmethod
    def describe(self, rows: Sequence[Any]) -> list[Change]:
        """Return the change that each row records, in as many queries for one as for many."""

    def is_for(self, wanted: Wanted, user: User) -> bool:
        """Say whether rows of this source may be among those that are wanted."""
        if wanted.kind is not None and wanted.kind not in self.kinds:
            return False
        if wanted.model and self.slug is None:
            return False
        return any(access.may_view(user, table) for table in self.shows)

    def take(
        self, wanted: Wanted, user: User, *, rank: int, after: Place | None, most: int
    ) -> list[Any]:
        """Return up to `most` rows that come after a place, in order."""
        rows = self.rows(wanted, user)
        if wanted.by:
            rows = rows.filter(**{self.by: wanted.by})
        elif not wanted.with_shipped:
            rows = rows.exclude(**{f"{self.by}__in": SHIPPED})
        if wanted.model and self.slug:
            rows = rows.filter(**{self.slug: wanted.model})
        if wanted.day:
            if not _FIRST_YEAR <= wanted.day.year <= _LAST_YEAR:
                return []
            begin = timezone.make_aware(datetime.combine(wanted.day, time.min))
            end = timezone.make_aware(datetime.combine(wanted.day + timedelta(days=1), time.min))
            rows = rows.filter(**{f"{self.at}__gte": begin, f"{self.at}__lt": end})
        if after is not None:
            rows = rows.filter(self._after(after, rank))
        return list(rows.order_by(f"-{self.at}", "-pk")[:most])

    def place_of(self, row: Any, rank: int) -> Place:
        return Place(getattr(row, self.at), rank, row.pk)

    def _after(self, place: Place, rank: int) -> Q:
        earlier = Q(**{f"{self.at}__lt": place.at})
        if rank < place.rank:
            return earlier
        same = Q(**{self.at: place.at})
        return earlier | (same & Q(pk__lt=place.pk) if rank == place.rank else same)


def with_previous(rows: QuerySet[Any], history: Any, *columns: str) -> QuerySet[Any]:
    """Annotate rows of history with the key of the row before, and `was_…` of some columns."""
    before = history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
    newest = before.order_by("-history_id")
    wanted = {"was": "history_id", **{f"was_{name}": name for name in columns}}
    found: dict[str, Any] = {
        alias: Subquery(newest.values(name)[:1]) for alias, name in wanted.items()
    }
    annotated: QuerySet[Any] = rows.annotate(**found)
    return annotated


def differs(column: str) -> Q:
    """Say that a column is not what it was; a row without a row before differs in nothing."""
    same = Q(**{column: F(f"was_{column}")})
    both = Q(**{f"{column}__isnull": False, f"was_{column}__isnull": False})
    one = Q(**{f"{column}__isnull": True, f"was_{column}__isnull": False})
    other = Q(**{f"{column}__isnull": False, f"was_{column}__isnull": True})
    return Q(was__isnull=False) & ((both & ~same) | one | other)


def previous_rows(rows: Sequence[Any], history: Any) -> dict[int, Any]:
    """Return the rows before, by their keys."""
    keys = [row.was for row in rows if row.was]
    return {row.pk: row for row in history.filter(pk__in=keys)} if keys else {}
