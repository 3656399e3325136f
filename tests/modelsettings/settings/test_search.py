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
        ("Output format", "set", "", True),
        ("put form", "set", "", True),
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


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("abc", "“abc” is not a number."),
        ("nan", "“nan” is not a number."),
        ("inf", "“inf” is not a number."),
        ("", "Write the number to compare with."),
    ],
)
@pytest.mark.parametrize("test", ["lt", "gt"])
def test_search_refuses_to_compare_with_what_is_no_number(
    stored: StoredSettings, test: str, value: str, said: str
) -> None:
    with pytest.raises(search.NotANumber) as refusal:
        search_settings("steps", test=test, value=value)

    assert refusal.value.body() == {"value": [said]}


def test_known_names_are_each_there_once(stored: StoredSettings) -> None:
    names = search.known_names()

    assert {"Output format", "Number of outputs"} <= set(names)
    assert names == sorted(set(names))


def test_find_parameters_counts_the_models_that_have_one(
    stored: StoredSettings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    search.find_parameters()
    with django_assert_num_queries(1):
        found = search.find_parameters("output_format")

    assert {parameter.key for parameter in found} == {"output_format"}
    assert sum(parameter.models for parameter in found) > 5


@pytest.mark.parametrize(("test", "words"), [("set", "is set"), ("unset", "is unset")])
def test_a_value_that_the_test_does_not_use_is_refused(
    stored: StoredSettings, test: str, words: str
) -> None:
    with pytest.raises(search.ValueNotUsed) as refusal:
        search_settings("steps", test=test, value=" 90 ")

    assert refusal.value.field == "value"
    assert str(refusal.value).startswith(f"“90” is not used by “{words}”: choose “is”, “is below”")
