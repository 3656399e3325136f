"""Settings found across models, and why a model cannot stage."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from modelsettings import pinned_schemas, profiles
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.schema.comparison import UNSET
from modelsettings.settings import StoredSettings, get_settings, patch_settings, search
from modelsettings.settings.search import search_settings
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db

GPT = "openai/gpt-image-1"


def found(key: str, **asked: Any) -> list[tuple[str, str, Any]]:
    hits = search_settings(key, **asked)
    return [(hit.profile, hit.key, hit.value) for hit in hits if hit.slug == SLUG]


def model(slug: str) -> ReplicateModel:
    return ReplicateModel.objects.get(slug=slug)


@pytest.mark.parametrize(
    ("key", "test", "value", "is_found"),
    [
        ("steps", "is", "30", True),
        ("steps", "is", "30.0", True),
        ("steps", "is", "31", False),
        ("steps", "is", "many", False),
        ("steps", "not", "31", True),
        ("steps", "not", "30", False),
        ("steps", "lt", "31", True),
        ("steps", "lt", "30", False),
        ("steps", "gt", "29", True),
        ("steps", "gt", "30", False),
        ("steps", "gt", "", False),
        ("go_fast", "is", "on", True),
        ("go_fast", "is", "True", True),
        ("go_fast", "is", "1", False),
        ("go_fast", "lt", "5", False),
        ("output_format", "is", "webp", True),
        ("output_format", "has", "WEB", True),
        ("output_format", "has", "png", False),
        ("negative_prompt", "is", "", True),
        ("note", "has", "un", False),
        ("note", "has", "", False),
        ("note", "set", "", False),
        ("note", "unset", "", True),
        ("note", "is", "unset", False),
        ("steps", "unset", "", False),
        ("STEPS ", "set", "", True),
        ("step", "set", "", True),
        ("stepping", "set", "", False),
    ],
)
def test_search_by_key_and_value(
    stored: StoredSettings, key: str, test: str, value: str, is_found: bool
) -> None:
    assert bool(found(key, test=test, value=value)) is is_found


def test_search_for_what_was_changed(stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"steps": 5, "seed": 1}, by=ann)

    assert found("", changed_only=True) == [("default", "seed", 1), ("default", "steps", 5)]
    (hit,) = [hit for hit in search_settings("seed", test="is", value="1") if hit.slug == SLUG]
    assert (hit.default, hit.is_changed, hit.is_live, hit.revision) == (UNSET, True, True, 2)


def test_search_goes_over_drafts_and_leaves_out_what_is_retired(
    stored: StoredSettings, ann: Actor
) -> None:
    for name in ("draft", "gone"):
        profiles.copy_profile(stored.pk, name, by=ann)
    profiles.retire(get_settings(SLUG, profile="gone").pk, by=ann)

    assert [hit[0] for hit in found("steps")] == ["default", "draft"]


def test_search_takes_one_query_however_many_profiles(
    stored: StoredSettings, ann: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        profiles.copy_profile(stored.pk, f"draft {number}", by=ann)
    search_settings()

    with django_assert_num_queries(1):
        assert len(found("steps")) == 21


def test_known_keys_are_each_named_once(stored: StoredSettings) -> None:
    keys = search.known_keys()

    assert {"steps", "output_quality", "disclosure"} <= set(keys)
    assert keys == sorted(set(keys))


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
