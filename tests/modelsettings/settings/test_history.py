"""A profile's past: pages, values, comparison."""

import pytest
from pytest_django import DjangoAssertNumQueries

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.schema.comparison import UNSET, Change
from modelsettings.settings import (
    StoredSettings,
    history,
    patch_settings,
)
from modelsettings.settings.history import Revision

pytestmark = pytest.mark.django_db


def make_history(stored: StoredSettings, by: Actor, *, seeds: int) -> None:
    for seed in range(seeds):
        patch_settings(stored.pk, {"seed": seed}, by=by)


def test_list_revisions_newest_first_in_the_order_of_keys(
    stored: StoredSettings, ann: Actor, bob: Actor
) -> None:
    second = patch_settings(stored.pk, {"output_quality": 55}, by=ann, reason="smaller")
    third = patch_settings(stored.pk, {"output_quality": 60, "seed": 1}, by=bob)

    found = history.list_revisions(stored.pk, keys=["output_quality", "seed"])

    at = stored.updated_at
    assert found.before is None
    assert found.revisions == [
        Revision(
            3,
            third.updated_at,
            "bob",
            "",
            "default",
            [Change("output_quality", 55, 60), Change("seed", UNSET, 1)],
            None,
        ),
        Revision(
            2,
            second.updated_at,
            "ann",
            "smaller",
            "default",
            [Change("output_quality", 80, 55)],
            None,
        ),
        Revision(1, at, "system:test", "As it came.", "default", [], None),
    ]


@pytest.mark.parametrize(
    ("before", "numbers", "following"),
    [(None, [8, 7, 6], 6), (6, [5, 4, 3], 3), (3, [2, 1], None), (1, [], None)],
)
def test_list_revisions_by_pages(
    stored: StoredSettings,
    ann: Actor,
    before: int | None,
    numbers: list[int],
    following: int | None,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_history(stored, ann, seeds=7)

    # One query, and so nothing was counted.
    with django_assert_num_queries(1) as queries:
        page = history.list_revisions(stored.pk, before=before, most=3)

    assert ([one.revision for one in page.revisions], page.before) == (numbers, following)
    assert "COUNT(" not in queries[0]["sql"]


def test_list_revisions_gives_a_pages_last_its_changes(stored: StoredSettings, ann: Actor) -> None:
    make_history(stored, ann, seeds=3)

    page = history.list_revisions(stored.pk, most=1)

    assert [one.changes for one in page.revisions] == [[Change("seed", 1, 2)]]


def test_compare_tells_each_key(stored: StoredSettings, ann: Actor) -> None:
    long = "wide boards " * 16
    changes = {"note": long, "loras": ["https://a.example", "https://b.example"], "strength": 1}
    patch_settings(stored.pk, changes, by=ann)

    there = history.compare(stored.pk, 1, 2, keys=["strength", "loras", "note"])
    back = history.compare(stored.pk, 2, 1, keys=["strength", "loras", "note"])

    assert there.changes == [
        Change("strength", 0.5, 1),
        Change("loras", UNSET, ["https://a.example", "https://b.example"]),
        Change("note", UNSET, long),
    ]
    assert back.changes == [Change(one.key, one.new, one.old) for one in there.changes]


def test_compare_of_a_revision_with_itself(stored: StoredSettings) -> None:
    assert history.compare(stored.pk, 1, 1) == history.Comparison([], None)


def test_compare_of_two_profiles(stored: StoredSettings, ann: Actor) -> None:
    draft = profiles.copy_profile(stored.pk, "draft", by=ann).pk
    patch_settings(draft, {"seed": 5}, by=ann)

    found = history.compare(stored.pk, 1, 2, other_profile=draft)

    assert found.changes == [Change("seed", UNSET, 5)]


def test_find_choices_names_who_gave_each_key_its_value(
    stored: StoredSettings, ann: Actor, bob: Actor
) -> None:
    """What a revision brings as it came, as a copy does, was chosen by no one."""
    patch_settings(stored.pk, {"steps": 31, "seed": 1}, by=ann)
    patch_settings(stored.pk, {"steps": 32, "output_quality": 5}, by=bob)
    last = patch_settings(stored.pk, {"seed": None, "output_quality": 80}, by=ann)
    defaults = stored.validator.defaults

    found = history.find_choices(stored.pk, defaults=defaults)

    assert {key: choice.by for key, choice in found.items()} == {
        "steps": "bob",
        "seed": "ann",
        "output_quality": "ann",
    }
    assert found["seed"].at == last.updated_at
    copied = profiles.copy_profile(stored.pk, "draft", by=bob)
    of_copy = history.find_choices(copied.pk, defaults=defaults)
    assert {key: choice.by for key, choice in of_copy.items()} == {"steps": "bob"}


def test_find_choices_names_people_alone(stored: StoredSettings, ann: Actor) -> None:
    """Also where it is the default; what a part of the system changed was chosen by no one."""
    patch_settings(stored.pk, {"steps": 31, "strength": 0.7}, by=Actor.system("guardrail"))
    patch_settings(stored.pk, {"output_quality": 5, "seed": 1}, by=ann)
    last = patch_settings(stored.pk, {"output_quality": 80, "strength": 0.6}, by=ann)

    found = history.find_choices(stored.pk, defaults=stored.validator.defaults)

    assert last.values["output_quality"] == stored.validator.defaults["output_quality"]
    assert found.keys() == {"output_quality", "seed", "strength"}
