"""Changes of models: the live profile, the default, price, inputs' roles, whether it is used."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Case, Q, QuerySet, Value, When

from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.profile_names import shown_name
from modelsettings.templatetags.restage import price_in_words
from staging.changes.entries import Change, Kind, Line, Wanted
from staging.changes.sources import Source, differs, previous_rows, with_previous

_HISTORY = ReplicateModel.history
# The columns of each kind, beside the default, whose change has two rows.
_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.LIVE: ("live_profile",),
    Kind.ENABLED: ("is_enabled",),
    Kind.PRICE: ("price",),
    Kind.ROLES: ("roles",),
    Kind.CLIENTS: ("clients_may_name",),
    Kind.MODEL: ("label", "description", "position", "pinned_schema"),
}
# A release before wrote a model's first row without its profile.
_FIRST_IS_NO_CHANGE = ("live_profile", "pinned_schema")
_LABELS = {
    "is_enabled": "Enabled",
    "clients_may_name": "Clients may name it",
    "label": "Name",
    "description": "Description",
    "position": "Place in lists",
}
_ROLES = {"image": "Input of the photo", "prompt": "Input of the prompt"}
_YES = {True: "yes", False: "no"}
# Rows of history, by their time and by whether the model is the default from then on.
_Others = Mapping[tuple[datetime, bool], Any]


class Models(Source):
    kinds = frozenset({Kind.DEFAULT, *_COLUMNS})
    slug = "slug"
    # Settings say which profile is live, too.
    shows = (ReplicateModel, ModelSettings)

    def rows(self, wanted: Wanted, user: User) -> QuerySet[Any]:
        columns = _COLUMNS.get(wanted.kind, ()) if wanted.kind else ()
        if wanted.kind == Kind.MODEL:
            columns = tuple(name for names in _COLUMNS.values() for name in names)
        rows = with_previous(_HISTORY.all(), _HISTORY, "is_default", *columns)
        if not wanted.model:
            # A choice of another default is shown once, as that of the model that was chosen.
            was_none = Q(was_is_default=False) | Q(was_is_default__isnull=True)
            rows = rows.filter(was_none | Q(is_default=True))
        if wanted.kind is None:
            return rows
        if wanted.kind == Kind.MODEL:
            others = _changes_of(*(self.kinds - {Kind.MODEL}))
            # A row that is of no other kind is of this, too: a model added, or saved as it was.
            is_other = Case(When(others, then=Value(value=True)), default=Value(value=False))
            marked: QuerySet[Any] = rows.annotate(is_other=is_other)
            return marked.filter(_changes_of(Kind.MODEL) | Q(is_other=False))
        return rows.filter(_changes_of(wanted.kind))

    def describe(self, rows: Sequence[Any]) -> list[Change]:
        olds = previous_rows(rows, _HISTORY)
        pairs = [(row, olds.get(row.was)) for row in rows]
        others = _other_models([row for row, old in pairs if old and _is_of_default(row, old)])
        live = {
            key
            for row, old in pairs
            if old and old.live_profile_id != row.live_profile_id
            for key in (row.live_profile_id, old.live_profile_id)
            if key
        }
        profiles = ModelSettings.objects.in_bulk(live) if live else {}
        names = {key: profile.name for key, profile in profiles.items()}
        return [_describe(row, old, names=names, others=others) for row, old in pairs]


def _changes_of(*kinds: Kind) -> Q:
    """Say that a row with its `was_…` is a change of one of these kinds."""
    found = Q(pk__in=[])
    for kind in kinds:
        for column in _COLUMNS.get(kind, ("is_default",)):
            changed = differs(column)
            if column in _FIRST_IS_NO_CHANGE:
                changed &= Q(**{f"was_{column}__isnull": False})
            found |= changed
    return found


def _is_of_default(row: Any, old: Any) -> bool:
    return bool(row.is_default != old.is_default)


def _other_models(rows: Sequence[Any]) -> _Others:
    """Return the models that a choice of default chose or left, by its time."""
    if not rows:
        return {}
    found = _HISTORY.filter(history_date__in={row.history_date for row in rows})
    return {(row.history_date, row.is_default): row for row in found}


def _describe(row: Any, old: Any, *, names: Mapping[int, str], others: _Others) -> Change:
    lines = list(_lines(row, old, names=names, others=others)) if old else []
    kinds = dict.fromkeys(kind for kind, _ in lines) or {Kind.MODEL: None}
    done = ""
    if old is None:
        done = "added"
    elif not lines:
        done = "saved"
    return Change(
        at=row.history_date,
        by=row.updated_by or (row.history_user.get_username() if row.history_user else "unknown"),
        reason=row.history_change_reason or "",
        kinds=tuple(kinds),
        title=row.label,
        done=done,
        lines=[line for _, line in lines],
        model=row.slug,
        page=("modelsettings_replicatemodel_change", row.id),
    )


def _lines(
    row: Any, old: Any, *, names: Mapping[int, str], others: _Others
) -> Iterator[tuple[Kind, Line]]:
    if old.live_profile_id and old.live_profile_id != row.live_profile_id:
        was, now = names.get(old.live_profile_id), names.get(row.live_profile_id)
        words = (shown_name(was) if was else "none", shown_name(now) if now else "none")
        yield Kind.LIVE, Line("live_profile", "Live profile", was, now, words)
    if _is_of_default(row, old):
        other = others.get((row.history_date, not row.is_default))
        yield Kind.DEFAULT, _line_of_default(row, other)
    for name in ("is_enabled", "clients_may_name"):
        was, now = getattr(old, name), getattr(row, name)
        if was != now:
            kind = Kind.ENABLED if name == "is_enabled" else Kind.CLIENTS
            yield kind, Line(name, _LABELS[name], was, now, (_YES[was], _YES[now]))
    if old.price != row.price:
        words = (price_in_words(old.price), price_in_words(row.price))
        yield Kind.PRICE, Line("price", "Price", old.price, row.price, words)
    for role in dict.fromkeys([*old.roles, *row.roles]):
        was, now = old.roles.get(role), row.roles.get(role)
        if was != now:
            label = _ROLES.get(role, f"Input of the {role}")
            yield Kind.ROLES, Line(f"roles.{role}", label, was, now, (was or "none", now or "none"))
    for name in ("label", "description", "position"):
        was, now = getattr(old, name), getattr(row, name)
        if was != now:
            yield Kind.MODEL, Line(name, _LABELS[name], was, now)
    if old.pinned_schema_id and old.pinned_schema_id != row.pinned_schema_id:
        yield (
            Kind.MODEL,
            Line("schema", "Published schema", None, None, ("an earlier one", "read anew")),
        )


def _line_of_default(row: Any, other: Any) -> Line:
    """Say which model was the default, and which is: this row's is the one or the other."""
    old, new = (other, row) if row.is_default else (row, other)
    values = (old.slug if old else None, new.slug if new else None)
    words = (old.label if old else "none", new.label if new else "none")
    return Line("is_default", "Default for staging", *values, words)
