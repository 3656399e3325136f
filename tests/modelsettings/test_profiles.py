"""A model's profiles: made from one another, live, used for rooms, retired, locked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ProfileEvent, ReplicateModel, RoomProfile
from modelsettings.profile_names import NameKept
from modelsettings.profiles import ProfileRefused
from modelsettings.schema.validation import SettingsRefused
from modelsettings.settings import (
    ProfileLocked,
    ProfileNotFound,
    StoredSettings,
    patch_settings,
    resolve,
)
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.photos import Upload
from tests import databases
from tests.missing import POSTGRES, needs
from tests.modelsettings.acme import STAGER_DEFAULTS
from tests.modelsettings.conftest import SLUG, write_behind_the_services

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(stored: StoredSettings, ann: Actor) -> int:
    """A second profile, which differs from the live one."""
    pk = profiles.copy_profile(stored.pk, "draft", by=ann).pk
    patch_settings(pk, {"seed": 5}, by=ann)
    return pk


def test_copy_profile(stored: StoredSettings, ann: Actor, bob: Actor) -> None:
    patch_settings(stored.pk, {"seed": 5}, by=ann)

    made = profiles.copy_profile(stored.pk, "  a   draft ", by=bob)

    assert (made.name, made.revision, made.updated_by) == ("a draft", 1, "bob")
    assert made.values == {**STAGER_DEFAULTS, "seed": 5}
    (step,) = ModelSettings.history.filter(id=made.pk)
    assert step.history_change_reason == "Made from Standard, revision 2."


def test_copy_profile_of_what_no_longer_fits(stored: StoredSettings, ann: Actor) -> None:
    write_behind_the_services(stored.pk, values={**STAGER_DEFAULTS, "steps": 500})

    with pytest.raises(SettingsRefused):
        profiles.copy_profile(stored.pk, "draft", by=ann)

    assert len(profiles.list_profiles(SLUG)) == 1


BAD_NAMES = ["", "  ", "a/b", "a\0b", "x" * 101, ".", ".."]


@pytest.mark.parametrize("name", [*BAD_NAMES, "default"])
@pytest.mark.parametrize("change", [profiles.copy_profile, profiles.rename_profile])
def test_a_name_that_is_refused(draft: int, ann: Actor, change: Any, name: str) -> None:
    with pytest.raises(ProfileRefused):
        change(draft, name, by=ann)

    assert [one.name for one in profiles.list_profiles(SLUG)] == ["default", "draft"]


@pytest.mark.parametrize("name", ["Standard", "standard", " STANDARD ", "Ｓtandard"])
@pytest.mark.parametrize("change", [profiles.copy_profile, profiles.rename_profile])
def test_the_name_on_pages_of_the_shipped_profile_is_kept(
    draft: int, ann: Actor, change: Any, name: str
) -> None:
    with pytest.raises(NameKept, match="came with the model: choose another name"):
        change(draft, name, by=ann)

    assert [one.shown_name for one in profiles.list_profiles(SLUG)] == ["Standard", "draft"]


def test_a_profile_that_had_the_name_before_is_told_apart(draft: int) -> None:
    write_behind_the_services(draft, name="standard")

    assert str(ModelSettings.objects.get(pk=draft)) == "standard (own), revision 2"


def test_rename_profile_is_a_revision(draft: int, bob: Actor) -> None:
    saved = profiles.rename_profile(draft, "winter", by=bob)

    assert (saved.profile, saved.revision, saved.updated_by) == ("winter", 3, "bob")
    rows = ModelSettings.history.filter(id=draft).order_by("revision")
    assert list(rows.values_list("name", flat=True)) == ["draft", "draft", "winter"]


def events_of(profile: int) -> list[Any]:
    rows = ProfileEvent.objects.filter(profile=profile).order_by("-pk")
    return list(rows.values_list("kind", "changed_by", "reason", "rooms"))


def test_make_live_is_what_the_next_job_uses(draft: int, operator: User) -> None:
    before = resolve(SLUG).settings

    profiles.make_live(draft, by=Actor.of(operator), reason="calmer")

    assert "seed" not in before
    assert resolve(SLUG).settings["seed"] == 5
    step = ReplicateModel.history.filter(slug=SLUG).latest("history_id")
    kept = (step.history_user, step.updated_by, step.history_change_reason)
    assert kept == (operator, "olga", "calmer")
    assert [one.is_live for one in profiles.list_profiles(SLUG)] == [True, False]


def test_make_live_of_the_live_one_writes_nothing(stored: StoredSettings, ann: Actor) -> None:
    before = ReplicateModel.history.count()

    profiles.make_live(stored.pk, by=ann)

    assert ReplicateModel.history.count() == before


def test_a_retired_profile_is_out_of_use(draft: int, ann: Actor) -> None:
    profiles.retire(draft, by=ann)

    with pytest.raises(ProfileNotFound):
        resolve(SLUG, profile="draft")
    with pytest.raises(ProfileRefused, match="is retired"):
        profiles.make_live(draft, by=ann)
    with pytest.raises(ProfileRefused, match="is retired"):
        profiles.use_for_rooms(draft, ["kitchen"], by=ann)
    assert [one.name for one in profiles.list_profiles(SLUG)] == ["default"]
    assert len(profiles.list_profiles(SLUG, with_retired=True)) == 2


def test_retire_twice_keeps_who_did_it(draft: int, ann: Actor, bob: Actor) -> None:
    profiles.retire(draft, by=ann)
    profiles.retire(draft, by=bob)

    assert ModelSettings.objects.get(pk=draft).retired_by == "ann"


def test_restore_takes_it_back(draft: int, ann: Actor, bob: Actor) -> None:
    profiles.retire(draft, by=ann)

    profiles.restore(draft, by=bob, reason="winter again")

    assert resolve(SLUG, profile="draft").settings["seed"] == 5
    assert events_of(draft) == [
        ("restored", "bob", "winter again", {}),
        ("retired", "ann", "", {}),
    ]


def test_restore_of_one_in_use_writes_nothing(draft: int, ann: Actor) -> None:
    profiles.restore(draft, by=ann)

    assert events_of(draft) == []


def test_what_is_in_use_is_not_retired(stored: StoredSettings, draft: int, ann: Actor) -> None:
    profiles.use_for_rooms(draft, ["kitchen"], by=ann)

    with pytest.raises(ProfileRefused, match="is live"):
        profiles.retire(stored.pk, by=ann)
    with pytest.raises(ProfileRefused, match="is used for rooms"):
        profiles.retire(draft, by=ann)


def test_a_job_uses_its_rooms_profile(draft: int, operator: User, photo_bytes: bytes) -> None:
    profiles.use_for_rooms(draft, ["kitchen"], by=Actor.of(operator))

    jobs = [
        request_staging(
            Upload(photo_bytes), StagingRequest(model=SLUG, room_type=room), owner=operator
        )
        for room in ("kitchen", "bedroom")
    ]

    assert [job.profile_name for job in jobs] == ["draft", "default"]
    assert jobs[0].settings["seed"] == 5


def test_use_for_rooms_gives_back_those_not_named(draft: int, ann: Actor, bob: Actor) -> None:
    profiles.use_for_rooms(draft, ["kitchen", "bedroom"], by=ann)

    profiles.use_for_rooms(draft, ["bedroom", "office"], by=bob)

    rooms = RoomProfile.objects.order_by("room_type").values_list("room_type", "chosen_by")
    # The bedroom stays as ann chose it.
    assert list(rooms) == [("bedroom", "ann"), ("office", "bob")]
    assert profiles.find_for_room(SLUG, "kitchen") is None
    assert profiles.find_for_room(SLUG, "office") == "draft"


def test_use_for_rooms_says_what_each_room_had(
    stored: StoredSettings, draft: int, ann: Actor, bob: Actor
) -> None:
    profiles.use_for_rooms(draft, ["kitchen", "bedroom"], by=ann, reason="calmer")
    profiles.use_for_rooms(draft, ["bedroom", "kitchen"], by=bob, reason="the same again")
    profiles.use_for_rooms(stored.pk, ["bedroom"], by=bob, reason="too calm")
    profiles.use_for_rooms(draft, [], by=bob)

    given = {"kitchen": [None, "draft"], "bedroom": [None, "draft"]}
    assert events_of(draft) == [
        ("rooms", "bob", "", {"kitchen": ["draft", None]}),
        ("rooms", "ann", "calmer", given),
    ]
    assert events_of(stored.pk) == [("rooms", "bob", "too calm", {"bedroom": ["draft", "default"]})]


@pytest.mark.parametrize("room", ["", "x" * 41, "a\0b"])
def test_use_for_rooms_refuses_what_is_no_room(draft: int, ann: Actor, room: str) -> None:
    with pytest.raises(ProfileRefused):
        profiles.use_for_rooms(draft, ["kitchen", room], by=ann)

    assert not RoomProfile.objects.exists()


def test_a_lock_is_its_holders(draft: int) -> None:
    profiles.lock(draft, by="ann", reason="counting")

    with pytest.raises(ProfileLocked, match="locked by ann: counting"):
        profiles.lock(draft, by="bob", reason="")
    with pytest.raises(ProfileLocked, match="locked by ann: counting"):
        profiles.unlock(draft, by="bob")
    profiles.unlock(draft, by="ann")

    assert ModelSettings.objects.get(pk=draft).locked_by == ""
    assert ModelSettings.history.filter(id=draft).count() == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda by: profiles.copy_profile(10**9, "x", by=by),
        lambda by: profiles.make_live(10**9, by=by),
        lambda by: profiles.use_for_rooms(10**9, [], by=by),
        lambda by: profiles.retire(10**9, by=by),
        lambda by: profiles.lock(10**9, by=by.name, reason=""),
        lambda by: profiles.restore(10**9, by=by),
    ],
)
def test_a_profile_that_is_gone(db: None, ann: Actor, call: Any) -> None:
    with pytest.raises(ProfileNotFound, match=r"^This settings profile is gone\.$"):
        call(ann)


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "choose",
    [
        lambda draft, by: profiles.make_live(draft, by=by),
        lambda draft, by: profiles.use_for_rooms(draft, ["kitchen"], by=by),
    ],
)
def test_choice_of_a_profile_locks_the_model_before_it(
    stored: StoredSettings, draft: int, ann: Actor, choose: Callable[[int, Actor], None]
) -> None:
    """As an accepted schema does: the other way about, each would wait for the other."""

    def choose_there() -> None:
        try:
            choose(draft, ann)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            ReplicateModel.objects.select_for_update(of=("self",)).get(slug=SLUG)
            choosing = threads.submit(choose_there)
            databases.await_waiting_lock()
            patch_settings(draft, {"seed": 6}, by=ann)
        choosing.result(timeout=30)

    is_live = ReplicateModel.objects.get(slug=SLUG).live_profile_id == draft
    assert is_live or profiles.find_for_room(SLUG, "kitchen") == "draft"
