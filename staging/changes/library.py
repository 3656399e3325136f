"""Changes of the prompt library: rooms, styles, furnishings and rules."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.text import capfirst

from staging.changes.entries import Change, Kind, Line, Wanted
from staging.changes.sources import Source, previous_rows, with_previous
from staging.library.changing import text_fields
from staging.models import PromptRules, PromptTemplate, RoomType, Style
from staging.models.library import Entry

_LABELS = {"is_outside": "Outside", "is_active": "Can be asked for"}
_YES = {True: "yes", False: "no"}


class Entries(Source):
    """The rows of one kind of the library."""

    related: tuple[str, ...] = ()

    def __init__(self, table: type[Entry], kind: Kind, *related: str) -> None:
        self.table, self.kind, self.related = table, kind, related
        self.history: Any = table.history  # type: ignore[attr-defined]  # each kind has one
        self.kinds = frozenset({kind})  # type: ignore[misc]  # of this one
        self.shows = (table,)  # type: ignore[misc]  # of this one

    def rows(self, wanted: Wanted, user: User) -> QuerySet[Any]:
        rows: QuerySet[Any] = with_previous(self.history.all(), self.history)
        return rows.select_related(*self.related) if self.related else rows

    def describe(self, rows: Sequence[Any]) -> list[Change]:
        olds = previous_rows(rows, self.history)
        return [self._describe(row, olds.get(row.was)) for row in rows]

    def _describe(self, row: Any, old: Any) -> Change:
        return Change(
            at=row.history_date,
            by=row.updated_by,
            reason=row.history_change_reason or "",
            kinds=(self.kind,),
            title=self._title_of(row),
            done="" if old else "added",
            lines=self._lines(row, old) if old else [],
            page=(f"staging_{self.table._meta.model_name}_history", row.id),
        )

    def _title_of(self, row: Any) -> str:
        if self.table is PromptTemplate:
            return f"{row.room_type}, {row.style}"
        if self.table is PromptRules:
            return "Outside" if row.is_outside else "Inside"
        return str(row.label)

    def _lines(self, row: Any, old: Any) -> list[Line]:
        fields = {field.name: field for field in self.table._meta.fields}
        return [
            Line(
                name,
                _LABELS.get(name) or str(capfirst(fields[name].verbose_name)),
                was,
                now,
                (_in_words(was), _in_words(now)),
            )
            for name in text_fields(self.table)
            if (was := getattr(old, name)) != (now := getattr(row, name))
        ]


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _YES[value]
    return "empty" if value == "" else str(value)


ENTRIES = (
    Entries(RoomType, Kind.ROOM),
    Entries(Style, Kind.STYLE),
    Entries(PromptTemplate, Kind.PROMPT, "room_type", "style"),
    Entries(PromptRules, Kind.RULES),
)
