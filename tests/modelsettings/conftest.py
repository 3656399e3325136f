"""A model with one parameter of each kind, and its live profile."""

from typing import Any

import pytest
from django.db.models import QuerySet

from modelsettings import registry
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import StoredSettings, get_settings
from tests.modelsettings.acme import published

SLUG = "acme/stager"


def write_behind_the_services(profile: int, **fields: Any) -> None:
    """Write a row as only SQL could: without validation and history."""
    QuerySet(ModelSettings).filter(pk=profile).update(**fields)


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
