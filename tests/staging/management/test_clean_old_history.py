"""What clean_old_history deletes, and what it keeps whatever its age."""

import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command, get_commands
from django.utils import timezone

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.guards import settings_write
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.settings import get_settings, patch_settings
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.photos import Upload
from tests.staging.conftest import QWEN

pytestmark = pytest.mark.django_db

ANN = Actor("ann")


def revisions(profile: int) -> list[int]:
    rows = ModelSettings.history.filter(id=profile).order_by("revision")
    return list(rows.values_list("revision", flat=True))


def grow_old(*, days: int) -> None:
    """Let all history be older."""
    with settings_write():
        ModelSettings.history.update(history_date=timezone.now() - timedelta(days=days))


def clean(*options: str) -> str:
    output = io.StringIO()
    call_command("clean_old_history", *options, stdout=output)
    return output.getvalue().strip()


@pytest.fixture
def profile(db: None, operator: User, photo_bytes: bytes) -> int:
    """Five revisions, with the second of which a job ran."""
    pk = get_settings(QWEN).pk
    for quality in (11, 12, 13, 14):
        patch_settings(pk, {"output_quality": quality}, by=ANN)
        if quality == 11:
            request_staging(Upload(photo_bytes), StagingRequest(model=QWEN), owner=operator)
    return pk


def test_it_is_ours_and_not_simple_historys() -> None:
    assert get_commands()["clean_old_history"] == "staging"


def test_it_keeps_what_is_in_force_and_what_a_job_ran_with(profile: int) -> None:
    grow_old(days=400)
    # The first revision of every other model's profile is in force.
    others = ModelSettings.objects.count() - 1

    told = clean()

    assert revisions(profile) == [2, 5]
    assert told == (
        f"Deleted 3 revisions older than 365 days; kept {others + 2} of them, which are in force "
        "or that a job ran with."
    )
    assert ModelSettings.history.count() == others + 2


def test_it_keeps_the_revision_in_force_of_a_draft_and_of_a_retired_profile(profile: int) -> None:
    draft = profiles.copy_profile(profile, "draft", by=ANN).pk
    retired = profiles.copy_profile(profile, "retired", by=ANN).pk
    profiles.retire(retired, by=ANN)
    grow_old(days=400)

    clean()

    assert (revisions(draft), revisions(retired)) == ([1], [1])


def test_it_keeps_what_is_young(profile: int) -> None:
    grow_old(days=364)

    assert clean().startswith("Deleted 0 revisions older than 365 days; kept 0")
    assert revisions(profile) == [1, 2, 3, 4, 5]


def test_days_say_what_is_old(profile: int) -> None:
    grow_old(days=10)

    clean("--days", "9")

    assert revisions(profile) == [2, 5]


def test_a_dry_run_deletes_nothing(profile: int) -> None:
    grow_old(days=400)

    assert clean("--dry-run").startswith("Would delete 3 revisions older than 365 days; kept ")
    assert revisions(profile) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("days", ["-1", "36501", "1000000000000"])
def test_days_that_make_no_sense_are_refused(profile: int, days: str) -> None:
    grow_old(days=400)

    with pytest.raises(CommandError, match=rf"^--days is a number from 0 to 36500, not {days}\.$"):
        clean(f"--days={days}")

    assert revisions(profile) == [1, 2, 3, 4, 5]


def test_what_is_left_can_still_be_read(profile: int) -> None:
    """The history of models is no profile's: it stays; and a profile goes on after the clean-up."""
    grow_old(days=400)
    models = ReplicateModel.history.count()

    clean()
    saved = patch_settings(profile, {"output_quality": 15}, by=ANN)

    assert (ReplicateModel.history.count(), saved.revision) == (models, 6)
    assert revisions(profile) == [2, 5, 6]
