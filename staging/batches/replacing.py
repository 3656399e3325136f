"""Takes another file in the place of one that a batch has refused."""

from datetime import timedelta

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from staging.asking import Allow, any_number
from staging.batches.preparation import plan_all
from staging.batches.requesting import PHOTO_TAKES_S, find_error, store_upload
from staging.batches.sent import BatchRefused, SentPhoto
from staging.errors import NotPossible
from staging.models import BatchPhoto, BatchPhotoStatus, Line, Turn
from staging.new_files import NewFiles
from staging.projects import lock_project
from staging.worker.wake import Step, wake

log = structlog.get_logger(__name__)


class NotRefused(NotPossible):
    """The replacement of a photo that is not refused any more."""

    code = "not_refused"

    def __init__(self) -> None:
        super().__init__("This photo is not refused any more: load the page again.")


def replace_photo(
    refused: BatchPhoto, sent: SentPhoto, *, by: User, allow: Allow = any_number
) -> None:
    """Store a file in the place of a refused one, and wake a worker once it is committed.

    It is staged as the batch asks, in the room of the refused one; `by` owns the photo, and pays
    for its jobs. Raises BatchRefused for a file that is not taken, NotPossible where the photo is
    not refused any more or its project is gone, and TooManyPictures where `allow` does not allow
    its pictures.
    """
    if refused.status != BatchPhotoStatus.REFUSED:
        raise NotRefused
    if error := find_error(sent):
        raise BatchRefused(error, field="images")
    plans, refusals = plan_all(refused)
    if not plans:
        raise BatchRefused(next(iter(refusals.values())), field="images")
    allow(sum(plan.pictures for plan in plans))
    upload = store_upload(sent)
    with NewFiles([upload]) as files, files.saving():
        _record(refused, sent, upload=upload, by=by)
    log.info("photo of a batch replaced", batch=str(refused.batch_id), by=by.get_username())


def _record(refused: BatchPhoto, sent: SentPhoto, *, upload: str, by: User) -> None:
    # This keeps the project, and with it the batch, from being deleted meanwhile.
    lock_project(refused.batch.project)
    if not BatchPhoto.objects.take_in_place(refused, name=sent.name, upload=upload, sent_by=by):
        raise NotRefused
    # The turn is the last lock. Until its commit no worker sees the photo.
    (rank_at,) = Turn.take(
        by,
        Line.PHOTO,
        count=1,
        earliest=timezone.now(),
        each=timedelta(seconds=PHOTO_TAKES_S),
    )
    BatchPhoto.objects.filter(pk=refused.pk).update(rank_at=rank_at)
    transaction.on_commit(lambda: wake(Step.PREPARE))
