"""The comparison of any two revisions: of one profile, of two, of one model or of two."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest

from modelsettings.models import ModelSettings
from modelsettings.schema.comparison import MISSING, Change, Unset
from modelsettings.schema.overridable import OverridableChange
from modelsettings.settings import StoredSettings, history, read_profile

# The newest revisions that a select offers; older ones are chosen in the history.
MOST_REVISIONS = 100


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a select; `is_chosen` says that the page shows it."""

    value: int
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared; `title` names it above its column."""

    profile: ModelSettings
    stored: StoredSettings
    revision: int
    title: str
    revisions: list[Option]
    # The profiles of all models, by the model's name.
    profiles: list[tuple[str, list[Option]]]

    @property
    def name(self) -> str:
        return f"{self.profile.model.label}: {self.profile.shown_name}, all revisions"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, with what differs; what clients may change is compared within one model only."""

    old: Side
    new: Side
    changes: list[Change]
    overridable: OverridableChange | None

    @property
    def is_of_one_profile(self) -> bool:
        return self.old.profile.pk == self.new.profile.pk


def compare(request: HttpRequest, profile: ModelSettings) -> Comparison:
    """Compare what the address names; else the profile with the live one, or its last change.

    `?of=` and `?with=` are profiles, `?old=` and `?new=` their revisions. A revision of a profile
    that was exchanged in the form (`was_of`, `was_with`) is none of the other's: that one's newest
    counts. Raises history.RevisionNotFound.
    """
    numbers = {name: _number(request.GET[name]) for name in request.GET}
    asked = {name: number for name, number in numbers.items() if number is not None}
    rows = {row.pk: row for row in _rows()}
    old = rows.get(asked.get("of") or 0, profile)
    is_free = not asked.keys() & {"of", "with", "old", "new"}
    live = rows.get(profile.model.live_profile_id or 0, profile)
    new = rows.get(asked.get("with") or 0, live if is_free else profile)
    was_of, was_with = asked.get("was_of"), asked.get("was_with")
    to = _revision(new, asked.get("new"), was=was_with)
    # The revisions of one profile were before and after a change, which is no more asked about.
    is_parted = was_of is not None and was_of == was_with and old.pk != new.pk
    since = _revision(old, None if is_parted else asked.get("old"), was=was_of)
    if old.pk == new.pk and "old" not in asked:
        since = max(1, to - 1)
    left, right = read_profile(old.pk), read_profile(new.pk)
    is_one_model = old.model_id == new.model_id
    keys = [*right.schema.parameters, *left.schema.parameters]
    found = history.compare(old.pk, since, to, other_profile=new.pk, keys=list(dict.fromkeys(keys)))
    return Comparison(
        old=_side(old, left, since, rows=rows.values(), is_one_model=is_one_model),
        new=_side(new, right, to, rows=rows.values(), is_one_model=is_one_model),
        changes=[_with_missing(change, left, right) for change in found.changes],
        overridable=found.overridable if is_one_model else None,
    )


def _rows() -> Iterable[ModelSettings]:
    rows = ModelSettings.objects.select_related("model").defer("values", "overridable")
    return rows.order_by("model__position", "model__slug", "name")


def _side(
    profile: ModelSettings,
    stored: StoredSettings,
    revision: int,
    *,
    rows: Iterable[ModelSettings],
    is_one_model: bool,
) -> Side:
    name = f"{profile.shown_name}, revision {revision}"
    return Side(
        profile=profile,
        stored=stored,
        revision=revision,
        title=name if is_one_model else f"{profile.model.label}: {name}",
        revisions=_revisions(profile, chosen=revision),
        profiles=_by_model(rows, chosen=profile.pk),
    )


def _revisions(profile: ModelSettings, *, chosen: int) -> list[Option]:
    page = history.list_revisions(profile.pk, most=MOST_REVISIONS)
    options = [
        Option(
            row.revision,
            f"{row.revision}, {row.changed_at:%-d %b %Y}, {row.changed_by}"
            + (f": {row.reason[:60]}" if row.reason else ""),
            row.revision == chosen,
        )
        for row in page.revisions
    ]
    if not any(option.is_chosen for option in options):
        options.append(Option(chosen, str(chosen), True))
    return options


def _by_model(rows: Iterable[ModelSettings], *, chosen: int) -> list[tuple[str, list[Option]]]:
    found: dict[str, list[Option]] = {}
    for row in rows:
        retired = " (retired)" if row.retired_at else ""
        live = " (live)" if row.model.live_profile_id == row.pk else ""
        option = Option(row.pk, f"{row.shown_name}{live}{retired}", row.pk == chosen)
        found.setdefault(row.model.label, []).append(option)
    return list(found.items())


def _revision(profile: ModelSettings, asked: int | None, *, was: int | None) -> int:
    is_its_own = was is None or was == profile.pk
    return asked if asked and is_its_own else profile.revision


def _with_missing(change: Change, old: StoredSettings, new: StoredSettings) -> Change:
    """Tell a parameter that a model does not have from one that is unset there."""
    return Change(
        key=change.key,
        old=_or_missing(change.key, change.old, old.schema.parameters),
        new=_or_missing(change.key, change.new, new.schema.parameters),
    )


def _or_missing(key: str, value: object, parameters: Mapping[str, object]) -> object:
    return MISSING if isinstance(value, Unset) and key not in parameters else value


def _number(text: str) -> int | None:
    """Read a number of an address; None where the text is no such number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
