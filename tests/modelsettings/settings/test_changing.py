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
from modelsettings.models import ModelSettings
from modelsettings.schema.comparison import Change
from modelsettings.schema.flattening import JSON
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import (
    ProfileLocked,
    ProfileNotFound,
    StaleSettings,
    StoredSettings,
    get_settings,
    history,
    patch_settings,
    preview_rollback,
    rename_profile,
    reset_settings,
    roll_back,
    update_settings,
)
from modelsettings.settings.history import RevisionNotFound
from tests.modelsettings.acme import STAGER_DEFAULTS
from tests.modelsettings.conftest import SLUG, in_force, write_behind_the_services

pytestmark = pytest.mark.django_db


def lock(profile: int) -> None:
    fields = {"locked_by": "experiment 7", "lock_reason": "it is under test"}
    write_behind_the_services(profile, **fields)


def revisions(profile: int) -> list[int]:
    rows = ModelSettings.history.filter(id=profile).order_by("history_id")
    return list(rows.values_list("revision", flat=True))


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


def test_update_settings_takes_the_time_of_a_change_made_elsewhere(
    stored: StoredSettings, ann: Actor
) -> None:
    then = timezone.now() - timedelta(days=400)

    after = update_settings(stored.pk, {"seed": 7}, by=ann, at=then)

    step = ModelSettings.history.get(id=stored.pk, revision=2)
    assert (after.updated_at, step.updated_at, step.history_date) == (then, then, then)


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


def test_updated_at_moves_on(stored: StoredSettings, ann: Actor) -> None:
    saved = patch_settings(stored.pk, {"seed": 1}, by=ann)

    assert timedelta(0) < saved.updated_at - stored.updated_at < timedelta(minutes=1)


def make_history(stored: StoredSettings, by: Actor, *, seeds: int) -> None:
    for seed in range(seeds):
        patch_settings(stored.pk, {"seed": seed}, by=by)


def outdate(stored: StoredSettings, **values: Any) -> None:
    """Let revision 1 hold what today's schema refuses."""
    with settings_write():
        rows = ModelSettings.history.filter(id=stored.pk, revision=1)
        rows.update(values={**STAGER_DEFAULTS, **values})


def test_roll_back_writes_a_revision_with_the_old_values(
    stored: StoredSettings, ann: Actor, bob: Actor
) -> None:
    patch_settings(stored.pk, {"seed": 1, "strength": 1}, by=ann)

    saved = roll_back(stored.pk, 1, by=bob)

    assert (saved.revision, saved.values, saved.updated_by) == (3, STAGER_DEFAULTS, "bob")
    newest = history.list_revisions(stored.pk).revisions[0]
    assert (newest.revision, newest.reason) == (3, "Back to revision 1.")


def test_roll_back_to_what_is_in_force_writes_nothing(stored: StoredSettings, ann: Actor) -> None:
    assert roll_back(stored.pk, 1, by=ann).revision == 1
    assert revisions(stored.pk) == [1]


def test_roll_back_names_what_no_longer_fits(stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"strength": 1}, by=ann)
    outdate(stored, steps=500, gone=1, strength=0.25)

    with pytest.raises(SettingsRefused) as refused:
        roll_back(stored.pk, 1, by=ann)

    assert set(refused.value.errors) == {"gone", "steps"}
    assert revisions(stored.pk) == [1, 2]


def test_roll_back_keeps_what_fits(stored: StoredSettings, ann: Actor) -> None:
    patch_settings(stored.pk, {"strength": 1}, by=ann)
    outdate(stored, steps=500, gone=1, strength=0.25)
    told = preview_rollback(get_settings(SLUG), 1)

    saved = roll_back(stored.pk, 1, by=ann, keep_what_fits=True)

    assert saved.values == {**STAGER_DEFAULTS, "strength": 0.25}
    assert set(told.refused) == {"gone", "steps"}
    assert told.changes == [Change("strength", 1, 0.25)]


@pytest.mark.parametrize("restore", [roll_back, reset_settings])
def test_restoring_from_another_revision_is_stale(
    stored: StoredSettings, ann: Actor, restore: Any
) -> None:
    make_history(stored, ann, seeds=1)
    revision = {"revision": 1} if restore is roll_back else {}

    with pytest.raises(StaleSettings) as stale:
        restore(stored.pk, **revision, by=ann, expected_revision=1)

    assert (stale.value.revision, revisions(stored.pk)) == (2, [1, 2])


@pytest.mark.parametrize("restore", [roll_back, reset_settings])
def test_restoring_a_locked_profile(stored: StoredSettings, ann: Actor, restore: Any) -> None:
    make_history(stored, ann, seeds=1)
    profiles.lock(stored.pk, by="bob", reason="mine")
    revision = {"revision": 1} if restore is roll_back else {}

    with pytest.raises(ProfileLocked, match="locked by bob: mine"):
        restore(stored.pk, **revision, by=ann)

    assert revisions(stored.pk) == [1, 2]


@pytest.mark.parametrize("revision", [0, 2, 10**30])
def test_roll_back_to_a_revision_that_never_was(
    stored: StoredSettings, ann: Actor, revision: int
) -> None:
    with pytest.raises(RevisionNotFound):
        roll_back(stored.pk, revision, by=ann)


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        (["strength"], {"seed": 1}),
        (["seed"], {"strength": 1}),
        ([], {"seed": 1, "strength": 1}),
        (None, {}),
    ],
)
def test_reset_settings(
    stored: StoredSettings, ann: Actor, keys: list[str] | None, left: dict[str, Any]
) -> None:
    patch_settings(stored.pk, {"seed": 1, "strength": 1}, by=ann)

    reset_settings(stored.pk, keys=keys, by=ann)

    assert get_settings(SLUG).values == {**STAGER_DEFAULTS, **left}


def test_reset_settings_of_an_unknown_key(stored: StoredSettings, ann: Actor) -> None:
    with pytest.raises(SettingsRefused) as refused:
        reset_settings(stored.pk, keys=["gone", "seed"], by=ann)

    assert refused.value.errors == {"gone": ["gone is not a parameter of this model."]}
