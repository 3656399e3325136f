"""Settings found across models."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.schema.comparison import UNSET
from modelsettings.settings import StoredSettings, get_settings, patch_settings, search
from modelsettings.settings.search import search_settings
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db


def found(key: str, **asked: Any) -> list[tuple[str, str, Any]]:
    hits = search_settings(key, **asked)
    return [(hit.profile, hit.key, hit.value) for hit in hits if hit.slug == SLUG]


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
