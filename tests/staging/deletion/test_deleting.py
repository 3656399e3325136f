"""What goes with a job, a photo, a project; what stays; and what is not deleted yet."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from staging.deletion.deleting import delete_job, delete_photo, delete_project
from staging.errors import NotPossible
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import (
    BatchPhoto,
    Callback,
    CallbackAttempt,
    DailyUsage,
    DiscardedFile,
    IdempotencyKey,
    Photo,
    Prediction,
    Project,
    ProjectMember,
    Share,
    StagedImage,
    StagingBatch,
    StagingJob,
    Transition,
)
from staging.photos import lock_photo
from staging.projects import create_project
from staging.tasks import remove_files
from tests import databases
from tests.missing import POSTGRES, needs
from tests.staging.finished import finish, make_batch, stage, staged, stored

OF_A_JOB: list[Any] = [
    StagingJob, Prediction, Transition, StagedImage, Share, Callback, CallbackAttempt,
    IdempotencyKey,
]  # fmt: skip

WANTED = StagingRequest(room_type="bedroom", style="modern")


@pytest.fixture
def project(operator: User) -> Project:
    return create_project("Elm Street 5", owner=operator)


def counts(rows: list[Any]) -> dict[str, int]:
    return {row.__name__: row.objects.count() for row in rows if row.objects.exists()}


def adorn(job: StagingJob) -> None:
    """Give a job everything that can hang on one."""
    Share.objects.create(image=StagedImage.objects.get(prediction__job=job))
    callback = Callback.objects.create(job=job, url="https://example.com")
    CallbackAttempt.objects.create(callback=callback, at=timezone.now(), seconds=1)
    IdempotencyKey.objects.create(owner=job.owner, key="k", fingerprint="f", job=job)


def grow_old() -> None:
    DiscardedFile.objects.update(discarded_at=timezone.now() - timedelta(hours=2))


def test_delete_job_takes_all_that_is_its_own(
    operator: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job, other = staged(operator), staged(operator)
    adorn(job)
    # A worker that was killed while it collected left it.
    default_storage.save(f"pictures/{job.predictions.get().pk}/lost.webp", ContentFile(b"lost"))

    with django_capture_on_commit_callbacks(execute=True):
        delete_job(job)

    assert counts(OF_A_JOB) == {
        "StagingJob": 1,
        "Prediction": 1,
        "Transition": 2,
        "StagedImage": 1,
    }
    picture = f"pictures/{other.predictions.get().pk}/0"
    assert [name for name in stored() if name.startswith("pictures/")] == [
        f"{picture}-thumbnail.webp",
        f"{picture}.webp",
    ]
    assert (Photo.objects.count(), DailyUsage.objects.get().pictures) == (2, 2)


def test_delete_photo_takes_its_jobs(
    operator: User,
    project: Project,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    first = staged(operator, project=project)
    again = staged(operator, photo=first.photo)
    StagingJob.objects.filter(pk=again.pk).update(repeats=first)
    batch = make_batch(project)
    BatchPhoto.objects.create(
        batch=batch, position=0, name="IMG_2041.jpg", photo=first.photo, status="staged"
    )

    with django_capture_on_commit_callbacks(execute=True):
        delete_photo(first.photo)

    assert (counts(OF_A_JOB), Photo.objects.count(), stored()) == ({}, 0, [])
    kept = BatchPhoto.objects.get()
    assert (kept.name, kept.photo, kept.status) == ("IMG_2041.jpg", None, "staged")


def test_delete_project_takes_everything_but_its_usage(
    operator: User,
    stranger: User,
    project: Project,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    staged(operator, project=project)
    ProjectMember.objects.create(project=project, user=stranger)
    Project.objects.filter(pk=project.pk).update(name="Elm Street 7")
    project.refresh_from_db()
    batch = make_batch(project, uploads=1)
    BatchPhoto.objects.update(status="refused")
    IdempotencyKey.objects.create(owner=operator, key="k", fingerprint="f", batch=batch)

    with django_capture_on_commit_callbacks(execute=True):
        delete_project(project)

    assert counts([*OF_A_JOB, Project, ProjectMember, Photo, StagingBatch, BatchPhoto]) == {}
    assert stored() == []
    kept = DailyUsage.objects.get()
    assert (kept.project_id, kept.project_name, kept.pictures) == (project.pk, "Elm Street 7", 1)


def test_delete_twice_is_no_error(operator: User, project: Project) -> None:
    job = staged(operator, project=project)

    for _ in range(2):
        delete_job(job)
        delete_photo(job.photo)
        delete_project(project)

    assert not Project.objects.exists()


@pytest.mark.parametrize("status", ["queued", "submitting", "running", "collecting"])
def test_delete_what_is_unfinished_is_refused(
    operator: User, project: Project, status: str
) -> None:
    job = stage(operator, project=project)
    Prediction.objects.update(status=status)
    # The job's own status follows in the same transaction; here it is the prediction that counts.
    StagingJob.objects.update(status="failed")

    refusals = []
    deletions: list[Any] = [
        lambda: delete_job(job), lambda: delete_photo(job.photo), lambda: delete_project(project),
    ]  # fmt: skip
    for delete in deletions:
        with pytest.raises(NotPossible) as refused:
            delete()
        refusals.append(str(refused.value))

    assert refusals == [
        "This job is not finished: cancel it first.",
        "A job of this photo is not finished: cancel it first.",
        "A job of this project is not finished: cancel it first.",
    ]
    assert (StagingJob.objects.count(), DiscardedFile.objects.count()) == (1, 0)


def test_delete_what_a_batch_waits_for_is_refused(operator: User, project: Project) -> None:
    photo = staged(operator, project=project).photo
    batch = make_batch(project)
    BatchPhoto.objects.create(batch=batch, position=0, name="x", photo=photo)

    with pytest.raises(NotPossible, match="A batch is about to stage this photo"):
        delete_photo(photo)
    with pytest.raises(NotPossible, match="still has photos to read in"):
        delete_project(project)


def test_delete_unsorted_is_refused(operator: User) -> None:
    unsorted = staged(operator).project

    with pytest.raises(NotPossible, match="Unsorted takes what names no other project"):
        delete_project(unsorted)

    assert StagingJob.objects.exists()


def test_delete_that_is_rolled_back_leaves_the_files(
    operator: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = staged(operator)
    before = stored()

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        delete_job(job)
        transaction.set_rollback(True)

    assert (stored(), DiscardedFile.objects.count()) == (before, 0)
    assert StagingJob.objects.filter(pk=job.pk).exists()


def test_file_that_cannot_be_removed_is_removed_later(
    operator: User,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    job = staged(operator)
    file = Path(settings.MEDIA_ROOT) / str(job.photo.file)
    content = file.read_bytes()
    # A folder in its place, which is not empty, is what no storage removes.
    file.unlink()
    (file / "in the way").mkdir(parents=True)

    with django_capture_on_commit_callbacks(execute=True):
        delete_photo(job.photo)
    noted = str(job.photo.file)
    assert DiscardedFile.objects.filter(name=noted).exists()

    (file / "in the way").rmdir()
    file.rmdir()
    file.write_bytes(content)
    remove_files()

    assert not DiscardedFile.objects.filter(name=noted).exists()
    assert stored() == []


def test_what_a_late_worker_stores_is_removed_too(
    operator: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = finish(stage(operator), status="canceled")
    folder = f"pictures/{job.predictions.get().pk}"
    with django_capture_on_commit_callbacks(execute=True):
        delete_job(job)

    default_storage.save(f"{folder}/0.webp", ContentFile(b"late"))
    grow_old()
    remove_files()

    assert [name for name in stored() if name.startswith("pictures/")] == []
    assert not DiscardedFile.objects.exists()


def test_delete_a_large_project_leaves_files_to_a_worker(
    operator: User,
    project: Project,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    job = finish(stage(operator, project=project), pictures=1)
    for _ in range(55):
        Prediction.objects.create(job=job, position=1, status="failed")

    with django_capture_on_commit_callbacks(execute=True):
        delete_project(project)
    left = stored()
    remove_files()

    assert (len(left) > 0, stored()) == (True, [])


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_job_that_is_asked_for_while_its_photo_is_deleted_is_not_lost(operator: User) -> None:
    """Of two at once, either the job is there with its photo, or its asker is told."""
    photos = [staged(operator).photo for _ in range(6)]

    def ask(photo: Photo) -> str:
        try:
            request_staging(photo, WANTED, owner=operator)
        except NotPossible:
            return "told"
        finally:
            connection.close()
        return "asked"

    def delete(photo: Photo) -> str:
        try:
            delete_photo(photo)
        except NotPossible:
            return "kept"
        finally:
            connection.close()
        return "deleted"

    with ThreadPoolExecutor(2) as threads:
        ends = [(threads.submit(ask, photo), threads.submit(delete, photo)) for photo in photos]
        found = {(asked.result(), deleted.result()) for asked, deleted in ends}

    assert found <= {("asked", "kept"), ("told", "deleted")}
    kept = StagingJob.objects.filter(status="queued")
    assert kept.count() == Photo.objects.count()


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_delete_waits_for_a_job_that_is_being_asked_for(operator: User) -> None:
    photo = staged(operator).photo
    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        request_staging(photo, WANTED, owner=operator)
        deleting = threads.submit(_delete_in_thread, photo)
        # Nothing to be seen from outside: it waits for this transaction's lock.
        with pytest.raises(TimeoutError):
            deleting.result(timeout=0.3)

    assert isinstance(deleting.exception(), NotPossible)


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_job_of_a_stored_photo_and_the_deletion_of_its_project_lock_in_one_order(
    operator: User,
) -> None:
    """Locked the other way about, each waits for the other, and PostgreSQL ends one of them."""
    project = create_project("Elm Street 5", owner=operator)
    photo = staged(operator, project=project).photo
    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        lock_photo(photo)
        deleting = threads.submit(_delete_project_in_thread, project)
        databases.await_waiting_lock()
        request_staging(photo, WANTED, owner=operator)

    assert isinstance(deleting.exception(), NotPossible)


def _delete_in_thread(photo: Photo) -> None:
    try:
        delete_photo(photo)
    finally:
        connection.close()


def _delete_project_in_thread(project: Project) -> None:
    try:
        delete_project(project)
    finally:
        connection.close()
