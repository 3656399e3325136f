"""What a pinned schema means here, compiled once in a process."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

from modelsettings import catalog
from modelsettings.models import PublishedSchema, ReplicateModel
from modelsettings.schema import flattening, parameters, published
from modelsettings.schema.flattening import JSON
from modelsettings.schema.roles import find_obstacle
from modelsettings.schema.validation import SettingsValidator

RolePairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    """A published schema, read for one model and its roles; `obstacle` is the schema's own."""

    validator: SettingsValidator
    obstacle: str | None
    takes_many_images: bool
    secrets: tuple[str, ...]
    required_secrets: tuple[str, ...]


def compile_schema(slug: str, *, roles: Mapping[str, str], digest: str) -> CompiledSchema:
    """Return what a model's pinned schema means here.

    A digest never changes its meaning, and the overlay comes with the code, so nothing here goes
    stale.
    """
    return _compile(slug, tuple(sorted(roles.items())), digest)


@lru_cache(maxsize=1024)
def _compile(slug: str, role_pairs: RolePairs, digest: str) -> CompiledSchema:
    found = PublishedSchema.objects.filter(digest=digest).values_list("document", flat=True)
    return compile_document(slug, roles=dict(role_pairs), openapi=found[:1].get())


def compile_document(slug: str, *, roles: Mapping[str, str], openapi: JSON) -> CompiledSchema:
    """Return what a schema that is not stored (yet) would mean here. Raises SchemaRefused."""
    flat = flattening.flatten(openapi)
    makes_pictures = published.makes_pictures(openapi)
    schema = parameters.settings_schema(
        flat,
        roles=roles,
        makes_pictures=makes_pictures,
        tuning=catalog.find_overlay(slug).tuning,
    )
    image = flat["properties"].get(roles.get("image"), {})
    secrets = tuple(
        name for name, prop in flat["properties"].items() if published.is_secret(name, prop)
    )
    return CompiledSchema(
        validator=SettingsValidator(schema),
        obstacle=find_obstacle(flat, roles=roles, makes_pictures=makes_pictures),
        takes_many_images=image.get("type") == "array",
        secrets=secrets,
        required_secrets=tuple(name for name in secrets if name in flat["required"]),
    )


def find_obstacle_to_staging(
    slug: str, *, is_enabled: bool, can_be_run: bool, schema: CompiledSchema
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


def find_missing_secret(slug: str, *, schema: CompiledSchema) -> str | None:
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

    The overlay names the variable, and the pinned schema has to have the input: nobody is sent a
    secret that they do not ask for.
    """
    variables = catalog.find_overlay(model.slug).secrets
    if not variables or model.pinned_schema_id is None:
        return {}
    pinned = PublishedSchema.objects.filter(pk=model.pinned_schema_id)
    digest = pinned.values_list("digest", flat=True).get()
    known = compile_schema(model.slug, roles=model.roles, digest=digest).secrets
    found = {name: settings.MODEL_SECRETS.get(variables.get(name, ""), "") for name in known}
    return {name: value for name, value in found.items() if value}
