"""Uses of profiles, in words, and what a choice of another would change."""

from collections.abc import Callable

import pytest

from modelsettings import model_facts, profiles, registry
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.schema.comparison import UNSET, Change
from modelsettings.schema.overridable import OverridableChange
from modelsettings.settings import (
    ProfileNotFound,
    StoredSettings,
    get_settings,
    patch_settings,
    set_overridable,
)
from modelsettings.uses import ChangedMeanwhile, find_use, preview_default, preview_live
from tests.modelsettings.conftest import SLUG

DEFAULT = "qwen/qwen-image-edit"


@pytest.fixture
def draft(stored: StoredSettings, ann: Actor) -> int:
    profile = profiles.copy_profile(stored.pk, "draft", by=ann).pk
    patch_settings(profile, {"steps": 40, "seed": 5}, by=ann)
    return profile


def test_use_of_the_live_profile(stored: StoredSettings, ann: Actor) -> None:
    assert find_use(stored.pk).words == "The next job with this model uses it."

    registry.choose_default(SLUG, by=ann)

    assert find_use(stored.pk).words == "The next job uses it."


def test_use_of_a_profile_that_is_not_live(draft: int) -> None:
    use = find_use(draft)

    assert (use.is_live, use.can_be_live, use.rooms) == (False, True, [])
    assert use.words == (
        "Standard is live: only jobs that name this profile, or whose project does, use it."
    )


@pytest.mark.parametrize(
    ("rooms", "words"),
    [
        (["living_room"], "the living room"),
        (["kitchen", "bedroom"], "the bedroom and the kitchen"),
        (["kitchen", "bedroom", "office"], "the bedroom, the kitchen and the office"),
    ],
)
def test_use_of_a_profile_of_rooms(draft: int, ann: Actor, rooms: list[str], words: str) -> None:
    profiles.use_for_rooms(draft, rooms, by=ann)

    assert find_use(draft).words == (
        f"The next job for {words} uses it; for other rooms Standard is live."
    )


def test_use_of_a_retired_profile(draft: int, ann: Actor) -> None:
    profiles.retire(draft, by=ann)

    use = find_use(draft)
    assert (use.can_be_live, use.words) == (False, "It is retired, so no job uses it.")


def test_preview_live_names_each_parameter(stored: StoredSettings, draft: int, ann: Actor) -> None:
    set_overridable(draft, [], by=ann)

    preview = preview_live(draft)

    assert preview.old is not None
    assert (preview.old.profile, preview.new.profile) == (
        "Standard, revision 1",
        "draft, revision 3",
    )
    assert preview.changes == [
        Change("steps", 30, 40),
        Change("seed", UNSET, 5),
    ] or preview.changes == [Change("seed", UNSET, 5), Change("steps", 30, 40)]
    overridable = preview.overridable
    assert isinstance(overridable, OverridableChange)
    assert "seed" in overridable.forbidden


def test_make_live_of_what_was_shown(draft: int, ann: Actor) -> None:
    profiles.make_live(draft, by=ann, shown=preview_live(draft).tag)

    assert get_settings(SLUG).profile == "draft"


@pytest.mark.parametrize("which", ["live", "draft"])
def test_make_live_of_what_has_changed_since_is_refused(
    stored: StoredSettings, draft: int, ann: Actor, bob: Actor, which: str
) -> None:
    shown = preview_live(draft).tag
    patch_settings({"live": stored.pk, "draft": draft}[which], {"steps": 50}, by=bob)
    before = ReplicateModel.history.count()

    with pytest.raises(ChangedMeanwhile, match="nothing was done"):
        profiles.make_live(draft, by=ann, shown=shown)

    assert ReplicateModel.history.count() == before
    assert get_settings(SLUG).profile == "default"


def test_preview_default_sets_both_models_side_by_side(draft: int, ann: Actor) -> None:
    profiles.use_for_rooms(draft, ["kitchen"], by=ann)

    preview = preview_default(SLUG)

    assert preview.old is not None
    assert (preview.old.stored.slug, preview.new.stored.slug) == (DEFAULT, SLUG)
    assert preview.new.rooms == [("kitchen", "draft")]
    assert Change("steps", UNSET, 30) in preview.changes
    # What clients may change is a list of the model's own parameters.
    assert preview.overridable is None


@pytest.mark.parametrize("change", ["live", "price", "rooms"])
def test_choose_default_of_what_has_changed_since_is_refused(
    stored: StoredSettings, draft: int, ann: Actor, bob: Actor, change: str
) -> None:
    price = {"price": [{"unit": "image", "usd": 0.5}]}
    changes: dict[str, Callable[[int, Actor], object]] = {
        "live": lambda draft, by: profiles.make_live(draft, by=by),
        "price": lambda _, by: model_facts.change_model(stored.model_pk, price, by=by),
        "rooms": lambda draft, by: profiles.use_for_rooms(draft, ["kitchen"], by=by),
    }
    shown = preview_default(SLUG).tag
    changes[change](draft, bob)

    with pytest.raises(ChangedMeanwhile):
        registry.choose_default(SLUG, by=ann, shown=shown)

    assert get_settings().slug == DEFAULT


def test_what_is_gone(db: None) -> None:
    with pytest.raises(ProfileNotFound):
        find_use(10**9)
    with pytest.raises(ProfileNotFound):
        preview_default("acme/gone")
