"""Updates of models: what Replicate publishes now, kept, and compared with the pinned schema."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from modelsettings import inspection, registry
from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.inspection import CannotRead
from modelsettings.models import IgnoredUpdate, PublishedSchema, ReplicateModel, SchemaReading
from modelsettings.registry import CannotAdopt
from modelsettings.schema import published
from modelsettings.schema.drift import Drift, compare
from modelsettings.schema.flattening import SchemaRefused
from modelsettings.schema.published import PublishedModel
from modelsettings.schema.severities import Severity
from modelsettings.schema.words import severity_in_words

# The reasons of what a reading accepts by itself.
FIRST_READ = "Its parameters were read from Replicate for the first time."
ONLY_WORDS = "The update changes its documentation only."
# A model that could not be read for so long is told.
UNREAD_AFTER = timedelta(days=2)

RolePairs = tuple[tuple[str, str], ...]


class NoUpdate(RequestRefused):
    """An update that does not wait, or is another by now."""


class Outcome(StrEnum):
    """What a reading came to; *not read* is never *unchanged*."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NOT_READ = "not read"


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading one model: its outcome, in a sentence, and what differs."""

    slug: str
    outcome: Outcome
    sentence: str
    drift: Drift = field(default_factory=Drift)


@dataclass(frozen=True, slots=True)
class Update:
    """An update that waits: a schema that was read, and differs from the pinned one."""

    model: ReplicateModel
    schema: PublishedSchema
    drift: Drift
    read_at: datetime
    is_ignored: bool

    @property
    def severity(self) -> Severity:
        # The differences are never empty: `find_update`.
        return self.drift.differences[0].severity

    @property
    def severity_in_words(self) -> str:
        return severity_in_words(self.severity)

    @property
    def sentence(self) -> str:
        return f"{self.model.label} has an update: it {self.severity_in_words}."


def read_now(model: ReplicateModel, *, by: Actor) -> Reading:
    """Read what Replicate publishes of a model, in one request, and keep it, or why not.

    The first live read of a model whose schema was put together by hand is accepted, unless it
    breaks something stored; so is an update of documentation, where the settings say so.
    """
    tried_at = timezone.now()
    try:
        found = inspection.read_model(model.slug)
        if found.slug != model.slug:
            raise CannotRead(f"Replicate answered with another model, {found.slug}.")
        return _keep(model.pk, found, at=tried_at, by=by)
    except (RequestRefused, SchemaRefused) as error:
        _keep_failure(model.pk, str(error), at=tried_at, by=by)
        return Reading(model.slug, Outcome.NOT_READ, str(error))


def waiting_update(model: ReplicateModel) -> Update | None:
    """Return the update of a model that waits, ignored or not; None where none does."""
    row = with_readings(ReplicateModel.objects.filter(pk=model.pk)).first()
    return find_update(row) if row else None


def waiting_updates() -> list[Update]:
    """Return the updates that wait, of all models, but for those that are ignored."""
    rows = with_readings(ReplicateModel.objects.filter(reading__schema__isnull=False))
    found = map(find_update, rows)
    return [update for update in found if update and not update.is_ignored]


def with_readings(rows: QuerySet[ReplicateModel]) -> QuerySet[ReplicateModel]:
    """Join what `find_update` and `find_reading` look at, in the same query."""
    standing = IgnoredUpdate.objects.standing().filter(model=OuterRef("pk"))
    joined = rows.select_related("reading__schema", "pinned_schema")
    return joined.defer("pinned_schema__document", "reading__schema__document").annotate(
        ignored_fingerprint=Subquery(standing.values("fingerprint")[:1])
    )


def list_unread(now: datetime) -> list[ReplicateModel]:
    """Return the models with their readings of which every attempt failed for UNREAD_AFTER."""
    late = now - UNREAD_AFTER
    failing = ReplicateModel.objects.exclude(reading=None).exclude(reading__why_not="")
    rows = failing.filter(Q(reading__read_at=None) | Q(reading__read_at__lt=late))
    # One that was never read was added before.
    return [
        row
        for row in rows.select_related("reading", "pinned_schema").defer("pinned_schema__document")
        if row.reading.read_at or row.pinned_schema is None or row.pinned_schema.read_at < late
    ]


def find_reading(row: ReplicateModel) -> SchemaReading | None:
    """Return what was read of a model; None where it was never tried."""
    reading: SchemaReading | None = getattr(row, "reading", None)
    return reading if reading and reading.tried_at else None


def is_confirmed(row: ReplicateModel) -> bool:
    """Say whether Replicate has ever said itself which parameters a model has."""
    reading = find_reading(row)
    return not registry.is_adoptable(row) or bool(reading and reading.read_at)


def find_update(row: ReplicateModel) -> Update | None:
    """Return the update of a model that comes with its reading (`with_readings`)."""
    reading, pinned = find_reading(row), row.pinned_schema
    if reading is None or reading.schema is None or reading.read_at is None or pinned is None:
        return None
    # What is pinned may have been read after the last check, where the model was added anew.
    if reading.schema_id == pinned.pk or pinned.read_at > reading.read_at:
        return None
    drift = _drift(row, pinned, reading.schema)
    if not drift:
        return None
    # Annotated by `with_readings`.
    is_ignored = getattr(row, "ignored_fingerprint", None) == drift.fingerprint
    return Update(row, reading.schema, drift, reading.read_at, is_ignored)


@transaction.atomic
def ignore(
    model: ReplicateModel, *, by: Actor, reason: str = "", fingerprint: str | None = None
) -> None:
    """Ignore the update that waits, until it changes again.

    `fingerprint` is that of the update which the author saw. Raises NoUpdate.
    """
    ReplicateModel.objects.select_for_update(of=("self",)).get(pk=model.pk)
    update = waiting_update(model)
    if update is None:
        raise NoUpdate(f"{model.label} has no update that waits.")
    if fingerprint not in (None, update.drift.fingerprint):
        raise NoUpdate(f"The update of {model.label} is another by now: look again.")
    if update.is_ignored:
        return
    stop_ignoring(model, by=by)
    IgnoredUpdate.objects.create(
        model_id=model.pk,
        fingerprint=update.drift.fingerprint,
        ignored_at=timezone.now(),
        ignored_by=by.name,
        reason=reason,
    )


def stop_ignoring(model: ReplicateModel, *, by: Actor) -> bool:
    """Take back that an update is ignored; say whether one was."""
    standing = IgnoredUpdate.objects.standing().filter(model=model.pk)
    return bool(standing.update(ended_at=timezone.now(), ended_by=by.name))


@transaction.atomic
def _keep(key: int, found: PublishedModel, *, at: datetime, by: Actor) -> Reading:
    """Store what was read. Raises SchemaRefused and RoleRefused, and stores nothing then."""
    # Of two readings at once, the second waits here for the first.
    row = ReplicateModel.objects.select_for_update(of=("self",)).get(pk=key)
    reading = SchemaReading.objects.get_or_create(model=row)[0]
    if reading.tried_at is not None and reading.tried_at > at:
        # The kept reading's request was made after the one that is answered here, and holds.
        return _said_of(row)
    drift = _drift_from(row, found)
    is_taken = _take_by_itself(row, found, drift, by=by)
    row.refresh_from_db()
    schema = registry.find_or_store_schema(row, found) if drift else row.pinned_schema
    reading.tried_at, reading.tried_by, reading.why_not = at, by.name, ""
    reading.read_at, reading.version = at, found.version
    reading.digest, reading.schema = published.digest(found.openapi), schema
    reading.claimed_until = None
    reading.save()
    if drift and is_taken:
        return Reading(row.slug, Outcome.CHANGED, "its update was accepted.", drift)
    return _said_of(row)


def _said_of(row: ReplicateModel) -> Reading:
    """Say of the kept reading whether an update waits."""
    update = waiting_update(row)
    if update is None:
        return Reading(row.slug, Outcome.UNCHANGED, "nothing has changed.")
    if update.is_ignored:
        return Reading(row.slug, Outcome.UNCHANGED, "its update is ignored.", update.drift)
    return Reading(
        row.slug,
        Outcome.CHANGED,
        f"an update waits: it {update.severity_in_words}.",
        update.drift,
    )


def _keep_failure(key: int, why_not: str, *, at: datetime, by: Actor) -> None:
    reading = SchemaReading.objects.get_or_create(model_id=key)[0]
    later = SchemaReading.objects.filter(pk=reading.pk, tried_at__gt=at)
    SchemaReading.objects.filter(pk=reading.pk).exclude(pk__in=later.values("pk")).update(
        tried_at=at, tried_by=by.name, why_not=why_not[:500], claimed_until=None
    )


def _take_by_itself(row: ReplicateModel, found: PublishedModel, drift: Drift, *, by: Actor) -> bool:
    """Accept an update that no operator has to; say whether it was accepted."""
    if registry.is_adoptable(row):
        reason = FIRST_READ
    elif drift.worst == Severity.DOCUMENTATION and settings.ACCEPT_DOCUMENTATION_UPDATES:
        reason = ONLY_WORDS
    else:
        return False
    try:
        return registry.adopt_schema(found, by=by, reason=reason)
    except CannotAdopt:
        return False


def _drift_from(row: ReplicateModel, found: PublishedModel) -> Drift:
    pinned = row.pinned_schema
    if pinned is None:
        return Drift()
    return compare(
        pinned.document,
        found.openapi,
        ours_version=pinned.version,
        theirs_version=found.version,
        runs_by_version=not found.is_official,
        roles=row.roles,
    )


def _drift(row: ReplicateModel, pinned: PublishedSchema, newer: PublishedSchema) -> Drift:
    return _compare(
        (pinned.digest, pinned.version),
        (newer.digest, newer.version),
        runs_by_version=not newer.is_official,
        role_pairs=tuple(sorted(row.roles.items())),
    )


# Digests never change their meaning, and the documents are large.
@lru_cache(maxsize=1024)
def _compare(
    ours: tuple[str, str],
    theirs: tuple[str, str],
    *,
    runs_by_version: bool,
    role_pairs: RolePairs,
) -> Drift:
    documents: Mapping[str, dict[str, object]] = dict(
        PublishedSchema.objects.filter(digest__in=(ours[0], theirs[0])).values_list(
            "digest", "document"
        )
    )
    return compare(
        documents[ours[0]],
        documents[theirs[0]],
        ours_version=ours[1],
        theirs_version=theirs[1],
        runs_by_version=runs_by_version,
        roles=dict(role_pairs),
    )
