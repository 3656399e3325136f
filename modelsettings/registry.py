"""Which models there are: adding one, loading the catalogue, choosing the default."""

from typing import Any

from django.apps import AppConfig, apps
from django.apps.registry import Apps
from django.db import transaction
from django.db.models import F, Model

from modelsettings import catalog, services
from modelsettings.actors import CATALOG, Actor
from modelsettings.compiled import compile_schema, find_obstacle_to_staging
from modelsettings.models import PublishedSchema, ReplicateModel
from modelsettings.schema import published
from modelsettings.schema.published import PublishedModel
from modelsettings.schema.roles import find_roles


class CannotStage(ValueError):
    """A model that cannot stage a photo; the message says why."""


@transaction.atomic
def add_model(model: PublishedModel, *, by: Actor) -> ReplicateModel:
    """Add a published model with its schema and its live profile, which holds its defaults.

    Raises SchemaRefused, and then nothing was added.
    """
    overlay = catalog.find_overlay(model.slug)
    roles = find_roles(published.flatten(model.openapi)) | dict(overlay.roles)
    defaults = ReplicateModel.objects.filter(is_default=True)
    row = ReplicateModel(
        slug=model.slug,
        label=overlay.label or model.slug,
        description=model.description,
        position=overlay.order,
        roles=roles,
        price=list(overlay.price),
        is_default=overlay.is_default and not defaults.exists(),
    )
    row._history_user = by.user
    row._change_reason = f"Added by {by.name}."
    row.save()
    row.pinned_schema = PublishedSchema.objects.create(
        model=row,
        digest=published.digest(model.openapi),
        version=model.version,
        source=model.source,
        is_official=model.is_official,
        document=model.openapi,
    )
    compiled = compile_schema(row.slug, roles=roles, digest=row.pinned_schema.digest)
    row.live_profile = services.create_profile(
        model=row.pk,
        name="default",
        values=compiled.validator.clean({}),
        by=by,
        reason="The model's defaults.",
    )
    # No history of its own: the model has just been added.
    ReplicateModel.objects.filter(pk=row.pk).update(
        pinned_schema=row.pinned_schema, live_profile=row.live_profile
    )
    return row


def load_catalog() -> list[str]:
    """Add the shipped models that are not there yet; return their slugs.

    What is there is left alone: an operator may have changed it.
    """
    there = set(ReplicateModel.objects.values_list("slug", flat=True))
    shipped = [PublishedModel.from_json(document) for document in catalog.published_files()]
    missing = [model for model in shipped if model.slug not in there]
    for model in sorted(missing, key=lambda model: catalog.find_overlay(model.slug).order):
        add_model(model, by=CATALOG)
    return [model.slug for model in missing]


def load_catalog_after_migrate(sender: AppConfig, **options: Any) -> None:
    """Load the catalogue where the tables are today's: `migrate` may have stopped before."""
    migrated = options.get("apps") or apps
    if all(_is_current(model, migrated) for model in sender.get_models()):
        load_catalog()


def _is_current(model: type[Model], migrated: Apps) -> bool:
    try:
        state = migrated.get_model(model._meta.label)
    except LookupError:
        return False
    return {one.name for one in state._meta.fields} == {one.name for one in model._meta.fields}


def list_models() -> list[ReplicateModel]:
    """Return every model with its live profile and its `obstacle`, in one query."""
    rows = (
        ReplicateModel.objects.select_related("live_profile", "pinned_schema")
        .defer("pinned_schema__document")
        .annotate(digest=F("pinned_schema__digest"))
    )
    return [_with_obstacle(row, digest=row.digest) for row in rows]


def _with_obstacle(row: ReplicateModel, *, digest: str) -> ReplicateModel:
    pinned = row.pinned_schema
    row.obstacle = find_obstacle_to_staging(
        row.slug,
        is_enabled=row.is_enabled,
        can_be_run=pinned is not None and (pinned.is_official or bool(pinned.version)),
        schema=compile_schema(row.slug, roles=row.roles, digest=digest),
    )
    return row


@transaction.atomic
def choose_default(slug: str, *, by: Actor) -> ReplicateModel:
    """Make a model the default for staging.

    Raises ReplicateModel.DoesNotExist, and CannotStage with the reason.
    """
    # All of them, in one order: two who choose at once then wait for one another.
    rows = {row.slug: row for row in ReplicateModel.objects.select_for_update().order_by("pk")}
    if slug not in rows:
        raise ReplicateModel.DoesNotExist(slug)
    chosen = rows[slug]
    if obstacle := services.get_settings(slug).obstacle:
        raise CannotStage(obstacle)
    if not chosen.is_default:
        for former in filter(lambda row: row.is_default, rows.values()):
            _set_default(former, is_default=False, by=by)
        _set_default(chosen, is_default=True, by=by)
    return chosen


def _set_default(model: ReplicateModel, *, is_default: bool, by: Actor) -> None:
    model.is_default = is_default
    model._history_user = by.user
    model.save()
