"""Everything that reads or changes settings: for the admin, the API, tasks and commands alike."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from modelsettings import history
from modelsettings.actors import Actor
from modelsettings.compiled import CompiledSchema, compile_schema, find_obstacle_to_staging
from modelsettings.models import ModelSettings, ReplicateModel, settings_write
from modelsettings.schema import parameters
from modelsettings.schema.document import UNSET, Change, diff, differing_keys, is_same
from modelsettings.schema.parameters import Delivery
from modelsettings.schema.published import JSON
from modelsettings.schema.validation import SettingsRefused, SettingsValidator


class ProfileNotFound(LookupError):
    """No such model, or no such profile of it."""


class ProfileLocked(RuntimeError):
    """A profile that is locked: says by whom and why."""

    def __init__(self, *, by: str, reason: str) -> None:
        super().__init__(f"This profile is locked by {by}: {reason or 'no reason given'}.")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that two people changed; an absent value is UNSET."""

    key: str
    yours: Any
    theirs: Any
    by: str
    at: datetime


class StaleSettings(RuntimeError):
    """A change of settings that were changed meanwhile; `revision` is the one in force."""

    def __init__(self, *, revision: int, conflicts: list[Conflict]) -> None:
        keys = ", ".join(one.key for one in conflicts) or "nothing that you changed"
        super().__init__(
            f"Somebody saved revision {revision} meanwhile, and changed {keys}. "
            "Look at both values, then save again."
        )
        self.revision = revision
        self.conflicts = conflicts


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """One profile as it is stored, with the schema it obeys."""

    pk: int
    slug: str
    profile: str
    revision: int
    values: JSON
    updated_at: datetime
    updated_by: str
    version: str
    is_official: bool
    model_pk: int
    is_enabled: bool
    roles: Mapping[str, str]
    schema: CompiledSchema

    @property
    def validator(self) -> SettingsValidator:
        return self.schema.validator

    @property
    def obstacle(self) -> str | None:
        """Why a job cannot use the model, in one sentence; None where it can."""
        return find_obstacle_to_staging(
            self.slug,
            is_enabled=self.is_enabled,
            can_be_run=self.is_official or bool(self.version),
            schema=self.schema,
        )

    @property
    def document(self) -> JSON:
        """The values in the schema's order: PostgreSQL does not keep that of a document."""
        names = (name for name in self.validator.schema["properties"] if name in self.values)
        return {name: self.values[name] for name in names} | self.values

    @property
    def changed(self) -> list[str]:
        """The keys whose values are not their defaults."""
        return differing_keys(self.validator.defaults, self.document)


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """What a job runs with: the whole document, and its two halves."""

    stored: StoredSettings
    settings: JSON
    input: JSON
    delivery: Delivery


def get_settings(model: str | None = None, *, profile: str | None = None) -> StoredSettings:
    """Read a profile in one query, fresh each time.

    Without a name it is the model's live profile; without a model, the default for staging.
    Raises ProfileNotFound.
    """
    wanted = {"slug": model} if model else {"is_default": True}
    if profile:
        of_the_model = {f"model__{column}": value for column, value in wanted.items()}
        row = next(
            iter(_named_profiles().filter(name=profile, retired_at=None, **of_the_model)), None
        )
    else:
        row = next(iter(_live_profiles().filter(**wanted)), None)
    if row is None or row[0] is None:
        missing = f"{profile} of {model or 'the default model'}" if profile else model
        raise ProfileNotFound(f"There is no settings profile {missing or 'for staging'}.")
    return _read_row(row)


def read_profile(pk: int) -> StoredSettings:
    """Read any profile by its primary key, a retired one too. Raises ProfileNotFound."""
    row = next(iter(_named_profiles().filter(pk=pk)), None)
    if row is None:
        raise ProfileNotFound("This settings profile is gone.")
    return _read_row(row)


def _read_row(row: tuple[Any, ...]) -> StoredSettings:
    *columns, digest = row
    compiled = compile_schema(row[1], roles=columns[-1], digest=digest)
    return StoredSettings(*[*columns, compiled])


@cache
def _live_profiles() -> QuerySet[Any, Any]:
    """Return the query of StoredSettings' columns, for `filter` to clone.

    Building it takes longer than running it, so it is built once.
    """
    return _select_columns(ReplicateModel.objects.order_by(), profile="live_profile__", model="")


@cache
def _named_profiles() -> QuerySet[Any, Any]:
    """As `_live_profiles`; from the profile's side, since a filter on a relation to many would
    join it once more, and find the columns of another profile."""
    return _select_columns(ModelSettings.objects.order_by(), profile="", model="model__")


def _select_columns(rows: QuerySet[Any], *, profile: str, model: str) -> QuerySet[Any, Any]:
    """Select the columns in the order of StoredSettings; the names are prefixes of relations."""
    return rows.values_list(
        f"{profile}pk",
        f"{model}slug",
        f"{profile}name",
        f"{profile}revision",
        f"{profile}values",
        f"{profile}updated_at",
        f"{profile}updated_by",
        f"{model}pinned_schema__version",
        f"{model}pinned_schema__is_official",
        f"{model}pk",
        f"{model}is_enabled",
        f"{model}roles",
        f"{model}pinned_schema__digest",
    )


def resolve(
    model: str | None = None,
    *,
    profile: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> ResolvedSettings:
    """Return the exact input and delivery of a job, less the photo and the prompt.

    In order of precedence: the request's seed, its overrides, the profile. One query; the next job
    sees a change. Raises ProfileNotFound, and SettingsRefused for the overrides.
    """
    stored = get_settings(model, profile=profile)
    wanted = stored.document | dict(overrides or {})
    if seed is not None:
        wanted["seed"] = seed
    settings = stored.validator.clean(wanted)
    sent, delivery = parameters.split(stored.validator.schema, settings)
    return ResolvedSettings(stored=stored, settings=settings, input=sent, delivery=delivery)


def create_profile(
    *,
    model: int,
    name: str,
    values: Mapping[str, Any],
    validator: SettingsValidator,
    by: Actor,
    reason: str,
) -> ModelSettings:
    """Create a profile at revision 1; `model` is the primary key, `validator` of its schema.

    Raises SettingsRefused.
    """
    profile = ModelSettings(
        model_id=model,
        name=name,
        values=validator.clean(values),
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
) -> ModelSettings:
    """Replace a profile's document; absent keys take their defaults.

    `profile` is the primary key. A document that changes nothing writes nothing. Raises
    SettingsRefused, ProfileNotFound, ProfileLocked, and StaleSettings where another revision than
    the expected one is in force.
    """

    def replace(row: ModelSettings, validator: SettingsValidator) -> JSON:
        document = validator.clean(values)
        if expected_revision not in (None, row.revision):
            differing = differing_keys(row.values, document)
            changes = {key: document.get(key, UNSET) for key in differing}
            conflicts = _find_conflicts(row, changes, since=expected_revision)
            raise StaleSettings(revision=row.revision, conflicts=conflicts)
        return document

    return _change(profile, replace, by=by, reason=reason)


def patch_settings(
    profile: int,
    changes: Mapping[str, Any],
    *,
    by: Actor,
    reason: str = "",
    expected_revision: int | None = None,
) -> ModelSettings:
    """Change the keys that are named; null unsets one that has no default.

    Where another revision than the expected one is in force, the change goes through if nobody
    else gave its keys other values meanwhile; else StaleSettings. Raises as `update_settings`.
    """

    def merge(row: ModelSettings, validator: SettingsValidator) -> JSON:
        if not isinstance(changes, Mapping):
            raise SettingsRefused({"": ["Changes are an object of keys and their new values."]})
        document = validator.clean({**row.values, **changes})
        if expected_revision not in (None, row.revision):
            wanted = {key: document.get(key, UNSET) for key in changes}
            conflicts = _find_conflicts(row, wanted, since=expected_revision, is_merge=True)
            if conflicts:
                raise StaleSettings(revision=row.revision, conflicts=conflicts)
        return document

    return _change(profile, merge, by=by, reason=reason)


def reset_settings(
    profile: int,
    *,
    by: Actor,
    keys: Collection[str] | None = None,
    reason: str = "",
    expected_revision: int | None = None,
) -> ModelSettings:
    """Put keys, or without `keys` all of them, back to their defaults; unset what has none.

    Raises as `patch_settings`.
    """

    def reset(row: ModelSettings, validator: SettingsValidator) -> JSON:
        _check_revision(row, expected_revision)
        named = row.values.keys() | validator.defaults.keys() if keys is None else keys
        unknown = [key for key in named if key not in validator.schema["properties"]]
        if keys is not None and unknown:
            raise SettingsRefused(
                {key: [f"{key} is not a parameter of this model."] for key in unknown}
            )
        return validator.clean(
            {key: value for key, value in row.values.items() if key not in named}
        )

    return _change(profile, reset, by=by, reason=reason or "Back to the defaults.")


def roll_back(
    profile: int,
    revision: int,
    *,
    by: Actor,
    reason: str = "",
    keep_what_fits: bool = False,
    expected_revision: int | None = None,
) -> ModelSettings:
    """Write a new revision with the values of an old one.

    What no longer fits today's schema is named (SettingsRefused); with `keep_what_fits` it takes
    its default instead. Raises history.RevisionNotFound, and as `patch_settings`.
    """

    def restore(row: ModelSettings, validator: SettingsValidator) -> JSON:
        _check_revision(row, expected_revision)
        values = history.get_values(row.pk, revision=revision)
        try:
            return validator.clean(values)
        except SettingsRefused as error:
            if not keep_what_fits:
                raise
            return validator.clean(
                {key: value for key, value in values.items() if key not in error.errors}
            )

    return _change(profile, restore, by=by, reason=reason or f"Back to revision {revision}.")


@dataclass(frozen=True, slots=True)
class RollbackPreview:
    """What a rollback would change; `refused` names what no longer fits, by key."""

    changes: list[Change]
    refused: Mapping[str, list[str]]


def preview_rollback(stored: StoredSettings, revision: int) -> RollbackPreview:
    """Say what `roll_back` with `keep_what_fits` would do. Raises history.RevisionNotFound."""
    values = history.get_values(stored.pk, revision=revision)
    refused: Mapping[str, list[str]] = {}
    try:
        document = stored.validator.clean(values)
    except SettingsRefused as error:
        refused = error.errors
        fitting = {key: value for key, value in values.items() if key not in refused}
        document = stored.validator.clean(fitting)
    return RollbackPreview(changes=diff(stored.document, document), refused=refused)


def rename_profile(profile: int, name: str, *, by: Actor, reason: str = "") -> ModelSettings:
    """Give a profile another name, as a revision of its own."""
    return _change(
        profile, lambda row, _: row.values, name=name, by=by, reason=reason or f"Renamed to {name}."
    )


def _check_revision(row: ModelSettings, expected: int | None) -> None:
    """Raise StaleSettings for a change of the whole document that starts from another revision."""
    if expected not in (None, row.revision):
        raise StaleSettings(revision=row.revision, conflicts=[])


def _change(
    pk: int,
    make_document: Callable[[ModelSettings, SettingsValidator], JSON],
    *,
    by: Actor,
    reason: str,
    name: str | None = None,
) -> ModelSettings:
    """Validate, compare, lock, and write row and history, in one transaction."""
    with transaction.atomic():
        found = next(iter(_lockable_rows().filter(pk=pk)), None)
        if found is None:
            raise ProfileNotFound("This settings profile is gone.")
        row: ModelSettings = found
        compiled = compile_schema(found.slug, roles=found.roles, digest=found.digest)
        document = make_document(row, compiled.validator)
        if not differing_keys(row.values, document) and name in (None, row.name):
            return row
        if row.locked_by:
            raise ProfileLocked(by=row.locked_by, reason=row.lock_reason)
        row.values = document
        row.name = name or row.name
        row.revision += 1
        row.updated_at = timezone.now()
        row.updated_by = by.name
        _save(row, by=by, reason=reason)
    return row


@cache
def _lockable_rows() -> QuerySet[Any]:
    """Return the query that locks a profile and joins what its schema is found by; as `_rows`."""
    return (
        ModelSettings.objects.select_for_update(of=("self",))
        .order_by()
        .annotate(
            slug=F("model__slug"),
            roles=F("model__roles"),
            digest=F("model__pinned_schema__digest"),
        )
    )


def _save(profile: ModelSettings, *, by: Actor, reason: str) -> None:
    # The names that simple-history reads author, reason and time of a history row from.
    profile._history_user = by.user
    profile._history_date = profile.updated_at
    profile._change_reason = reason or None
    with settings_write():
        profile.save()


def _find_conflicts(
    row: ModelSettings, wanted: Mapping[str, Any], *, since: int | None, is_merge: bool = False
) -> list[Conflict]:
    """Return the wanted keys whose stored values somebody else changed after revision `since`.

    For a merge, a key that stands at the wanted value already is none. Where there is no such
    revision (a tag of another profile), nobody knows what was changed: every key that differs is.
    """
    history = list(
        ModelSettings.history.filter(id=row.pk, revision__gte=since or 0)
        .order_by("revision")
        .values_list("values", "updated_by", "updated_at", "revision")
    )
    base = history[0][0] if history and history[0][3] == since else None
    conflicts = []
    for key, yours in wanted.items():
        theirs = row.values.get(key, UNSET)
        is_untouched = base is not None and is_same(theirs, base.get(key, UNSET))
        is_agreed = is_untouched or ((is_merge or base is None) and is_same(theirs, yours))
        if not is_agreed:
            by, at = _last_change(history, key) or (row.updated_by, row.updated_at)
            conflicts.append(Conflict(key=key, yours=yours, theirs=theirs, by=by, at=at))
    return conflicts


def _last_change(
    history: list[tuple[JSON, str, datetime, int]], key: str
) -> tuple[str, datetime] | None:
    """Return who gave the key its newest value, and when; `history` is in order of revision."""
    for (before, *_), (after, by, at, _) in reversed(list(pairwise(history))):
        if not is_same(before.get(key, UNSET), after.get(key, UNSET)):
            return by, at
    return None
