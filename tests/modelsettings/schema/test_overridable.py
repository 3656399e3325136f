"""What clients may change where a profile lists nothing, and where it does."""

import pytest

from modelsettings import catalog
from modelsettings.model_schema import choose_schema
from modelsettings.schema.overridable import (
    OverridableChange,
    find_change,
    marked,
    overridable_names,
)
from modelsettings.schema.published import PublishedModel

NAMES = ["seed", "safety_tolerance", "disclosure"]


def test_rule_keeps_the_disclosure_and_safety_of_every_shipped_model() -> None:
    kept: set[str] = set()
    for document in catalog.published_files():
        model = PublishedModel.from_json(document)
        overlay = catalog.find_overlay(model.slug)
        schema = choose_schema(model.openapi, known=overlay.roles, tuning=overlay.tuning)
        names = schema.validator.schema["properties"]
        kept |= names.keys() - set(overridable_names(None, names))

    assert kept == {
        "disable_safety_checker",
        "disclosure",
        "moderation",
        "safety_filter_level",
        "safety_tolerance",
    }


@pytest.mark.parametrize("name", ["enable_safety_checker", "SAFETY_level", "moderation"])
def test_rule_keeps_the_safety_of_a_model_added_later(name: str) -> None:
    assert overridable_names(None, ["seed", name]) == ["seed"]


def test_a_list_holds_for_what_it_names_alone() -> None:
    """Not for a parameter that a later schema brings, nor for one that it has no longer."""
    assert overridable_names(["disclosure", "gone"], [*NAMES, "brought_later"]) == ["disclosure"]


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (None, None, None),
        (None, ["seed"], None),
        (None, ["disclosure"], OverridableChange(["disclosure"], ["seed"])),
        (["seed", "disclosure"], None, OverridableChange([], ["disclosure"])),
    ],
)
def test_find_change_compares_what_lists_come_to(
    old: list[str] | None, new: list[str] | None, change: OverridableChange | None
) -> None:
    assert find_change(old, new, NAMES) == change


def test_marked_says_it_at_each_parameter_and_leaves_the_schema_alone() -> None:
    schema = {"properties": {"seed": {"title": "Seed"}, "disclosure": {"title": "Disclosure"}}}

    told = marked(schema, ["seed"])

    assert told["properties"] == {
        "seed": {"title": "Seed", "x-overridable": True},
        "disclosure": {"title": "Disclosure", "x-overridable": False},
    }
    assert schema["properties"]["seed"] == {"title": "Seed"}
