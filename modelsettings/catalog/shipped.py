"""What a shipped model means here, read from its file alone: without a database."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from modelsettings import catalog
from modelsettings.catalog import Overlay
from modelsettings.schema import flattening, parameters, published
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import PublishedModel
from modelsettings.schema.roles import find_obstacle, find_roles


@dataclass(frozen=True, slots=True)
class ShippedModel:
    """A model of the catalogue: its input, which of it takes what a job brings, its settings."""

    slug: str
    published: PublishedModel
    overlay: Overlay
    flat: JSON
    roles: Mapping[str, str]
    schema: JSON
    obstacle: str | None

    @property
    def settings(self) -> JSON:
        """What an operator may tune, by name."""
        return dict(self.schema["properties"])

    @property
    def secrets(self) -> list[str]:
        """The inputs that are secrets."""
        inputs = self.flat["properties"]
        return [name for name in inputs if published.is_secret(name, inputs[name])]


@cache
def shipped_models() -> dict[str, ShippedModel]:
    """Return the models of the catalogue by their slugs, in the order of their listing."""
    models = map(_read, catalog.published_files())
    return {model.slug: model for model in sorted(models, key=lambda one: one.overlay.order)}


def _read(document: JSON) -> ShippedModel:
    model = PublishedModel.from_json(document)
    overlay = catalog.find_overlay(model.slug)
    flat = flattening.flatten(model.openapi)
    roles = find_roles(flat) | dict(overlay.roles)
    makes_pictures = published.makes_pictures(model.openapi)
    return ShippedModel(
        slug=model.slug,
        published=model,
        overlay=overlay,
        flat=flat,
        roles=roles,
        schema=parameters.settings_schema(
            flat, roles=roles, makes_pictures=makes_pictures, tuning=overlay.tuning
        ),
        obstacle=find_obstacle(flat, roles=roles, makes_pictures=makes_pictures),
    )
