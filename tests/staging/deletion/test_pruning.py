"""What is kept for how long, and what goes then."""

import io
import os
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from modelsettings.actors import Actor
from modelsettings.guards import settings_write
from modelsettings.models import ModelSettings
from modelsettings.settings import get_settings, patch_settings
from staging import tasks
from staging.deletion import pruning
from staging.deletion.pruning import Pruned
from staging.models import (
    BatchPhoto,
    DailyUsage,
    DiscardedFile,
    IdempotencyKey,
    Photo,
    StagingBatch,
    StagingJob,
)
from staging.projects import create_project
from tests.staging.conftest import QWEN
from tests.staging.finished import finish, make_batch, make_old, stage, staged, stored

pytestmark = pytest.mark.django_db

NOTHING = Pruned()


def prune(*options: str) -> list[str]:
    output = io.StringIO()
    call_command("prune", *options, stdout=output)
    return output.getvalue().strip().splitlines()


def jobs() -> set[StagingJob]:
    return set(StagingJob.objects.all())


def make_key(owner: User, name: str, *, hours: float) -> None:
    key = IdempotencyKey.objects.create(owner=owner, key=name, fingerprint="f")
    earlier = timezone.now() - timedelta(hours=hours)
    IdempotencyKey.objects.filter(pk=key.pk).update(created_at=earlier)


def test_prune_deletes_what_ended_long_ago_with_its_photo_and_files(
    operator: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_old(staged(operator), days=31)
    young = make_old(staged(operator), days=29)

    with django_capture_on_commit_callbacks(execute=True):
        told = prune("--days", "30")

    assert told == [
        "Deleted 1 job, 1 photo, 0 batches, 0 revisions of settings older than 30 days, and "
        "0 idempotency keys.",
        "Deleted 0 files that no row names.",
    ]
    assert (jobs(), list(Photo.objects.all())) == ({young}, [young.photo])
    assert len(stored()) == 4
    assert DailyUsage.objects.get().pictures == 2


def test_prune_keeps_what_is_unfinished_however_old(operator: User) -> None:
    waiting = make_old(stage(operator), days=400)
    retried = make_old(finish(stage(operator), status="failed"), days=400)
    StagingJob.objects.filter(pk=retried.pk).update(status="queued", finished_at=None)

    assert pruning.prune(days=30, most=100) == NOTHING
    assert jobs() == {waiting, retried}


def test_prune_counts_from_the_end_and_not_from_the_beginning(operator: User) -> None:
    job = make_old(staged(operator), days=400)
    StagingJob.objects.update(finished_at=timezone.now())

    assert pruning.prune(days=30, most=100) == NOTHING
    assert jobs() == {job}


def test_prune_keeps_an_old_photo_that_has_a_young_job(operator: User) -> None:
    old = make_old(staged(operator), days=400)
    young = staged(operator, photo=old.photo)

    assert pruning.prune(days=30, most=100) == Pruned(jobs=1)
    assert jobs() == {young}


def test_prune_keeps_an_old_photo_that_a_batch_waits_for(operator: User) -> None:
    project = create_project("Elm Street 5", owner=operator)
    photo = make_old(staged(operator, project=project), days=400).photo
    batch = make_batch(project)
    BatchPhoto.objects.create(batch=batch, position=0, name="x", photo=photo)

    assert pruning.prune(days=30, most=100) == Pruned(jobs=1)
    assert Photo.objects.filter(pk=photo.pk).exists()


def test_prune_deletes_batches_of_which_nothing_is_left(
    operator: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    project = create_project("Elm Street 5", owner=operator)
    abandoned = make_batch(project, uploads=2, days=31)
    young = make_batch(project, uploads=1, days=29)
    held = make_batch(project, uploads=1, days=31)
    held.photos.update(lease_until=timezone.now() + timedelta(minutes=1))
    kept = make_batch(project, days=31)
    photo = staged(operator, project=project).photo
    BatchPhoto.objects.create(batch=kept, position=0, name="x", photo=photo, status="staged")

    with django_capture_on_commit_callbacks(execute=True):
        found = pruning.prune(days=30, most=100)

    assert found == Pruned(batches=1)
    assert set(StagingBatch.objects.all()) == {young, held, kept}
    uploads = [name for name in stored() if name.startswith("uploads/")]
    assert (len(uploads), [name for name in uploads if str(abandoned.pk) in name]) == (2, [])


def test_prune_of_everything_leaves_what_was_just_uploaded(operator: User) -> None:
    batch = make_batch(create_project("Elm Street 5", owner=operator), uploads=1, days=0.9)

    assert pruning.prune(days=0, most=100).batches == 0
    assert list(StagingBatch.objects.all()) == [batch]


def test_prune_keeps_revisions_that_a_kept_job_ran_with(operator: User) -> None:
    profile, ann = get_settings(QWEN).pk, Actor("ann")
    made = []
    for quality in (11, 12, 13):
        patch_settings(profile, {"output_quality": quality}, by=ann)
        made.append(staged(operator, model=QWEN))
    make_old(made[0], days=400)
    with settings_write():
        ModelSettings.history.update(history_date=timezone.now() - timedelta(days=400))

    expected = pruning.would_prune(days=30)
    found = pruning.prune(days=30, most=100)

    assert found == expected == Pruned(jobs=1, photos=1, revisions=2)
    left = ModelSettings.history.filter(id=profile).values_list("revision", flat=True)
    assert set(left) == {3, 4}


def test_prune_without_a_retention_lets_go_of_keys_and_files_alone(operator: User) -> None:
    make_old(staged(operator), days=4000)
    make_key(operator, "old", hours=25)
    make_key(operator, "young", hours=23)
    DiscardedFile.objects.create(name="photos/gone.jpg")

    told = prune()

    assert told == [
        "RETENTION_DAYS is 0: jobs, photos and revisions are kept for ever.",
        "Deleted 1 idempotency key.",
        "Deleted 0 files that no row names.",
    ]
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["young"]
    assert (StagingJob.objects.count(), DiscardedFile.objects.count()) == (1, 0)


def test_dry_run_says_the_same_and_deletes_nothing(operator: User) -> None:
    make_old(staged(operator), days=31)
    make_old(staged(operator), days=29)
    project = create_project("Elm Street 5", owner=operator)
    make_batch(project, uploads=1, days=31)
    left = make_batch(project, days=31)
    photo = make_old(staged(operator, project=project), days=31).photo
    BatchPhoto.objects.create(batch=left, position=0, name="x", photo=photo, status="staged")
    make_key(operator, "old", hours=25)
    lost = default_storage.save("photos/lost.jpg", ContentFile(b"lost"))
    os.utime(default_storage.path(lost), (0, 0))
    before = (jobs(), stored())

    said = prune("--days", "30", "--dry-run")
    unchanged = (jobs(), stored()) == before
    done = prune("--days", "30")

    assert unchanged
    assert said == [
        "Would delete 2 jobs, 2 photos, 2 batches, 0 revisions of settings older than 30 days, "
        "and 1 idempotency key.",
        "Would delete 1 file that no row names.",
    ]
    assert done == [line.replace("Would delete", "Deleted") for line in said]
    assert "photos/lost.jpg" in before[1]
    assert "photos/lost.jpg" not in stored()


@pytest.mark.parametrize("days", ["-1", "36501"])
def test_days_that_make_no_sense_are_refused(days: str) -> None:
    with pytest.raises(CommandError, match=rf"^--days is a number from 0 to 36500, not {days}\.$"):
        prune(f"--days={days}")


def test_prune_is_bounded_and_goes_on_the_next_time(operator: User) -> None:
    for _ in range(3):
        make_old(staged(operator), days=31)

    found = [pruning.prune(days=30, most=2) for _ in range(3)]

    assert [one.jobs for one in found] == [2, 1, 0]


def test_task_keeps_to_the_setting(operator: User, settings: Settings) -> None:
    old, older = make_old(staged(operator), days=31), make_old(staged(operator), days=40)

    tasks.prune()
    kept_for_ever = jobs()
    settings.RETENTION_DAYS = 35
    tasks.prune()

    assert (kept_for_ever, jobs()) == ({old, older}, {old})


def test_prune_takes_the_same_statements_for_one_job_and_for_many(
    operator: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = make_old(staged(operator), days=31)
    for _ in range(12):
        make_old(staged(operator, photo=first.photo), days=31)
    Photo.objects.update(created_at=F("created_at") - timedelta(days=31))

    with django_assert_max_num_queries(60):
        assert pruning.prune(days=30, most=100).jobs == 13
