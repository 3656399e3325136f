"""Deletes old jobs, photos, batches, idempotency keys, invitations and revisions of settings.

It works in small transactions, each complete by itself: a run can be broken off at any point, and
the next run goes on from there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from modelsettings.settings import history
from staging.deletion import removal
from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    DiscardedFile,
    IdempotencyKey,
    Invitation,
    Photo,
    StagingBatch,
    StagingJob,
)
from staging.models.job import UNFINISHED

# Rows in one transaction: a request that wants one of them waits no longer than for these.
PIECE = 50
KEYS_KEPT = timedelta(hours=24)
# However short the retention is: a worker may not have read these uploads yet.
UPLOADS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """Counts of the rows of each kind that were deleted, or would be."""

    jobs: int = 0
    photos: int = 0
    batches: int = 0
    revisions: int = 0
    keys: int = 0


def prune(*, days: int | None, most: int) -> Pruned:
    """Delete rows that ended more than `days` ago, up to `most` of each kind; None keeps them.

    Idempotency keys and expired invitations go in any case. Revisions of settings go after the jobs
    that ran with them, and the files last of all.
    """
    keys = _expired_keys().delete()[0]
    Invitation.objects.expired().delete()
    found = Pruned(keys=keys) if days is None else _prune_old(days, most=most, keys=keys)
    DiscardedFile.remove_noted(most=most)
    return found


@transaction.atomic
def would_prune(*, days: int | None) -> Pruned:
    """Count what `prune` without a bound would delete, files apart."""
    keys = _expired_keys().count()
    if days is None:
        return Pruned(keys=keys)
    before = timezone.now() - timedelta(days=days)
    old = _old_jobs(before)
    kept = StagingJob.objects.exclude(pk__in=old.values("pk"))
    photos = _old_photos(before, jobs=kept)
    counted = Pruned(
        jobs=old.count(),
        photos=photos.count(),
        batches=_old_batches(before, jobs=kept, gone=photos).count(),
        keys=keys,
    )
    # Deleted in order to be counted, and then rolled back.
    revisions = history.delete_revisions(unused_revisions(before, jobs=kept))
    transaction.set_rollback(True)
    return replace(counted, revisions=revisions)


def unused_revisions(before: datetime, *, jobs: QuerySet[StagingJob]) -> QuerySet[Any]:
    """Return the rows of history for old revisions of settings that none of `jobs` ran with."""
    ran = jobs.filter(profile=OuterRef("id"), revision=OuterRef("revision"))
    return history.old_revisions(before=before).filter(~Exists(ran))


def _prune_old(days: int, *, most: int, keys: int) -> Pruned:
    before = timezone.now() - timedelta(days=days)
    jobs = _delete(_old_jobs(before), removal.remove_jobs, most=most)
    photos = _delete(_old_photos(before), removal.remove_photos, most=most)
    batches = _delete(_old_batches(before), removal.remove_batches, most=most)
    revisions = history.delete_revisions(unused_revisions(before, jobs=StagingJob.objects.all()))
    return Pruned(jobs=jobs, photos=photos, batches=batches, revisions=revisions, keys=keys)


def _old_jobs(before: datetime) -> QuerySet[StagingJob]:
    # No job ends before it is created, and `created_at` is the column with an index.
    old = StagingJob.objects.filter(created_at__lt=before, finished_at__lt=before)
    return old.exclude(status__in=UNFINISHED).order_by("created_at")


def _old_photos(before: datetime, *, jobs: QuerySet[StagingJob] | None = None) -> QuerySet[Photo]:
    """Return the old photos that no job (of `jobs`, where given) and no waiting batch uses."""
    used = (StagingJob.objects.all() if jobs is None else jobs).filter(photo=OuterRef("pk"))
    expected = BatchPhoto.objects.filter(photo=OuterRef("pk"), status=BatchPhotoStatus.WAITING)
    old = Photo.objects.filter(~Exists(used), ~Exists(expected), created_at__lt=before)
    return old.order_by("created_at")


def _old_batches(
    before: datetime,
    *,
    jobs: QuerySet[StagingJob] | None = None,
    gone: QuerySet[Photo] | None = None,
) -> QuerySet[StagingBatch]:
    """Return the old batches without jobs and photos, abandoned ones included.

    `jobs` are the jobs that count as there, `gone` the photos that count as deleted: `would_prune`
    names them, since it deletes neither.
    """
    now = timezone.now()
    made = (StagingJob.objects.all() if jobs is None else jobs).order_by()
    there = Q(photo__isnull=False)
    if gone is not None:
        there &= ~Q(photo__in=gone.order_by().values("pk"))
    photos = BatchPhoto.objects.filter(batch=OuterRef("pk")).order_by()
    return StagingBatch.objects.filter(
        ~Exists(made.filter(batch_photo__batch=OuterRef("pk"))),
        ~Exists(photos.filter(there | Q(lease_until__gt=now))),
        created_at__lt=min(before, now - UPLOADS_KEPT),
    ).order_by("created_at")


def _expired_keys() -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEYS_KEPT)


def _delete(rows: QuerySet[Any], remove: Callable[[QuerySet[Any]], list[str]], *, most: int) -> int:
    """Delete rows piece by piece; return how many.

    Rows that another transaction has locked are left to the next run.
    """
    count = 0
    while count < most:
        deleted = _delete_piece(rows, remove, size=min(PIECE, most - count))
        if not deleted:
            break
        count += deleted
    return count


@transaction.atomic
def _delete_piece(
    rows: QuerySet[Any], remove: Callable[[QuerySet[Any]], list[str]], *, size: int
) -> int:
    found = list(rows.values_list("pk", flat=True)[:size])
    held = rows.model._default_manager.filter(pk__in=found).order_by("pk")
    locked = list(held.select_for_update(skip_locked=True).values_list("pk", flat=True))
    # The conditions are checked again: a request may have used a row just before it was locked.
    doomed = list(rows.filter(pk__in=locked).values_list("pk", flat=True))
    DiscardedFile.note(remove(rows.model._default_manager.filter(pk__in=doomed)))
    return len(doomed)
