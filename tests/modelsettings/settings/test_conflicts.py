import pytest

from modelsettings.actors import Actor
from modelsettings.schema.comparison import UNSET
from modelsettings.settings import (
    Conflict,
    StaleSettings,
    StoredSettings,
    patch_settings,
    update_settings,
)
from tests.modelsettings.acme import STAGER_DEFAULTS
from tests.modelsettings.conftest import in_force

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("expected_revision", [None, 2])
def test_update_settings_that_is_not_stale(
    stored: StoredSettings, ann: Actor, expected_revision: int | None
) -> None:
    patch_settings(stored.pk, {"seed": 1}, by=ann)

    update_settings(stored.pk, {}, by=ann, expected_revision=expected_revision)

    assert in_force(stored.pk) == (3, STAGER_DEFAULTS)


def test_update_settings_stale_names_what_the_other_changed(
    stored: StoredSettings, ann: Actor, bob: Actor
) -> None:
    saved = patch_settings(stored.pk, {"output_quality": 70, "seed": 1}, by=bob)

    with pytest.raises(StaleSettings) as stale:
        update_settings(
            stored.pk, {"output_quality": 55, "strength": 1}, by=ann, expected_revision=1
        )

    at = saved.updated_at
    assert stale.value.revision == 2
    assert stale.value.conflicts == [
        Conflict("output_quality", 55, 70, "bob", at),
        Conflict("seed", UNSET, 1, "bob", at),
    ]
    assert str(stale.value) == (
        "Somebody saved revision 2 meanwhile, and changed output_quality, seed. "
        "Look at both values, then save again."
    )
    assert in_force(stored.pk)[0] == 2


def test_patch_settings_stale_merges_what_nobody_else_changed(
    stored: StoredSettings, ann: Actor, bob: Actor
) -> None:
    patch_settings(stored.pk, {"output_quality": 70}, by=bob)

    patch_settings(stored.pk, {"strength": 1, "seed": 4}, by=ann, expected_revision=1)

    assert in_force(stored.pk) == (
        3,
        {**STAGER_DEFAULTS, "output_quality": 70, "strength": 1, "seed": 4},
    )


def test_patch_settings_stale_with_the_same_value_is_no_conflict(
    stored: StoredSettings, ann: Actor, bob: Actor
) -> None:
    patch_settings(stored.pk, {"output_quality": 70}, by=bob)

    patch_settings(stored.pk, {"output_quality": 70.0, "strength": 1}, by=ann, expected_revision=1)

    assert in_force(stored.pk) == (3, {**STAGER_DEFAULTS, "output_quality": 70, "strength": 1})


def test_patch_settings_stale_where_the_other_changed_it_back(
    stored: StoredSettings, ann: Actor, bob: Actor
) -> None:
    patch_settings(stored.pk, {"output_quality": 70}, by=bob)
    patch_settings(stored.pk, {"output_quality": 80}, by=bob)

    saved = patch_settings(stored.pk, {"output_quality": 55}, by=ann, expected_revision=1)

    assert (saved.revision, saved.values["output_quality"]) == (4, 55)


def test_patch_settings_stale_names_each_conflict_with_its_author(
    stored: StoredSettings, ann: Actor, bob: Actor
) -> None:
    first = patch_settings(stored.pk, {"seed": 1, "strength": 0.2}, by=bob)
    second = patch_settings(stored.pk, {"seed": 2}, by=ann)
    patch_settings(stored.pk, {"note": "unconcerned"}, by=bob)

    with pytest.raises(StaleSettings) as stale:
        patch_settings(
            stored.pk,
            {"seed": None, "strength": 1, "output_quality": 5},
            by=bob,
            expected_revision=1,
        )

    assert stale.value.conflicts == [
        Conflict("seed", UNSET, 2, "ann", second.updated_at),
        Conflict("strength", 1, 0.2, "bob", first.updated_at),
    ]
    assert stale.value.revision == 4
    assert in_force(stored.pk)[0] == 4


@pytest.mark.parametrize("revision", [0, 99])
def test_patch_settings_expecting_a_revision_that_never_was(
    stored: StoredSettings, ann: Actor, revision: int
) -> None:
    changes = {"output_quality": 55, "seed": 1, "strength": 0.5}

    with pytest.raises(StaleSettings) as stale:
        patch_settings(stored.pk, changes, by=ann, expected_revision=revision)

    at = stored.updated_at
    assert stale.value.conflicts == [
        Conflict("output_quality", 55, 80, "system:test", at),
        Conflict("seed", 1, UNSET, "system:test", at),
    ]
    assert in_force(stored.pk) == (1, STAGER_DEFAULTS)
