"""A model with one parameter of each kind, its live profile, and what the tests look at."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.db.models import QuerySet
from pytest_django import Settings

from modelsettings import registry
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, PublishedSchema, ReplicateModel
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import StoredSettings, get_settings
from tests.modelsettings.acme import STAGER_INPUTS, published

SLUG = "acme/stager"


def write_behind_the_services(profile: int, **fields: Any) -> None:
    """Write a row as only SQL could: without validation and history."""
    QuerySet(ModelSettings).filter(pk=profile).update(**fields)


def everything() -> list[Any]:
    """Return what the tables of models, schemas and settings hold."""
    tables: list[Any] = [ReplicateModel, PublishedSchema, ModelSettings, ReplicateModel.history]
    tables.append(ModelSettings.history)
    rows = [getattr(table, "objects", table).order_by("pk").values() for table in tables]
    return [list(found) for found in rows]


def slugs() -> set[str]:
    """Return the models that the catalogue did not bring."""
    rows = ReplicateModel.objects.exclude(schemas__source="reconstructed")
    return set(rows.values_list("slug", flat=True))


def reconstructed(inputs: JSON = STAGER_INPUTS) -> ReplicateModel:
    """Add a model as the catalogue does, without a version."""
    document = published(inputs) | {"x-restage-source": "reconstructed", "is_official": False}
    document["latest_version"]["id"] = ""
    return registry.add_model(PublishedModel.from_json(document), by=Actor.system("catalog"))


def in_force(profile: int) -> tuple[int, JSON]:
    row = ModelSettings.objects.get(pk=profile)
    return row.revision, row.values


@pytest.fixture
def model(db: None) -> ReplicateModel:
    return registry.add_model(PublishedModel.from_json(published()), by=Actor.system("test"))


@pytest.fixture
def stored(model: ReplicateModel) -> StoredSettings:
    """The live profile, at revision 1."""
    return get_settings(SLUG)


@pytest.fixture
def ann() -> Actor:
    return Actor("ann")


@pytest.fixture
def bob() -> Actor:
    return Actor("bob")


@pytest.fixture
def publish(sandbox_url: str, settings: Settings) -> Callable[[JSON], None]:
    """Publish a model at the Replicate that the settings name: a sandbox, as a real process."""
    settings.REPLICATE_BASE_URL = sandbox_url

    def post(document: JSON) -> None:
        httpx.post(f"{sandbox_url}/_sandbox/models", json=document).raise_for_status()

    return post
