from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.guards import settings_write
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.schema.comparison import UNSET
from modelsettings.schema.flattening import JSON
from modelsettings.schema.parameters import Delivery
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import (
    Conflict,
    ProfileLocked,
    ProfileNotFound,
    StaleSettings,
    StoredSettings,
    get_settings,
    patch_settings,
    rename_profile,
    reset_settings,
    resolve,
    roll_back,
    update_settings,
)
from tests.modelsettings.acme import STAGER_DEFAULTS
from tests.modelsettings.conftest import SLUG, write_behind_the_services

pytestmark = pytest.mark.django_db


def add_profile(model: ReplicateModel, name: str) -> ModelSettings:
    live = get_settings(model.slug).pk
    return profiles.copy_profile(live, name, by=Actor("ann"))


def lock(profile: int) -> None:
    fields = {"locked_by": "experiment 7", "lock_reason": "it is under test"}
    write_behind_the_services(profile, **fields)


def revisions(profile: int) -> list[int]:
    rows = ModelSettings.history.filter(id=profile).order_by("history_id")
    return list(rows.values_list("revision", flat=True))


def in_force(profile: int) -> tuple[int, JSON]:
    row = ModelSettings.objects.get(pk=profile)
    return row.revision, row.values


def test_get_settings_reads_the_live_profile(stored: StoredSettings) -> None:
    assert (stored.slug, stored.profile, stored.revision) == (SLUG, "default", 1)
    assert stored.document == STAGER_DEFAULTS
    assert stored.changed == []
    assert stored.updated_by == "system:test"
    assert stored.obstacle is None


def test_get_settings_by_the_profiles_name(model: ReplicateModel) -> None:
    draft = add_profile(model, "draft")

    found = get_settings(SLUG, profile="draft")

    assert (found.pk, found.profile, found.slug) == (draft.pk, "draft", SLUG)
    assert get_settings(SLUG).profile == "default"


def test_get_settings_without_a_model_reads_the_default(db: None) -> None:
    assert get_settings().slug == "qwen/qwen-image-edit"


@pytest.mark.parametrize(
    ("slug", "profile", "sentence"),
    [
        ("acme/nothing", None, "There is no settings profile acme/nothing."),
        (SLUG, "gone", f"There is no settings profile gone of {SLUG}."),
        (None, "gone", "There is no settings profile gone of the default model."),
    ],
)
def test_get_settings_of_what_is_not_there(
    stored: StoredSettings, slug: str | None, profile: str | None, sentence: str
) -> None:
    with pytest.raises(ProfileNotFound) as missing:
        get_settings(slug, profile=profile)

    assert str(missing.value) == sentence


def test_get_settings_gives_the_document_in_the_schemas_order(
    stored: StoredSettings, ann: Actor
) -> None:
    values = {"note": "x", "output_quality": 5, "seed": 3}

    update_settings(stored.pk, values, by=ann)

    found = get_settings(SLUG)
    order = [name for name in found.validator.schema["properties"] if name in found.values]
    assert list(found.document) == order


def test_get_settings_says_why_a_disabled_model_cannot_stage(model: ReplicateModel) -> None:
    model.is_enabled = False
    model.save()

    assert get_settings(SLUG).obstacle == f"{SLUG} is disabled."


def test_resolve_takes_one_query(
    stored: StoredSettings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        resolve(SLUG, overrides={"output_quality": 5}, seed=7)


def test_resolve_parts_the_document(stored: StoredSettings) -> None:
    found = resolve(SLUG, overrides={"disclosure": "Staged"})

    assert found.settings == {**STAGER_DEFAULTS, "disclosure": "Staged"}
    assert found.input == {
        "go_fast": True,
        "output_format": "png",
        "output_quality": 80,
        "steps": 30,
        "strength": 0.5,
        "negative_prompt": "",
    }
    assert found.delivery == Delivery(output_format="webp", output_quality=80, disclosure="Staged")


def test_resolve_sees_a_change_at_once(stored: StoredSettings, ann: Actor) -> None:
    before = resolve(SLUG).input["output_quality"]

    patch_settings(stored.pk, {"output_quality": 55}, by=ann)

    assert (before, resolve(SLUG).input["output_quality"]) == (80, 55)


def test_resolve_prefers_seed_then_overrides_then_profile(
    stored: StoredSettings, ann: Actor
) -> None:
    patch_settings(stored.pk, {"seed": 1, "output_quality": 10, "strength": 0.1}, by=ann)

    found = resolve(SLUG, overrides={"seed": 2, "output_quality": 20}, seed=3)

    keys = ("seed", "output_quality", "strength")
    assert [found.input[key] for key in keys] == [3, 20, 0.1]


def test_resolve_takes_zero_for_a_seed(stored: StoredSettings) -> None:
    assert resolve(SLUG, overrides={"seed": 2}, seed=0).input["seed"] == 0


def test_resolve_unsets_with_null(stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"seed": 1}, by=ann)

    assert "seed" not in resolve(SLUG, overrides={"seed": None}).settings


def test_resolve_refuses_a_wrong_override(stored: StoredSettings) -> None:
    with pytest.raises(SettingsRefused) as refused:
        resolve(SLUG, overrides={"output_quality": 120})

    assert refused.value.errors == {
        "output_quality": ["output_quality: 120 is more than the maximum of 100."]
    }


def test_resolve_writes_nothing(stored: StoredSettings) -> None:
    resolve(SLUG, overrides={"output_quality": 5}, seed=7)

    assert in_force(stored.pk) == (1, STAGER_DEFAULTS)


def test_update_settings_writes_row_and_history(stored: StoredSettings, operator: User) -> None:
    before = timezone.now()

    update_settings(
        stored.pk, {"output_quality": 55}, by=Actor.of(operator), reason="smaller files"
    )

    row = ModelSettings.objects.get(pk=stored.pk)
    expected = {**STAGER_DEFAULTS, "output_quality": 55}
    assert (row.revision, row.values, row.updated_by) == (2, expected, "olga")
    assert before <= row.updated_at <= timezone.now()
    step = ModelSettings.history.filter(id=stored.pk).latest("revision")
    assert (step.revision, step.values, step.updated_by) == (2, expected, "olga")
    assert (step.history_user, step.history_change_reason) == (operator, "smaller files")
    assert step.history_date == row.updated_at


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda pk, by: update_settings(pk, {"seed": 2}, by=by), id="update"),
        pytest.param(lambda pk, by: patch_settings(pk, {"steps": 40.0}, by=by), id="patch"),
        pytest.param(lambda pk, by: patch_settings(pk, {}, by=by), id="patch of nothing"),
        pytest.param(lambda pk, by: reset_settings(pk, by=by), id="reset"),
        pytest.param(lambda pk, by: roll_back(pk, 1, by=by), id="rollback"),
        pytest.param(lambda pk, by: rename_profile(pk, "winter", by=by), id="rename"),
    ],
)
def test_change_answers_what_is_stored_then(
    stored: StoredSettings, ann: Actor, change: Callable[[int, Actor], StoredSettings]
) -> None:
    patch_settings(stored.pk, {"seed": 1}, by=ann)

    changed = change(stored.pk, ann)

    assert changed == get_settings(SLUG)
    assert list(changed.document) == list(get_settings(SLUG).document)


def test_update_settings_gives_missing_keys_their_defaults(
    stored: StoredSettings, ann: Actor
) -> None:
    update_settings(stored.pk, {"output_quality": 55, "seed": 1}, by=ann)

    update_settings(stored.pk, {"strength": 1}, by=ann)

    assert in_force(stored.pk) == (3, {**STAGER_DEFAULTS, "strength": 1})


def test_patch_settings_leaves_other_keys(stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"output_quality": 55, "seed": 1}, by=ann)

    patch_settings(stored.pk, {"seed": None, "strength": 1}, by=ann)

    assert in_force(stored.pk) == (3, {**STAGER_DEFAULTS, "output_quality": 55, "strength": 1})


@pytest.mark.parametrize(
    "changes",
    [{}, {"output_quality": 80}, {"output_quality": 80.0}, {"seed": None}, STAGER_DEFAULTS],
    ids=str,
)
def test_patch_settings_without_a_change_writes_nothing(
    stored: StoredSettings, ann: Actor, changes: JSON
) -> None:
    patch_settings(stored.pk, changes, by=ann, reason="nothing")

    assert get_settings(SLUG) == stored
    assert revisions(stored.pk) == [1]


def test_update_settings_without_a_change_writes_nothing(
    stored: StoredSettings, ann: Actor
) -> None:
    update_settings(stored.pk, {}, by=ann)

    assert get_settings(SLUG) == stored
    assert revisions(stored.pk) == [1]


@pytest.mark.parametrize("change", [update_settings, patch_settings])
@pytest.mark.parametrize("values", [{"output_quality": 120}, {"gone": 1}, [], None])
def test_change_that_is_refused_writes_nothing(
    stored: StoredSettings, ann: Actor, change: Any, values: Any
) -> None:
    with pytest.raises(SettingsRefused):
        change(stored.pk, values, by=ann)

    assert in_force(stored.pk) == (1, STAGER_DEFAULTS)
    assert revisions(stored.pk) == [1]


@pytest.mark.parametrize("change", [update_settings, patch_settings])
def test_change_whose_history_cannot_be_written_writes_nothing(
    stored: StoredSettings, ann: Actor, change: Any
) -> None:
    # A row of revision 2 stands in the way of the one that belongs to the change.
    (first,) = ModelSettings.history.filter(id=stored.pk)
    first.pk, first.revision = None, 2
    with settings_write():
        first.save(force_insert=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        change(stored.pk, {"output_quality": 55}, by=ann)

    assert in_force(stored.pk) == (1, STAGER_DEFAULTS)


@pytest.mark.django_db(transaction=True)
def test_change_is_one_transaction_of_its_own(stored: StoredSettings, ann: Actor) -> None:
    (first,) = ModelSettings.history.filter(id=stored.pk)
    first.pk, first.revision = None, 2
    with settings_write():
        first.save(force_insert=True)

    assert connection.in_atomic_block is False
    with pytest.raises(IntegrityError):
        patch_settings(stored.pk, {"output_quality": 55}, by=ann)

    assert in_force(stored.pk) == (1, STAGER_DEFAULTS)


@pytest.mark.parametrize("change", [update_settings, patch_settings])
def test_change_of_a_profile_that_is_gone(db: None, ann: Actor, change: Any) -> None:
    with pytest.raises(ProfileNotFound, match=r"^This settings profile is gone\.$"):
        change(10**6, {}, by=ann)


@pytest.mark.parametrize("change", [update_settings, patch_settings])
def test_change_of_a_locked_profile(stored: StoredSettings, ann: Actor, change: Any) -> None:
    lock(stored.pk)

    with pytest.raises(ProfileLocked) as locked:
        change(stored.pk, {"output_quality": 55}, by=ann)

    assert str(locked.value) == "This profile is locked by experiment 7: it is under test."
    assert in_force(stored.pk) == (1, STAGER_DEFAULTS)


def test_change_of_nothing_passes_a_locked_profile(stored: StoredSettings, ann: Actor) -> None:
    lock(stored.pk)

    assert patch_settings(stored.pk, {"output_quality": 80}, by=ann).revision == 1


def test_lock_has_no_revision(stored: StoredSettings) -> None:
    lock(stored.pk)

    assert revisions(stored.pk) == [1]


def test_update_settings_query_count(
    stored: StoredSettings, ann: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # The row, its update, its history; and the savepoint that the test's own transaction needs.
    with django_assert_num_queries(5):
        update_settings(stored.pk, {"output_quality": 55}, by=ann)


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


def test_updated_at_moves_on(stored: StoredSettings, ann: Actor) -> None:
    saved = patch_settings(stored.pk, {"seed": 1}, by=ann)

    assert timedelta(0) < saved.updated_at - stored.updated_at < timedelta(minutes=1)
