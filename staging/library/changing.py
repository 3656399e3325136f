"""Changes of rows of the prompt library, all with their author and reason."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.apps import apps
from django.apps.registry import Apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, models, transaction
from simple_history.utils import bulk_create_with_history

from modelsettings.actors import Actor
from modelsettings.errors import FieldsRefused, RequestRefused
from modelsettings.guards import settings_write
from staging import prompts
from staging.models import PromptRules, PromptTemplate, RoomType, Style
from staging.models.library import Entry

LIBRARY = Actor.system("library")
LONGEST_TEXT = 4000
# Positions: shipped rows stand ten apart, before rows that operators add; "any room" stands last.
LAST = 1000

Row = TypeVar("Row", bound=Entry)

KEY_RULE = "small letters, digits, - and _, a letter first"
check_key = RegexValidator(r"\A[a-z][a-z0-9_-]*\Z", f"Write {KEY_RULE}.")
# The columns that identify a row.
_FIXED = {"key", "room_type", "style", "is_outside"}


class LibraryRefused(FieldsRefused):
    """A row or a change that breaks the library's rules; the message says which, by field."""


class ChangeNotFound(RequestRefused):
    """A change that is not in the row's history."""

    status = 404


class StaleEntry(RequestRefused):
    """A change that started from an older state of its row; `newest` is the change since."""

    status = 409
    code = "changed_meanwhile"

    def __init__(self, newest: Any) -> None:
        self.newest = newest
        self.by: str = newest.updated_by
        self.at: datetime = newest.history_date
        super().__init__(f"{self.by} changed this meanwhile, so nothing was saved.")


def newest_change(entry: Entry) -> Any:
    """Return the newest row of an entry's history; its `pk` is the `started_from` of a change."""
    return _history_of(entry).first()


def find_change(entry: Entry, change: int) -> Any:
    """Return one row of an entry's history, or None."""
    return _history_of(entry).filter(pk=change).first()


def list_changes(entry: Entry, *, before: int | None = None, most: int = 20) -> list[Any]:
    """Return up to `most` + 1 rows of an entry's history, the newest first.

    The last of `most` + 1 rows says that there are more.
    """
    rows = _history_of(entry)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows[: most + 1])


def text_fields(model: type[Entry]) -> list[str]:
    """Return the names of the fields that can be changed in rows of this kind, in order."""
    names = [field.name for field in model._meta.fields if not field.primary_key]
    return [name for name in names if name != "updated_by" and not _is_fixed(model, name)]


def create_entry(entry: Row, *, by: Actor, reason: str = "") -> Row:
    """Store a new row with its first change. Raises LibraryRefused."""
    _check(entry)
    _sign(entry, by=by, reason=reason)
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as error:
        sentence = "Another person has just made this: open the one that is there."
        raise LibraryRefused({"": [sentence]}) from error
    return entry


@transaction.atomic
def change_entry(
    entry: Row, values: Mapping[str, Any], *, by: Actor, reason: str = "", started_from: int
) -> bool:
    """Change a row; say whether anything changed. Equal values leave no history.

    `started_from` is the newest change that the author has seen. Raises StaleEntry where there is a
    later one, and LibraryRefused.
    """
    # Locked before its newest change is read: of two changes that start from the same state, the
    # second waits here, and then finds the first.
    row = type(entry)._default_manager.select_for_update().get(pk=entry.pk)
    newest = newest_change(row)
    if newest.pk != started_from:
        raise StaleEntry(newest)
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed:
        return False
    for name, value in changed.items():
        if _is_fixed(type(row), name):
            raise LibraryRefused({name: ["This cannot be changed: make another instead."]})
        setattr(row, name, value)
    _check(row)
    _sign(row, by=by, reason=reason)
    row.save()
    return True


def roll_back(entry: Entry, change: int, *, by: Actor, reason: str = "", started_from: int) -> bool:
    """Give a row the values that it had after an earlier change, as a new change.

    Raises ChangeNotFound, StaleEntry and LibraryRefused.
    """
    then = find_change(entry, change)
    if then is None:
        raise ChangeNotFound("There is no such change.")
    values = {name: getattr(then, name) for name in text_fields(type(entry))}
    at = f"{then.history_date:%Y-%m-%d %H:%M} UTC"
    reason = reason or f"Back to what it was on {at}."
    return change_entry(entry, values, by=by, reason=reason, started_from=started_from)


@transaction.atomic
def load_library() -> int:
    """Make the shipped rows that are missing; return how many. Other rows are left as they are."""
    shipped = prompts.read_shipped()
    rules = [
        PromptRules(is_outside=place is shipped.outside, **_fields(place))
        for place in (shipped.inside, shipped.outside)
    ]
    rooms = [
        RoomType(key=key, position=_place(key, at), **_fields(room))
        for at, (key, room) in enumerate(shipped.rooms.items(), 1)
    ]
    styles = [
        Style(key=key, position=_place(key, at), **_fields(style))
        for at, (key, style) in enumerate(shipped.styles.items(), 1)
    ]
    return (
        _make_missing(PromptRules, rules, by="is_outside")
        + _make_missing(RoomType, rooms, by="key")
        + _make_missing(Style, styles, by="key")
    )


def load_library_after_migrate(**options: Any) -> None:
    """Load the library if its tables are today's: `migrate` may have stopped at an older state."""
    migrated = options.get("apps") or apps
    tables = (PromptRules, RoomType, Style)
    ours = [*tables, *(table.history.model for table in tables)]
    if all(_is_current(model, migrated) for model in ours):
        load_library()


def _is_current(model: type[models.Model], migrated: Apps) -> bool:
    try:
        state = migrated.get_model(model._meta.label)
    except LookupError:
        return False
    migrated_columns = {field.name for field in state._meta.fields}
    return migrated_columns == {field.name for field in model._meta.fields}


def _make_missing(model: type[Row], shipped: list[Row], *, by: str) -> int:
    there = set(model._default_manager.values_list(by, flat=True))
    missing = [row for row in shipped if getattr(row, by) not in there]
    if missing:
        reason = f"Created by {LIBRARY.name}."
        with settings_write():
            bulk_create_with_history(missing, model, default_change_reason=reason)
    return len(missing)


def _fields(words: prompts.Rules | prompts.Room | prompts.Style) -> dict[str, Any]:
    return {name: getattr(words, name) for name in words.__slots__}


def _place(key: str, at: int) -> int:
    return LAST if key == prompts.DEFAULT_ROOM else at * 10


def _history_of(entry: Entry) -> Any:
    return type(entry).history.filter(id=entry.pk).order_by("-history_id")  # type: ignore[attr-defined]  # each kind has one


def _is_fixed(model: type[Entry], name: str) -> bool:
    # `is_outside` of a room can be corrected; of rules it is their identity.
    return name in _FIXED and not (model is RoomType and name == "is_outside")


def _sign(entry: Entry, *, by: Actor, reason: str) -> None:
    entry.updated_by = by.name
    entry._history_user = by.user
    entry._change_reason = reason


def _check(entry: Entry) -> None:
    """Raise LibraryRefused for a row that the library may not hold."""
    wrong: dict[str, list[str]] = {}
    for field in entry._meta.fields:
        text = getattr(entry, field.attname)
        if isinstance(field, models.TextField) and len(text) > LONGEST_TEXT:
            wrong[field.name] = [
                f"Write at most {LONGEST_TEXT:,} characters: these are {len(text):,}."
            ]
    key = getattr(entry, "key", None)
    if key is not None:
        try:
            check_key(key)
        except ValidationError as error:
            wrong["key"] = error.messages
    if wrong:
        raise LibraryRefused(wrong)
    # An empty furnishing is allowed: the pair has gone back to the words of room and style.
    exclude = {"furnishing"} if isinstance(entry, PromptTemplate) else None
    try:
        entry.full_clean(exclude=exclude)
    except ValidationError as error:
        found = error.message_dict
        raise LibraryRefused(
            {"" if name == NON_FIELD_ERRORS else name: found[name] for name in found}
        ) from error
