"""The schema that a model is pinned to, read once in a process, and its obstacles to staging."""

from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings

from modelsettings import catalog
from modelsettings.model_schema import ModelSchema, read_schema
from modelsettings.models import PublishedSchema, ReplicateModel

RolePairs = tuple[tuple[str, str], ...]


def get_schema(slug: str, *, roles: Mapping[str, str], digest: str) -> ModelSchema:
    """Return what a model's pinned schema means here.

    A digest never changes its meaning, and the overlay comes with the code, so nothing here goes
    stale.
    """
    return _read(slug, tuple(sorted(roles.items())), digest)


def find_schema(model: ReplicateModel) -> ModelSchema | None:
    """Return what the schema that a model is pinned to means here; None where it has none."""
    if ReplicateModel.pinned_schema.is_cached(model):
        digest = model.pinned_schema.digest if model.pinned_schema else None
    else:
        # The document, which is large, has been read already in most processes.
        pinned = PublishedSchema.objects.filter(pk=model.pinned_schema_id or 0)
        digest = pinned.values_list("digest", flat=True).first()
    return get_schema(model.slug, roles=model.roles, digest=digest) if digest else None


@lru_cache(maxsize=1024)
def _read(slug: str, role_pairs: RolePairs, digest: str) -> ModelSchema:
    found = PublishedSchema.objects.filter(digest=digest).values_list("document", flat=True)
    tuning = catalog.find_overlay(slug).tuning
    return read_schema(found[:1].get(), roles=dict(role_pairs), tuning=tuning)


def find_obstacle_to_staging(
    slug: str, *, is_enabled: bool, can_be_run: bool, schema: ModelSchema
) -> str | None:
    """Return why a job cannot use a model, in one sentence, or None where it can.

    `can_be_run` says that its version is known, or that it is run by its name.
    """
    if not is_enabled:
        return f"{slug} is disabled."
    if schema.obstacle:
        return f"{slug} cannot stage a photo. {schema.obstacle}"
    if not can_be_run:
        return (
            f"{slug} is run by its version, which is not known: read it from Replicate with "
            f"manage.py add_model {slug}."
        )
    return find_missing_secret(slug, schema=schema)


def find_missing_secret(slug: str, *, schema: ModelSchema) -> str | None:
    """Return which secret the environment lacks, in one sentence, or None."""
    variables = catalog.find_overlay(slug).secrets
    for name in schema.required_secrets:
        variable = variables.get(name)
        if variable is None:
            return f"{slug} requires the secret {name}, for which the overlay names no variable."
        if not settings.MODEL_SECRETS.get(variable):
            return f"{slug} requires the secret {name}: set {variable} in the environment."
    return None


def secrets_of(model: ReplicateModel) -> dict[str, str]:
    """Return the model's secret inputs, from the environment: to be sent, never stored or shown.

    The overlay names the variable, and the pinned schema has to have the input: a model is sent no
    secret that it does not ask for.
    """
    variables = catalog.find_overlay(model.slug).secrets
    schema = find_schema(model) if variables else None
    if schema is None:
        return {}
    found = {
        name: settings.MODEL_SECRETS.get(variables.get(name, ""), "") for name in schema.secrets
    }
    return {name: value for name, value in found.items() if value}
