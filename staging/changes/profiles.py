"""Changes of profiles: revisions of settings; rooms given to them, retirements, returns."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery

from modelsettings.models import EventKind, ModelSettings, ProfileEvent, ReplicateModel
from modelsettings.pinned_schemas import get_schema
from modelsettings.profile_names import SHIPPED, shown_name
from modelsettings.schema.comparison import diff, or_null
from modelsettings.schema.overridable import find_change
from modelsettings.schema.parameters import title_of
from modelsettings.schema.words import value_in_words
from staging.changes.entries import Change, Kind, Line, Wanted, labels_of_models
from staging.changes.sources import Source, previous_rows

_HISTORY = ModelSettings.history
_PAGE = "modelsettings_modelsettings_history"
_NAMING = "clients_may_name"
# A revision is a change of what clients may do where these columns differ, and one of settings
# where the others do, or none: a new profile, one whose predecessor is deleted, one that is alike.
_OF_CLIENTS = ("overridable", _NAMING)
_OF_SETTINGS = ("values", "name")


class Revisions(Source):
    kinds = frozenset({Kind.SETTINGS, Kind.CLIENTS})
    slug = "model__slug"
    shows = (ModelSettings,)

    def rows(self, wanted: Wanted, user: User) -> QuerySet[Any]:
        # The first revision of the profile that comes with a model came with that.
        rows: QuerySet[Any] = _HISTORY.exclude(revision=1, name=SHIPPED)
        # Not the newest of those that are kept: what was changed in between is not this change's.
        before = _HISTORY.filter(id=OuterRef("id"), revision=OuterRef("revision") - 1)
        rows = rows.annotate(was=Subquery(before.values("history_id")[:1]))
        if wanted.kind == Kind.SETTINGS:
            return rows.filter(_differs(*_OF_SETTINGS) | ~_differs(*_OF_CLIENTS))
        if wanted.kind == Kind.CLIENTS:
            return rows.filter(_differs(*_OF_CLIENTS))
        return rows

    def describe(self, rows: Sequence[Any]) -> list[Change]:
        olds = previous_rows(rows, _HISTORY)
        models = labels_of_models({row.model_id for row in rows}) if rows else {}
        return [_describe(row, olds.get(row.was), models[row.model_id]) for row in rows]


def _differs(*columns: str) -> Q:
    """Say that one of these columns is not what it was in the revision before.

    One look into the index of revisions for each row: a profile may have a hundred thousand.
    """
    before = _HISTORY.filter(id=OuterRef("id"), revision=OuterRef("revision") - 1)
    same = Q()
    for name in columns:
        field = _HISTORY.model._meta.get_field(name).clone()
        now = ExpressionWrapper(OuterRef(name), output_field=field)
        before = before.annotate(**{f"now_{name}": now})
        both_unset = Q(**{f"{name}__isnull": True, f"now_{name}__isnull": True})
        same &= Q(**{name: F(f"now_{name}")}) | both_unset
    return Q(Exists(before)) & ~Q(Exists(before.filter(same)))


def _describe(row: Any, old: Any, model: ReplicateModel) -> Change:
    settings = list(_lines(row, old)) if old else []
    clients = list(_lines_of_clients(row, old, model)) if old else []
    done = ""
    if old is None:
        # The first revision, or one whose predecessors have been deleted.
        done = "new profile" if row.revision == 1 else "the revision before is no longer kept"
    elif not settings and not clients:
        done = "saved"
    return Change(
        at=row.history_date,
        by=row.updated_by,
        reason=row.history_change_reason or "",
        kinds=_kinds_of(row, old),
        title=model.label,
        part=f"{shown_name(row.name)}, revision {row.revision}",
        done=done,
        lines=[*settings, *clients],
        model=model.slug,
        page=(_PAGE, row.id),
    )


def _kinds_of(row: Any, old: Any) -> tuple[Kind, ...]:
    """Return the kinds by which `Revisions.rows` finds a revision."""

    def is_changed(columns: Sequence[str]) -> bool:
        return bool(old) and any(getattr(old, name) != getattr(row, name) for name in columns)

    if not is_changed(_OF_CLIENTS):
        return (Kind.SETTINGS,)
    return (Kind.SETTINGS, Kind.CLIENTS) if is_changed(_OF_SETTINGS) else (Kind.CLIENTS,)


def _lines(row: Any, old: Any) -> Iterator[Line]:
    if old.name != row.name:
        words = (shown_name(old.name), shown_name(row.name))
        yield Line("name", "Name", old.name, row.name, words)
    for change in diff(old.values, row.values):
        words = (value_in_words(change.old), value_in_words(change.new))
        values = (or_null(change.old), or_null(change.new))
        yield Line(change.key, title_of(change.key), *values, words)


def _lines_of_clients(row: Any, old: Any, model: ReplicateModel) -> Iterator[Line]:
    if old.clients_may_name != row.clients_may_name:
        yield _yes_or_no(_NAMING, "Clients may name it", old.clients_may_name, row.clients_may_name)
    if model.pinned_schema is None:
        return
    schema = get_schema(model.slug, roles=model.roles, digest=model.pinned_schema.digest)
    found = find_change(old.overridable, row.overridable, schema.parameters.keys())
    if found:
        for key in (*found.allowed, *found.forbidden):
            is_allowed = key in found.allowed
            label = f"Clients may change {title_of(key)}"
            yield _yes_or_no(f"overridable.{key}", label, not is_allowed, is_allowed)


def _yes_or_no(key: str, label: str, old: bool, new: bool) -> Line:  # two values
    said = {True: "yes", False: "no"}
    return Line(key, label, old, new, (said[old], said[new]))


class Events(Source):
    kinds = frozenset({Kind.ROOMS, Kind.RETIRED})
    at = "changed_at"
    by = "changed_by"
    slug = "profile__model__slug"
    shows = (ModelSettings,)

    def rows(self, wanted: Wanted, user: User) -> QuerySet[Any]:
        rows = ProfileEvent.objects.select_related("profile__model")
        if wanted.kind == Kind.ROOMS:
            return rows.filter(kind=EventKind.ROOMS)
        if wanted.kind == Kind.RETIRED:
            return rows.exclude(kind=EventKind.ROOMS)
        return rows

    def describe(self, rows: Sequence[Any]) -> list[Change]:
        return [
            Change(
                at=row.changed_at,
                by=row.changed_by,
                reason=row.reason,
                kinds=(Kind.ROOMS if row.kind == EventKind.ROOMS else Kind.RETIRED,),
                title=row.profile.model.label,
                part=row.profile.shown_name,
                done=_DONE.get(row.kind, ""),
                lines=[
                    Line(room, _room_in_words(room), old, new, (_used(old), _used(new)))
                    for room, (old, new) in row.rooms.items()
                ],
                model=row.profile.model.slug,
                page=(_PAGE, row.profile_id),
            )
            for row in rows
        ]


_DONE = {EventKind.RETIRED.value: "retired", EventKind.RESTORED.value: "taken back into use"}


def _used(name: str | None) -> str:
    return shown_name(name) if name else "the live profile"


def _room_in_words(room: str) -> str:
    return room.replace("_", " ").capitalize()
