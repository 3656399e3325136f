"""The meaning of a shipped model, read from its file alone, without a database."""

from dataclasses import dataclass
from functools import cache

from modelsettings import catalog
from modelsettings.catalog import Overlay
from modelsettings.model_schema import ModelSchema, choose_schema
from modelsettings.schema.published import PublishedModel


@dataclass(frozen=True, slots=True)
class ShippedModel:
    """A model of the catalogue: as it is published, what we add, and what both mean here."""

    published: PublishedModel
    overlay: Overlay
    schema: ModelSchema

    @property
    def slug(self) -> str:
        return self.published.slug


@cache
def shipped_models() -> dict[str, ShippedModel]:
    """Return the models of the catalogue by their slugs, in the order of their listing."""
    models = [
        read_shipped(PublishedModel.from_json(document)) for document in catalog.published_files()
    ]
    return {model.slug: model for model in sorted(models, key=lambda model: model.overlay.order)}


def read_shipped(model: PublishedModel) -> ShippedModel:
    """Say what a published model means with what our overlay knows of it. Raises SchemaRefused."""
    overlay = catalog.find_overlay(model.slug)
    schema = choose_schema(model.openapi, known=overlay.roles, tuning=overlay.tuning)
    return ShippedModel(published=model, overlay=overlay, schema=schema)
