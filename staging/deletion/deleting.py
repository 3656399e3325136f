"""Deletes a job, a photo with its jobs, or a project with all that is in it; their files too.

Unfinished work is not deleted: it may have been paid for, and its picture is on its way. The rows
are locked before their state is read, so a job that is requested meanwhile is either seen here or
finds its photo gone. Deleting a row that is gone already is no error.
"""

from django.db import transaction
from django.db.models import Q, QuerySet

from staging.deletion import removal
from staging.errors import NotPossible, Unfinished
from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    DailyUsage,
    DiscardedFile,
    Photo,
    Project,
    StagingJob,
)
from staging.models.job import UNFINISHED
from staging.worker.wake import Step, wake


@transaction.atomic
def delete_job(job: StagingJob) -> None:
    """Delete a job with its pictures; its cost stays counted. Raises NotPossible."""
    jobs = StagingJob.objects.filter(pk=job.pk)
    if _lock(jobs):
        _check_finished(jobs, "This job is not finished: cancel it first.")
        DiscardedFile.note(removal.remove_jobs(jobs))


@transaction.atomic
def delete_photo(photo: Photo) -> None:
    """Delete a photo with its jobs and their pictures. Raises NotPossible."""
    photos, jobs = Photo.objects.filter(pk=photo.pk), StagingJob.objects.filter(photo=photo.pk)
    if not _lock(photos):
        return
    _lock(jobs)
    _check_finished(jobs, "A job of this photo is not finished: cancel it first.")
    _check_read_in(
        BatchPhoto.objects.filter(photo=photo.pk),
        "A batch is about to stage this photo: wait for its jobs, and cancel them.",
    )
    DiscardedFile.note([*removal.remove_jobs(jobs), *removal.remove_photos(photos)])
    transaction.on_commit(lambda: wake(Step.REMOVE_FILES))


@transaction.atomic
def delete_project(project: Project) -> None:
    """Delete a project with its photos, jobs and batches; its usage keeps its name.

    Raises NotPossible, also for the project Unsorted.
    """
    projects = Project.objects.filter(pk=project.pk)
    if not _lock(projects):
        return
    if project.is_unsorted:
        raise NotPossible(
            "Unsorted takes what names no other project, so it stays: delete its photos instead."
        )
    photos = Photo.objects.filter(project=project.pk)
    jobs = StagingJob.objects.filter(project=project.pk)
    _lock(photos)
    _lock(jobs)
    _check_finished(jobs, "A job of this project is not finished: cancel it first.")
    _check_read_in(
        BatchPhoto.objects.filter(batch__project=project.pk),
        "A batch of this project still has photos to read in: wait for them first.",
    )
    # Jobs first: a photo cannot be deleted as long as a job names it.
    files = removal.remove_jobs(jobs) + removal.remove_photos(photos)
    files += removal.remove_batches(project.batches.all())
    DailyUsage.objects.filter(project=project.pk).update(project_name=project.name)
    projects.delete()
    DiscardedFile.note(files)
    transaction.on_commit(lambda: wake(Step.REMOVE_FILES))


def _lock(rows: QuerySet[StagingJob] | QuerySet[Photo] | QuerySet[Project]) -> int:
    """Lock rows in the order of their keys, against deadlocks; return how many there are."""
    return len(rows.select_for_update().order_by("pk").values_list("pk"))


def _check_finished(jobs: QuerySet[StagingJob], sentence: str) -> None:
    unfinished = Q(status__in=UNFINISHED) | Q(predictions__status__in=UNFINISHED)
    if jobs.filter(unfinished).exists():
        raise Unfinished(sentence)


def _check_read_in(photos: QuerySet[BatchPhoto], sentence: str) -> None:
    if photos.filter(status=BatchPhotoStatus.WAITING).exists():
        raise Unfinished(sentence)
