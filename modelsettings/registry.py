"""The models that Restage knows: adding one, loading the catalogue, choosing the default."""

from collections.abc import Collection, Mapping
from typing import Any

from django.apps import AppConfig, apps
from django.apps.registry import Apps
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from modelsettings import catalog
from modelsettings.actors import CATALOG, Actor
from modelsettings.errors import RequestRefused
from modelsettings.model_rows import complete_model, insert_model, save_model
from modelsettings.model_schema import choose_schema
from modelsettings.models import ModelSettings, PublishedSchema, ReplicateModel
from modelsettings.pinned_schemas import find_obstacle_to_staging, get_schema
from modelsettings.schema import published
from modelsettings.schema.published import PublishedModel
from modelsettings.schema.validation import SettingsRefused, SettingsValidator
from modelsettings.settings import (
    ProfileLocked,
    create_profile,
    get_settings,
    patch_settings,
    update_settings,
)
from modelsettings.uses import check_shown, preview_default

# The reason of an adoption for which nothing else is said.
ADOPTED = "Published schema adopted."


class CannotBeDefault(RequestRefused):
    """A model that is not there, or cannot stage a photo; the message says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="value")


class AlreadyThere(RequestRefused):
    """A model that was added before."""

    status = 409
    code = "there_already"

    def __init__(self, slug: str) -> None:
        super().__init__(f"{slug} is there already.")


class CannotAdopt(RequestRefused):
    """A published schema that breaks what is stored; the message names it."""

    status = 409
    code = "update_breaks_settings"


@transaction.atomic
def add_model(
    model: PublishedModel,
    *,
    by: Actor,
    reason: str = "",
    corrections: Mapping[str, str | None] | None = None,
) -> ReplicateModel:
    """Add a published model with its schema and its live profile, which holds its defaults.

    `corrections` are as `roles.choose_roles` takes them. Raises SchemaRefused, RoleRefused and
    AlreadyThere, and adds nothing then.
    """
    overlay = catalog.find_overlay(model.slug)
    schema = choose_schema(
        model.openapi, known=overlay.roles, tuning=overlay.tuning, corrections=corrections
    )
    defaults = ReplicateModel.objects.filter(is_default=True)
    row = ReplicateModel(
        slug=model.slug,
        label=overlay.label or model.label,
        description=model.description,
        position=overlay.order,
        roles=dict(schema.roles),
        price=list(overlay.price),
        is_default=overlay.is_default and not defaults.exists(),
    )
    _insert(row)
    live = create_profile(
        model=row.pk,
        name="default",
        values={},
        validator=schema.validator,
        by=by,
        reason="As it came.",
    )
    fields = {"pinned_schema": _store_schema(row, model), "live_profile": live}
    complete_model(row, by=by, reason=reason, fields=fields)
    return row


def is_adoptable(row: ReplicateModel) -> bool:
    """Say whether the first live read may replace the model's schema.

    That is so where the schema was put together by hand, or its version is not known.
    """
    pinned = row.pinned_schema
    return pinned is None or pinned.source == "reconstructed" or not pinned.version


@transaction.atomic
def adopt_schema(
    model: PublishedModel,
    *,
    by: Actor,
    reason: str = ADOPTED,
    corrections: Mapping[str, str | None] | None = None,
) -> bool:
    """Pin the schema that a model's first live read brought; say whether anything changed.

    Every stored profile has to be valid under it; parameters that it adds take their defaults,
    as a revision. Raises CannotAdopt with what breaks, ReplicateModel.DoesNotExist, SchemaRefused
    and RoleRefused, and changes nothing then.
    """
    row = ReplicateModel.objects.select_for_update(of=("self",)).get(slug=model.slug)
    # The roles in use count as known: each is kept where the new schema still has its input.
    tuning = catalog.find_overlay(row.slug).tuning
    schema = choose_schema(model.openapi, known=row.roles, tuning=tuning, corrections=corrections)
    pinned = row.pinned_schema
    if pinned and schema.roles == row.roles and _is_pinned(pinned, model):
        return False
    if row.is_default and schema.obstacle:
        raise CannotAdopt(
            f"{row.slug} is the default for staging and could stage no longer. {schema.obstacle}"
        )
    profiles = ModelSettings.objects.filter(model=row).order_by("pk")
    # A job brings what takes a role: a value that was stored for it goes, and history keeps it.
    taken = set(schema.roles.values()) - set(row.roles.values())
    breaking = [
        f"{profile.shown_name}: {sentence}"
        for profile in profiles
        for sentence in _find_breaks(profile, schema.validator, without=taken)
    ]
    if breaking:
        raise CannotAdopt(
            f"The published schema of {row.slug} breaks what is stored. {' '.join(breaking)}"
        )
    row.roles = dict(schema.roles)
    row.pinned_schema = find_or_store_schema(row, model)
    save_model(row, by=by, reason=reason)
    for profile in profiles:
        _complete(profile, without=taken, by=by, reason=reason)
    return True


def _is_pinned(pinned: PublishedSchema, model: PublishedModel) -> bool:
    found = (pinned.digest, pinned.version, pinned.source, pinned.is_official)
    return found == (
        published.digest(model.openapi),
        model.version,
        model.source,
        model.is_official,
    )


def _find_breaks(
    profile: ModelSettings, validator: SettingsValidator, *, without: Collection[str]
) -> list[str]:
    errors = _find_errors(profile, validator, without=without)
    return [sentence for sentences in errors.values() for sentence in sentences]


def _find_errors(
    profile: ModelSettings, validator: SettingsValidator, *, without: Collection[str] = ()
) -> Mapping[str, list[str]]:
    try:
        validator.clean(_left_of(profile, without))
    except SettingsRefused as error:
        return error.errors
    return {}


def _left_of(profile: ModelSettings, without: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in profile.values.items() if key not in without}


def _complete(profile: ModelSettings, *, without: Collection[str], by: Actor, reason: str) -> None:
    """Give a profile the defaults of what its schema has gained, and take away what it has lost."""
    try:
        if profile.values.keys() & set(without):
            kept = _left_of(profile, without)
            update_settings(
                profile.pk, kept, by=by, reason=reason, expected_revision=profile.revision
            )
        else:
            patch_settings(profile.pk, {}, by=by, reason=reason)
    except ProfileLocked as error:
        raise CannotAdopt(f"{profile.shown_name} would be changed. {error}") from error


def _insert(row: ReplicateModel) -> None:
    try:
        with transaction.atomic():
            insert_model(row)
    except IntegrityError as error:
        if ReplicateModel.objects.filter(slug=row.slug).exists():
            raise AlreadyThere(row.slug) from error
        raise


def _store_schema(row: ReplicateModel, model: PublishedModel) -> PublishedSchema:
    return PublishedSchema.objects.create(
        model=row,
        digest=published.digest(model.openapi),
        version=model.version,
        source=model.source,
        is_official=model.is_official,
        document=model.openapi,
    )


def find_or_store_schema(row: ReplicateModel, model: PublishedModel) -> PublishedSchema:
    """Store the schema that was read, or note of the stored one that is equal that it was.

    The one in use keeps its time: its document also comes from here, when roles are corrected.
    """
    digest = published.digest(model.openapi)
    stored = row.schemas.filter(digest=digest, version=model.version).first()
    if stored is None:
        return _store_schema(row, model)
    stored.source, stored.is_official = model.source, model.is_official
    if stored.pk != row.pinned_schema_id:
        stored.read_at = timezone.now()
    stored.save(update_fields=["source", "is_official", "read_at"])
    return stored


def load_catalog() -> list[str]:
    """Add the shipped models that are not there yet; return their slugs.

    What is there is left alone: an operator may have changed it.
    """
    there = set(ReplicateModel.objects.values_list("slug", flat=True))
    shipped = [PublishedModel.from_json(document) for document in catalog.published_files()]
    missing = [model for model in shipped if model.slug not in there]
    for model in sorted(missing, key=lambda model: catalog.find_overlay(model.slug).order):
        add_model(model, by=CATALOG, reason="It comes with Restage.")
    return [model.slug for model in missing]


def load_catalog_after_migrate(sender: AppConfig, **options: Any) -> None:
    """Load the catalogue, unless `migrate` stopped at earlier tables than today's."""
    migrated = options.get("apps") or apps
    if all(_is_current(model, migrated) for model in sender.get_models()):
        load_catalog()


def _is_current(model: type[Model], migrated: Apps) -> bool:
    try:
        state = migrated.get_model(model._meta.label)
    except LookupError:
        return False
    return _field_names(state) == _field_names(model)


def _field_names(model: type[Model]) -> set[str]:
    return {field.name for field in model._meta.fields}


def list_models() -> list[ReplicateModel]:
    """Return every model with its live profile and its `obstacle`, in one query."""
    rows = list(with_schema(ReplicateModel.objects.all()))
    for row in rows:
        row.obstacle = find_obstacle(row)
    return rows


def with_schema(rows: QuerySet[ReplicateModel]) -> QuerySet[ReplicateModel]:
    """Join what `find_obstacle` reads: the pinned schema, without its long document."""
    joined = rows.select_related("live_profile", "pinned_schema")
    return joined.defer("pinned_schema__document")


def find_obstacle(row: ReplicateModel) -> str | None:
    """Return why a job cannot use a model, in one sentence, or None where it can."""
    pinned = row.pinned_schema
    if pinned is None:
        return f"{row.slug} has no schema."
    return find_obstacle_to_staging(
        row.slug,
        is_enabled=row.is_enabled,
        can_be_run=pinned.is_official or bool(pinned.version),
        schema=get_schema(row.slug, roles=row.roles, digest=pinned.digest),
    )


@transaction.atomic
def choose_default(
    slug: str, *, by: Actor, reason: str = "", shown: str | None = None
) -> ReplicateModel:
    """Make a model the default for staging.

    `shown` is the tag of the preview that the author saw. Raises CannotBeDefault with the reason,
    and ChangedMeanwhile where the preview would be another now.
    """
    # Every row is locked, in one order: of two choices at once, the second waits for the first.
    rows = {row.slug: row for row in ReplicateModel.objects.select_for_update().order_by("pk")}
    if slug not in rows:
        raise CannotBeDefault(f"There is no model {slug}.")
    chosen = rows[slug]
    if obstacle := get_settings(slug).obstacle:
        raise CannotBeDefault(obstacle)
    if not chosen.is_default:
        if shown is not None:
            check_shown(preview_default(slug), shown)
        # One time for both rows, by which history knows that they are one change.
        now = timezone.now()
        for former in filter(lambda row: row.is_default, rows.values()):
            former.is_default = False
            save_model(former, by=by, reason=reason, at=now)
        chosen.is_default = True
        save_model(chosen, by=by, reason=reason, at=now)
    return chosen
