"""Changes settings: each change is validated, compared and written with its history at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Self

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.guards import settings_write
from modelsettings.model_schema import ModelSchema
from modelsettings.models import ModelSettings
from modelsettings.pinned_schemas import get_schema
from modelsettings.profile_names import check_name, shown_name
from modelsettings.schema.comparison import UNSET, Change, diff, differing_keys
from modelsettings.schema.flattening import JSON
from modelsettings.schema.overridable import OverridableChange, find_change, overridable_names
from modelsettings.schema.validation import SettingsRefused, SettingsValidator
from modelsettings.settings import history
from modelsettings.settings.conflicts import StaleSettings, find_conflicts
from modelsettings.settings.reading import ProfileNotFound, StoredSettings


class ProfileLocked(RequestRefused):
    """A change of a locked profile; the message says who locked it and why."""

    status = 409
    code = "locked"

    def __init__(self, *, by: str, reason: str) -> None:
        super().__init__(f"This profile is locked by {by}: {reason or 'no reason given'}.")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A profile as a change would leave it; `listed` is its list for clients, or None."""

    values: JSON
    listed: list[str] | None
    name: str
    clients_may_name: bool

    @classmethod
    def of(cls, row: ModelSettings) -> Self:
        return cls(row.values, row.overridable, row.name, row.clients_may_name)

    def differs(self, row: ModelSettings) -> bool:
        """Say whether the row holds anything else."""
        return self != replace(_Draft.of(row), values=self.values) or bool(
            differing_keys(row.values, self.values)
        )


def create_profile(
    *,
    model: int,
    name: str,
    values: Mapping[str, Any],
    validator: SettingsValidator,
    by: Actor,
    reason: str,
    overridable: list[str] | None = None,
    clients_may_name: bool = True,
) -> ModelSettings:
    """Create a profile at revision 1; `model` is a primary key, `validator` that model's.

    Raises SettingsRefused, and NameKept for a name that pages show for another profile.
    """
    check_name(name)
    profile = ModelSettings(
        model_id=model,
        name=name,
        values=validator.clean(values),
        overridable=overridable,
        clients_may_name=clients_may_name,
        updated_at=timezone.now(),
        updated_by=by.name,
    )
    _save(profile, by=by, reason=reason)
    return profile


def update_settings(
    profile: int,
    values: Mapping[str, Any],
    *,
    by: Actor,
    reason: str = "",
    expected_revision: int | None = None,
    at: datetime | None = None,
) -> StoredSettings:
    """Replace a profile's document; absent keys take their defaults.

    `profile` is the primary key; `at` is the time of a change that was made elsewhere. Returns what
    is stored then; a document that changes nothing writes nothing. Raises SettingsRefused,
    ProfileNotFound, ProfileLocked, and StaleSettings where another revision than the expected one
    is in force.
    """

    def restate(row: ModelSettings, validator: SettingsValidator) -> _Draft:
        document = validator.clean(values)
        if expected_revision not in (None, row.revision):
            differing = differing_keys(row.values, document)
            changes = {key: document.get(key, UNSET) for key in differing}
            conflicts = find_conflicts(row, changes, since=expected_revision)
            raise StaleSettings(revision=row.revision, conflicts=conflicts)
        return replace(_Draft.of(row), values=document)

    return _change(profile, restate, by=by, reason=reason, at=at)


def patch_settings(
    profile: int,
    changes: Mapping[str, Any],
    *,
    by: Actor,
    reason: str = "",
    expected_revision: int | None = None,
    may_change: Mapping[str, bool] | None = None,
) -> StoredSettings:
    """Change the keys that are named; null unsets one that has no default.

    `may_change` says of some parameters whether clients may change them from now on. This never
    conflicts, since two people who change the same answer have come to the same one.

    Where another revision than the expected one is in force, the change goes through if its keys
    were given no other values meanwhile; else it raises StaleSettings. Raises as `update_settings`.
    """

    def merge(row: ModelSettings, validator: SettingsValidator) -> _Draft:
        if not isinstance(changes, Mapping):
            raise SettingsRefused({"": ["Changes are an object of keys and their new values."]})
        document = validator.clean({**row.values, **changes})
        if expected_revision not in (None, row.revision):
            wanted = {key: document.get(key, UNSET) for key in changes}
            conflicts = find_conflicts(row, wanted, since=expected_revision, is_merge=True)
            if conflicts:
                raise StaleSettings(revision=row.revision, conflicts=conflicts)
        listed = _merged(row.overridable, may_change or {}, validator)
        return replace(_Draft.of(row), values=document, listed=listed)

    return _change(profile, merge, by=by, reason=reason)


def reset_settings(
    profile: int,
    *,
    by: Actor,
    keys: Collection[str] | None = None,
    reason: str = "",
    expected_revision: int | None = None,
) -> StoredSettings:
    """Put keys, or without `keys` all of them, back to their defaults; unset those without one.

    What clients may change stays. Raises as `patch_settings`.
    """

    def reset(row: ModelSettings, validator: SettingsValidator) -> _Draft:
        _check_revision(row, expected_revision)
        named = row.values.keys() | validator.defaults.keys() if keys is None else keys
        if keys is not None:
            _check_known(keys, validator)
        kept = {key: value for key, value in row.values.items() if key not in named}
        return replace(_Draft.of(row), values=validator.clean(kept))

    return _change(profile, reset, by=by, reason=reason or "Back to how it came.")


def set_overridable(
    profile: int,
    names: Collection[str] | None,
    *,
    by: Actor,
    reason: str = "",
    expected_revision: int | None = None,
) -> StoredSettings:
    """List the parameters that clients may change; None for the rule of `schema.overridable`.

    Raises SettingsRefused for a name that is no parameter, and as `update_settings`.
    """

    def choose(row: ModelSettings, validator: SettingsValidator) -> _Draft:
        _check_revision(row, expected_revision)
        listed = None
        if names is not None:
            _check_known(names, validator)
            listed = overridable_names(names, validator.schema["properties"])
        return replace(_Draft.of(row), listed=listed)

    return _change(profile, choose, by=by, reason=reason)


def roll_back(
    profile: int,
    revision: int,
    *,
    by: Actor,
    reason: str = "",
    keep_what_fits: bool = False,
    expected_revision: int | None = None,
) -> StoredSettings:
    """Write a new revision with the values of an old one, and with what clients could change then.

    What no longer fits today's schema is named (SettingsRefused); with `keep_what_fits` it takes
    its default instead. Raises history.RevisionNotFound, and as `patch_settings`.
    """

    def restore(row: ModelSettings, validator: SettingsValidator) -> _Draft:
        _check_revision(row, expected_revision)
        values, listed = history.get_content(row.pk, revision=revision)
        try:
            fitting = validator.clean(values)
        except SettingsRefused as error:
            if not keep_what_fits:
                raise
            fitting = validator.clean(
                {key: value for key, value in values.items() if key not in error.errors}
            )
        return replace(_Draft.of(row), values=fitting, listed=listed)

    return _change(profile, restore, by=by, reason=reason or f"Back to revision {revision}.")


@dataclass(frozen=True, slots=True)
class RollbackPreview:
    """What a rollback would change; `refused` names what no longer fits, by key."""

    changes: list[Change]
    overridable: OverridableChange | None
    refused: Mapping[str, list[str]]


def preview_rollback(stored: StoredSettings, revision: int) -> RollbackPreview:
    """Say what `roll_back` with `keep_what_fits` would do. Raises history.RevisionNotFound."""
    values, listed = history.get_content(stored.pk, revision=revision)
    refused: Mapping[str, list[str]] = {}
    try:
        document = stored.validator.clean(values)
    except SettingsRefused as error:
        refused = error.errors
        fitting = {key: value for key, value in values.items() if key not in refused}
        document = stored.validator.clean(fitting)
    return RollbackPreview(
        changes=diff(stored.document, document),
        overridable=find_change(stored.listed, listed, stored.validator.schema["properties"]),
        refused=refused,
    )


def rename_profile(profile: int, name: str, *, by: Actor, reason: str = "") -> StoredSettings:
    """Give a profile another name, as a revision of its own. Raises NameKept."""
    check_name(name)
    return _change(
        profile,
        lambda row, _: replace(_Draft.of(row), name=name),
        by=by,
        reason=reason or f"Renamed to {shown_name(name)}.",
    )


def let_clients_name(
    profile: int, *, is_allowed: bool, by: Actor, reason: str = ""
) -> StoredSettings:
    """Say whether clients may name a profile in their requests, as a revision of its own."""
    done = "Clients may name it." if is_allowed else "Clients may no longer name it."
    return _change(
        profile,
        lambda row, _: replace(_Draft.of(row), clients_may_name=is_allowed),
        by=by,
        reason=reason or done,
    )


def _merged(
    listed: list[str] | None, may_change: Mapping[str, bool], validator: SettingsValidator
) -> list[str] | None:
    """Return a list with some answers changed, or None where it comes to the rule."""
    if not may_change:
        return listed
    _check_known(may_change, validator)
    known = validator.schema["properties"]
    answers = dict.fromkeys(overridable_names(listed, known), True) | dict(may_change)
    chosen = [name for name in known if answers.get(name)]
    return None if chosen == overridable_names(None, known) else chosen


def _check_known(names: Collection[str], validator: SettingsValidator) -> None:
    unknown = [name for name in names if name not in validator.schema["properties"]]
    if unknown:
        raise SettingsRefused(
            {name: [f"{name} is not a parameter of this model."] for name in unknown}
        )


def _check_revision(row: ModelSettings, expected: int | None) -> None:
    """Raise StaleSettings for a change of the whole document that starts from another revision."""
    if expected not in (None, row.revision):
        raise StaleSettings(revision=row.revision, conflicts=[])


def _change(
    pk: int,
    make_draft: Callable[[ModelSettings, SettingsValidator], _Draft],
    *,
    by: Actor,
    reason: str,
    at: datetime | None = None,
) -> StoredSettings:
    """Lock, validate, compare, and write row and history, in one transaction.

    Returns what is stored then, from the one read under the lock. Raises as `update_settings`.
    """
    with transaction.atomic():
        # Two changes of a profile wait for each other here, so each compares with what the other
        # has written.
        found = next(iter(_lockable_rows().filter(pk=pk)), None)
        if found is None:
            raise ProfileNotFound("This settings profile is gone.")
        row: ModelSettings = found
        schema = get_schema(found.slug, roles=found.roles, digest=found.digest)
        draft = make_draft(row, schema.validator)
        if not draft.differs(row):
            return _stored(found, schema=schema)
        # After the comparison: a locked profile takes a change that changes nothing.
        if row.locked_by:
            raise ProfileLocked(by=row.locked_by, reason=row.lock_reason)
        row.values = draft.values
        row.overridable = draft.listed
        row.name = draft.name
        row.clients_may_name = draft.clients_may_name
        row.revision += 1
        row.updated_at = at or timezone.now()
        row.updated_by = by.name
        _save(row, by=by, reason=reason)
    return _stored(found, schema=schema)


def _stored(row: Any, *, schema: ModelSchema) -> StoredSettings:
    """Return a row of `_lockable_rows`, as it is now, in the form in which it is read."""
    return StoredSettings(
        pk=row.pk,
        slug=row.slug,
        profile=row.name,
        revision=row.revision,
        values=row.values,
        listed=row.overridable,
        clients_may_name=row.clients_may_name,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
        version=row.version,
        is_official=row.is_official,
        model_pk=row.model_id,
        is_enabled=row.is_enabled,
        roles=row.roles,
        schema=schema,
    )


@cache
def _lockable_rows() -> QuerySet[Any]:
    """Return the query that locks a profile and joins its model's columns of StoredSettings.

    Built once, for `filter` to clone: building it takes longer than running it.
    """
    return (
        ModelSettings.objects.select_for_update(of=("self",))
        .order_by()
        .annotate(
            slug=F("model__slug"),
            roles=F("model__roles"),
            is_enabled=F("model__is_enabled"),
            version=F("model__pinned_schema__version"),
            is_official=F("model__pinned_schema__is_official"),
            digest=F("model__pinned_schema__digest"),
        )
    )


def _save(profile: ModelSettings, *, by: Actor, reason: str) -> None:
    # Simple-history reads author, time and reason of the row of history from these.
    profile._history_user = by.user
    profile._history_date = profile.updated_at
    profile._change_reason = reason or None
    with settings_write():
        profile.save()
