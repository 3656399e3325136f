"""Tells an owner that a batch is done: on every page of the admin, by e-mail where that is set."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from staging.batches.progress import Progress, progress_of
from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    Notice,
    StagingBatch,
    StagingJob,
)
from staging.models.job import UNFINISHED
from staging.notices.watching import tell_of_batch

# Batches in one run; the next run, in a minute, goes on.
MOST = 50


def tell_owners() -> None:
    """Write a notice for each batch that is done and whose owner waits for one."""
    batches = list(_done().select_related("owner", "project").order_by("created_at")[:MOST])
    found = progress_of(batches)
    for batch in batches:
        _tell(batch, found[batch.pk])


def unseen_by(account: User) -> QuerySet[Notice]:
    """Return the notices of an account's batches that it has not put away, the oldest first.

    The index is standing_notices: however many are put away, it reads those that are not.
    """
    unseen = Notice.objects.filter(batch__owner=account, over_at=None)
    return unseen.select_related("batch").order_by("at")


def put_away(batch_pk: UUID, *, by: User) -> None:
    """End the notice of a batch that its owner has seen; change nothing where there is none."""
    unseen = Notice.objects.filter(batch=batch_pk, batch__owner=by, over_at=None)
    unseen.update(over_at=timezone.now())


def _done() -> QuerySet[StagingBatch]:
    """Return the batches of which nothing is in work, and whose owners wait for a notice."""
    photos = BatchPhoto.objects.filter(batch=OuterRef("pk"), status=BatchPhotoStatus.WAITING)
    jobs = StagingJob.objects.filter(batch_photo__batch=OuterRef("pk"), status__in=UNFINISHED)
    waiting = StagingBatch.objects.filter(tells_owner=True)
    return waiting.exclude(Exists(photos)).exclude(Exists(jobs))


@transaction.atomic
def _tell(batch: StagingBatch, progress: Progress) -> None:
    # Of two workers that look at once, one changes the row.
    if StagingBatch.objects.filter(pk=batch.pk, tells_owner=True).update(tells_owner=False):
        tell_of_batch(batch, _in_words(batch, progress))


def _in_words(batch: StagingBatch, progress: Progress) -> str:
    """Say how a batch ended.

    >>> _in_words(batch, progress)
    'Batch 3f2a1b0c in 12 Elm Street is done: 9 of 10 made, 1 not.'
    """
    rest = f", {progress.not_made} not" if progress.not_made else ""
    return (
        f"{batch} in {batch.project.name} is done: {progress.made} of {progress.total} made{rest}."
    )
