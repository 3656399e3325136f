"""The list of what clients may change: revisions like any others."""

import pytest

from modelsettings import profiles, registry
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings
from modelsettings.schema.overridable import OverridableChange
from modelsettings.schema.published import PublishedModel
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import (
    NotOverridable,
    StaleSettings,
    StoredSettings,
    get_settings,
    history,
    let_clients_name,
    patch_settings,
    preview_rollback,
    reset_settings,
    resolve,
    roll_back,
    set_overridable,
    update_settings,
)
from tests.modelsettings.acme import STAGER_INPUTS, published
from tests.modelsettings.conftest import SLUG

pytestmark = pytest.mark.django_db


def allowed() -> list[str]:
    return get_settings(SLUG).overridable


def test_a_profile_without_a_list_follows_the_rule(stored: StoredSettings) -> None:
    assert stored.listed is None
    assert stored.overridable == [
        name for name in stored.validator.schema["properties"] if name != "disclosure"
    ]


def test_set_overridable_is_a_revision_with_author_and_reason(
    stored: StoredSettings, ann: Actor
) -> None:
    saved = set_overridable(stored.pk, ["steps", "seed"], by=ann, reason="only these")

    # In the schema's order.
    assert (saved.revision, saved.overridable) == (2, ["seed", "steps"])
    assert allowed() == ["seed", "steps"]
    newest = history.list_revisions(
        stored.pk, keys=list(stored.validator.schema["properties"])
    ).revisions[0]
    assert (newest.changed_by, newest.reason, newest.changes) == ("ann", "only these", [])
    assert newest.overridable is not None
    assert newest.overridable.allowed == []
    assert "go_fast" in newest.overridable.forbidden


def test_set_overridable_that_changes_nothing_writes_nothing(
    stored: StoredSettings, ann: Actor
) -> None:
    set_overridable(stored.pk, ["seed"], by=ann)

    assert set_overridable(stored.pk, ["seed", "seed"], by=ann).revision == 2


def test_set_overridable_goes_back_to_the_rule(stored: StoredSettings, ann: Actor) -> None:
    set_overridable(stored.pk, [], by=ann)

    saved = set_overridable(stored.pk, None, by=ann)

    assert (saved.revision, saved.overridable) == (3, stored.overridable)


def test_set_overridable_refuses_what_is_no_parameter(stored: StoredSettings, ann: Actor) -> None:
    with pytest.raises(SettingsRefused, match="gone is not a parameter"):
        set_overridable(stored.pk, ["seed", "gone"], by=ann)


def test_set_overridable_of_another_revision_is_stale(stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"seed": 1}, by=ann)

    with pytest.raises(StaleSettings):
        set_overridable(stored.pk, [], by=ann, expected_revision=1)


def test_changes_of_values_leave_the_list(stored: StoredSettings, ann: Actor) -> None:
    set_overridable(stored.pk, ["seed"], by=ann)

    update_settings(stored.pk, {"steps": 31}, by=ann)
    reset_settings(stored.pk, by=ann)
    profiles.rename_profile(stored.pk, "other", by=ann)

    assert allowed() == ["seed"]


def test_ticks_of_two_people_merge(stored: StoredSettings, ann: Actor, bob: Actor) -> None:
    patch_settings(stored.pk, {}, by=ann, may_change={"seed": False}, expected_revision=1)
    patch_settings(stored.pk, {}, by=bob, may_change={"disclosure": True}, expected_revision=1)

    assert "seed" not in allowed()
    assert "disclosure" in allowed()


def test_ticks_that_come_to_the_rule_are_the_rule(stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {}, by=ann, may_change={"seed": False})

    saved = patch_settings(stored.pk, {}, by=ann, may_change={"seed": True})

    assert saved.listed is None


def test_roll_back_brings_the_list_back(stored: StoredSettings, ann: Actor) -> None:
    set_overridable(stored.pk, ["seed"], by=ann)
    patch_settings(stored.pk, {"steps": 31}, by=ann, may_change={"steps": True})

    assert preview_rollback(get_settings(SLUG), 2).overridable == OverridableChange([], ["steps"])
    roll_back(stored.pk, 2, by=ann)

    assert allowed() == ["seed"]


def test_compare_tells_the_difference_of_lists(stored: StoredSettings, ann: Actor) -> None:
    set_overridable(stored.pk, ["seed"], by=ann)
    set_overridable(stored.pk, ["steps"], by=ann)

    found = history.compare(stored.pk, 2, 3, keys=list(stored.validator.schema["properties"]))

    assert found == history.Comparison([], OverridableChange(["steps"], ["seed"]))


def test_copy_of_a_profile_has_its_list(stored: StoredSettings, ann: Actor) -> None:
    set_overridable(stored.pk, ["seed"], by=ann)
    let_clients_name(stored.pk, is_allowed=False, by=ann)

    made = profiles.copy_profile(stored.pk, "draft", by=ann)

    assert (made.overridable, made.clients_may_name) == (["seed"], False)


def test_a_parameter_that_a_schema_gains_is_in_no_list(stored: StoredSettings, ann: Actor) -> None:
    draft = profiles.copy_profile(stored.pk, "draft", by=ann)
    set_overridable(stored.pk, ["seed"], by=ann)
    grown = {**STAGER_INPUTS, "extra": {"type": "integer", "default": 1}}

    registry.adopt_schema(PublishedModel.from_json(published(grown)), by=ann)

    assert allowed() == ["seed"]
    assert "extra" in get_settings(SLUG, profile=draft.name).overridable


def test_resolve_refuses_a_client_what_the_list_does_not_have(
    stored: StoredSettings, ann: Actor
) -> None:
    set_overridable(stored.pk, ["steps"], by=ann)

    with pytest.raises(NotOverridable, match="may not change strength, seed here") as refused:
        resolve(SLUG, overrides={"strength": 1, "steps": 5}, seed=7, by_client=True)

    assert refused.value.body()["parameters"] == ["strength", "seed"]
    assert resolve(SLUG, overrides={"steps": 5}, by_client=True).settings["steps"] == 5
    assert resolve(SLUG, overrides={"strength": 1}, seed=7).settings["seed"] == 7


def test_resolve_leaves_what_is_no_parameter_to_the_validator(stored: StoredSettings) -> None:
    with pytest.raises(SettingsRefused, match="is not a parameter"):
        resolve(SLUG, overrides={"gone": 1}, by_client=True)


def test_let_clients_name_is_a_revision_that_no_rollback_undoes(
    stored: StoredSettings, ann: Actor
) -> None:
    let_clients_name(stored.pk, is_allowed=False, by=ann)
    patch_settings(stored.pk, {"steps": 31}, by=ann)

    roll_back(stored.pk, 1, by=ann)

    row = ModelSettings.objects.get(pk=stored.pk)
    assert (row.revision, row.clients_may_name) == (4, False)
    reasons = [page.reason for page in history.list_revisions(stored.pk).revisions]
    assert reasons[2] == "Clients may no longer name it."
