"""Everything that reads or changes settings: for the admin, the API, tasks and commands alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from modelsettings import catalog
from modelsettings.actors import Actor
from modelsettings.models import (
    ModelSettings,
    PublishedSchema,
    ReplicateModel,
    settings_write,
)
from modelsettings.schema import parameters, published
from modelsettings.schema.document import UNSET, Change, diff, differing_keys, is_same
from modelsettings.schema.parameters import Delivery
from modelsettings.schema.published import JSON
from modelsettings.schema.roles import find_obstacle
from modelsettings.schema.validation import SettingsRefused, SettingsValidator

RolePairs = tuple[tuple[str, str], ...]


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
class CompiledSchema:
    """What a published schema means here: made once, kept by its digest."""

    validator: SettingsValidator
    obstacle: str | None
    takes_many_images: bool


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
        return find_obstacle_to_staging(self.slug, is_enabled=self.is_enabled, schema=self.schema)

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
        row = next(iter(_named_profiles().filter(name=profile, **of_the_model)), None)
    else:
        row = next(iter(_live_profiles().filter(**wanted)), None)
    if row is None or row[0] is None:
        name = f"{profile} of " if profile else ""
        raise ProfileNotFound(f"There is no settings profile {name}{model or 'for staging'}.")
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


def get_values(profile: int, *, revision: int) -> JSON:
    """Return the values of one revision; an empty document for a revision that never was."""
    found = ModelSettings.history.filter(id=profile, revision=revision)
    values: JSON | None = found.order_by().values_list("values", flat=True).first()
    return values or {}


@dataclass(frozen=True, slots=True)
class Revision:
    """One step of a profile's history: what changed, who did it, when and why."""

    revision: int
    changed_at: datetime
    changed_by: str
    reason: str
    changes: list[Change]


def recent_changes(profile: int, *, most: int = 5) -> list[Revision]:
    """Return a profile's latest revisions, the newest first, each with its changed keys."""
    rows = list(
        ModelSettings.history.filter(id=profile)
        .order_by("-revision")
        .values_list("revision", "updated_at", "updated_by", "history_change_reason", "values")[
            : most + 1
        ]
    )
    befores = [row[4] for row in rows[1:]] + [{}]
    return [
        Revision(number, at, by, reason or "", diff(before, values) if number > 1 else [])
        for (number, at, by, reason, values), before in zip(rows, befores, strict=True)
    ][:most]


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
    *, model_pk: int, slug: str, roles: Mapping[str, str], digest: str, name: str, by: Actor
) -> ModelSettings:
    """Create a profile at revision 1, holding the model's defaults."""
    now = timezone.now()
    profile = ModelSettings(
        model_id=model_pk,
        name=name,
        values=compile_schema(slug, roles=roles, digest=digest).validator.clean({}),
        updated_at=now,
        updated_by=by.name,
    )
    _save(profile, by=by, reason="The model's defaults.")
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


def find_obstacle_to_staging(slug: str, *, is_enabled: bool, schema: CompiledSchema) -> str | None:
    """Return why a job cannot use a model, in one sentence, or None where it can."""
    if not is_enabled:
        return f"{slug} is disabled."
    return f"{slug} cannot stage a photo. {schema.obstacle}" if schema.obstacle else None


def compile_schema(slug: str, *, roles: Mapping[str, str], digest: str) -> CompiledSchema:
    """Return what a model's pinned schema means here; compiled once in a process.

    A digest never changes its meaning, and the overlay comes with the code, so nothing here goes
    stale.
    """
    return _compile(slug, tuple(sorted(roles.items())), digest)


@lru_cache(maxsize=1024)
def _compile(slug: str, role_pairs: RolePairs, digest: str) -> CompiledSchema:
    found = PublishedSchema.objects.filter(digest=digest).values_list("document", flat=True)
    openapi = found[:1].get()
    flat = published.flatten(openapi)
    roles = dict(role_pairs)
    makes_pictures = published.makes_pictures(openapi)
    schema = parameters.settings_schema(
        flat,
        roles=roles,
        makes_pictures=makes_pictures,
        tuning=catalog.find_overlay(slug).tuning,
    )
    image = flat["properties"].get(roles.get("image"), {})
    return CompiledSchema(
        validator=SettingsValidator(schema),
        obstacle=find_obstacle(flat, roles=roles, makes_pictures=makes_pictures),
        takes_many_images=image.get("type") == "array",
    )


def _change(
    pk: int,
    make_document: Callable[[ModelSettings, SettingsValidator], JSON],
    *,
    by: Actor,
    reason: str,
) -> ModelSettings:
    """Validate, compare, lock, and write row and history, in one transaction."""
    with transaction.atomic():
        found = next(iter(_lockable_rows().filter(pk=pk)), None)
        if found is None:
            raise ProfileNotFound("This settings profile is gone.")
        row: ModelSettings = found
        compiled = compile_schema(found.slug, roles=found.roles, digest=found.digest)
        document = make_document(row, compiled.validator)
        if not differing_keys(row.values, document):
            return row
        if row.locked_by:
            raise ProfileLocked(by=row.locked_by, reason=row.lock_reason)
        row.values = document
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
