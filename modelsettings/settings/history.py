"""A profile's past: what each revision changed, who did it, when and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.guards import settings_write
from modelsettings.models import ModelSettings
from modelsettings.profile_names import shown_name
from modelsettings.schema.comparison import UNSET, Change, diff, differing_keys, is_same
from modelsettings.schema.flattening import JSON
from modelsettings.schema.overridable import OverridableChange, find_change

PAGE = 20


class RevisionNotFound(RequestRefused):
    """A revision that is not there: it never was, or it was removed."""

    status = 404


@dataclass(frozen=True, slots=True)
class Revision:
    """One step: `changes` is the difference to the revision before, empty for the first."""

    revision: int
    changed_at: datetime
    changed_by: str
    reason: str
    name: str
    changes: list[Change]
    overridable: OverridableChange | None

    @property
    def shown_name(self) -> str:
        return shown_name(self.name)


@dataclass(frozen=True, slots=True)
class Choice:
    """The change that gave a key its present value: by whom, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every key that differs between two revisions, and what clients may change since."""

    changes: list[Change]
    overridable: OverridableChange | None


@dataclass(frozen=True, slots=True)
class RevisionPage:
    """Revisions, the newest first; `before` asks for the next page, None at the end."""

    revisions: list[Revision]
    before: int | None


def list_revisions(
    profile: int, *, keys: Collection[str] = (), before: int | None = None, most: int = PAGE
) -> RevisionPage:
    """Return a page of a profile's history, which is never counted: its length costs nothing.

    `profile` is the primary key, `keys` the parameters in the order in which changes are listed.
    """
    rows = ModelSettings.history.filter(id=profile).order_by("-revision")
    if before is not None:
        rows = rows.filter(revision__lt=before)
    # One row more than is shown: the oldest revision shown is compared with it.
    found = list(
        rows.values_list(
            "revision", "updated_at", "updated_by", "history_change_reason", "name",
            "values", "overridable",
        )[: most + 1]
    )  # fmt: skip
    olds = [*(row[5:] for row in found), None][1:]
    order = list(keys)
    revisions = [
        Revision(
            number,
            at,
            by,
            reason or "",
            name,
            changes=_changes(old and old[0], values, order),
            overridable=find_change(old[1], listed, order) if old else None,
        )
        for (number, at, by, reason, name, values, listed), old in zip(found, olds, strict=True)
    ][:most]
    return RevisionPage(revisions, revisions[-1].revision if len(found) > most else None)


def get_content(profile: int, *, revision: int) -> tuple[JSON, list[str] | None]:
    """Return one revision's values, and its list of what clients may change, None for the rule.

    Raises RevisionNotFound.
    """
    found = ModelSettings.history.filter(id=profile, revision=revision).order_by()
    row: tuple[JSON, list[str] | None] | None = found.values_list("values", "overridable").first()
    if row is None:
        raise RevisionNotFound(f"There is no revision {revision}.")
    return row


def find_choices(profile: int, *, defaults: JSON) -> dict[str, Choice]:
    """Return which person gave each key its present value, also its default, or unset the key.

    What a part of the system changed was not chosen, nor was a key that a revision brought at its
    default, as an accepted schema does; such keys are left out.
    """
    found: dict[str, Choice] = {}
    before: JSON = {}
    rows = ModelSettings.history.filter(id=profile).order_by("revision")
    for values, by, at in rows.values_list("values", "updated_by", "updated_at"):
        for key in differing_keys(before, values):
            is_new = key not in before
            if not (is_new and is_same(values[key], defaults.get(key, UNSET))):
                found[key] = Choice(by, at)
        before = values
    return {key: choice for key, choice in found.items() if Actor.is_person(choice.by)}


def compare(
    profile: int,
    old: int,
    new: int,
    *,
    other_profile: int | None = None,
    keys: Collection[str] = (),
) -> Comparison:
    """Compare two revisions, of one profile or of two. Raises RevisionNotFound."""
    before, listed_before = get_content(profile, revision=old)
    after, listed_after = get_content(other_profile or profile, revision=new)
    return Comparison(
        changes=_changes(before, after, list(keys)),
        overridable=find_change(listed_before, listed_after, keys),
    )


def old_revisions(*, before: datetime) -> QuerySet[Any]:
    """Return the rows of revisions older than a time, also the revisions in force."""
    rows: QuerySet[Any] = ModelSettings.history.filter(history_date__lt=before).order_by()
    return rows


def delete_revisions(rows: QuerySet[Any]) -> int:
    """Delete rows of history and say how many; revisions in force among them are kept."""
    in_force = ModelSettings.objects.filter(pk=OuterRef("id"), revision=OuterRef("revision"))
    doomed = rows.filter(~Exists(in_force))
    with settings_write():
        # One statement that reads no row: nothing refers to rows of history.
        return doomed._raw_delete(doomed.db)


def _changes(old: JSON | None, new: JSON, order: list[str]) -> list[Change]:
    if old is None:
        return []
    place = {key: at for at, key in enumerate(order)}
    return sorted(diff(old, new), key=lambda change: place.get(change.key, len(place)))
