"""Why a model cannot stage, and the secrets that it is sent."""

import pytest
from pytest_django import Settings

from modelsettings import pinned_schemas
from modelsettings.models import ReplicateModel
from modelsettings.settings import StoredSettings, get_settings
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db

GPT = "openai/gpt-image-1"


def model(slug: str) -> ReplicateModel:
    return ReplicateModel.objects.get(slug=slug)


def obstacle(settings: StoredSettings, **known: bool) -> str | None:
    wanted = {"is_enabled": True, "can_be_run": True, **known}
    return pinned_schemas.find_obstacle_to_staging(settings.slug, schema=settings.schema, **wanted)


def test_an_obstacle_is_named(stored: StoredSettings) -> None:
    assert obstacle(stored) is None
    assert obstacle(stored, is_enabled=False) == f"{SLUG} is disabled."
    unknown = obstacle(stored, can_be_run=False)
    assert unknown is not None
    assert unknown.startswith(f"{SLUG} is run by its version, which is not known: ")


def test_a_secret_that_the_environment_lacks(db: None, settings: Settings) -> None:
    gpt = get_settings(GPT)
    settings.MODEL_SECRETS = {"OPENAI_API_KEY": ""}

    assert gpt.obstacle == (
        f"{GPT} requires the secret openai_api_key: set OPENAI_API_KEY in the environment."
    )
    assert pinned_schemas.secrets_of(model(GPT)) == {}


def test_a_secret_from_the_environment(db: None, settings: Settings) -> None:
    settings.MODEL_SECRETS = {"OPENAI_API_KEY": "sk-1"}

    assert get_settings(GPT).obstacle is None
    assert pinned_schemas.secrets_of(model(GPT)) == {"openai_api_key": "sk-1"}
    assert pinned_schemas.secrets_of(model("qwen/qwen-image-edit")) == {}


def test_a_secret_goes_to_no_schema_that_lacks_the_input(db: None, settings: Settings) -> None:
    settings.MODEL_SECRETS = {"OPENAI_API_KEY": "sk-1"}
    gpt = model(GPT)
    # As if a newer schema had dropped the input.
    gpt.pinned_schema = model("qwen/qwen-image-edit").pinned_schema

    assert pinned_schemas.secrets_of(gpt) == {}


def test_a_secret_that_the_overlay_does_not_name(db: None, settings: Settings) -> None:
    settings.MODEL_SECRETS = {"OPENAI_API_KEY": "sk-1"}
    gpt = get_settings(GPT)

    # The schema of one model under the name of another, which no overlay knows.
    assert pinned_schemas.find_missing_secret("acme/other", schema=gpt.schema) == (
        "acme/other requires the secret openai_api_key, for which the overlay names no variable."
    )
