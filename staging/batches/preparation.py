"""Makes photos and jobs of a batch's files, each file once even where workers are killed.

A photo, its jobs and the status `staged` are written in one transaction. A worker that is killed
before its commit has changed nothing, and a worker that comes too late finds its claim gone.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import timedelta

import structlog
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from modelsettings.errors import RequestRefused
from staging import images
from staging.errors import own_fault
from staging.jobs.planning import Plan, plan_job
from staging.jobs.recording import record_job
from staging.jobs.request import StagingRequest
from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    DiscardedFile,
    Photo,
    StagingBatch,
)
from staging.new_files import NewFiles
from staging.photos import Upload, files_of, lock_photo, store_photo
from staging.worker import stopping

log = structlog.get_logger(__name__)

MAX_TRIES = 4
# After that time the task ends, so that the pictures of the prepared photos are bought before more
# photos are prepared.
_WORK_S = 5.0
# Decoding a large photo takes hundreds of megabytes: so many are decoded at once in one process.
_places = threading.BoundedSemaphore(3)


class _ClaimLost(Exception):
    """Another worker has claimed the photo meanwhile: the transaction here is rolled back."""


def is_waiting() -> bool:
    """Say whether a photo of any batch waits for a worker to claim it."""
    return BatchPhoto.objects.claimable(timezone.now()).exists()


def prepare_waiting() -> int:
    """Prepare the photos that wait, for _WORK_S; return how many there were."""
    if not _places.acquire(blocking=False):
        return 0
    try:
        count, until = 0, time.monotonic() + _WORK_S
        while _goes_on(until) and (batch_photo := claim_next()):
            with _bounded(batch_photo):
                prepare(batch_photo)
            count += 1
        return count
    finally:
        _places.release()


def _goes_on(until: float) -> bool:
    return time.monotonic() < until and not stopping.has_begun()


def claim_next() -> BatchPhoto | None:
    """Claim the first photo that waits, or return None."""
    waiting = BatchPhoto.objects.claimable(timezone.now()).select_related(
        "photo",
        "sent_by",
        "batch__owner",
        "batch__model",
        "batch__project__model",
        "batch__project__profile",
    )
    # Several workers read the same rows: the conditional UPDATE of `claim` lets one of them have a
    # photo, and the others try the next.
    for batch_photo in waiting.order_by("rank_at", "id")[:20]:
        if BatchPhoto.objects.claim(batch_photo):
            return batch_photo
    return None


def prepare(batch_photo: BatchPhoto) -> None:
    """Make a photo and its jobs of one claimed file, or refuse the file for good."""
    if batch_photo.tries > MAX_TRIES:
        # Each try ended without an error of ours to catch: its process was killed.
        _refuse(batch_photo, f"Given up: {MAX_TRIES} tries did not finish. Send it again.")
        return
    # Planned before the file is read, so that a bug in planning leaves no stored photo behind.
    plans, refusals = plan_all(batch_photo)
    try:
        photo = batch_photo.photo or _read_photo(batch_photo)
    except images.PhotoRefused as error:
        _refuse(batch_photo, str(error))
        return
    # Decoding is done: the transaction holds its locks for the writes alone. A photo that the batch
    # only named keeps its files, even where this fails.
    new_files = NewFiles() if batch_photo.photo else files_of(photo)
    try:
        with new_files, new_files.saving():
            _record(batch_photo, photo, plans=plans, refusals=refusals)
    except _ClaimLost:
        return
    except RequestRefused as refusal:
        _refuse(batch_photo, str(refusal))
        return
    log.info("photo of a batch staged", batch=str(batch_photo.batch_id), jobs=len(plans))


def request_of(batch: StagingBatch, *, room_type: str, style: str) -> StagingRequest:
    """Return a batch's request for one room in one style, as it was sent."""
    return StagingRequest(
        room_type=room_type,
        style=style,
        prompt=batch.prompt,
        prompt_mode=batch.prompt_mode,
        model=batch.model.slug if batch.model else "",
        profile=batch.profile_name,
        overrides=batch.overrides,
        seed=batch.seed,
    )


def plan_all(batch_photo: BatchPhoto) -> tuple[list[Plan], dict[str, str]]:
    """Return the jobs that can be made, and the reason for each style that is refused."""
    batch = batch_photo.batch
    owner = _as_active(batch.owner)
    plans: list[Plan] = []
    refusals: dict[str, str] = {}
    for style in batch.styles:
        wanted = request_of(batch, room_type=batch_photo.room_type, style=style)
        try:
            plans.append(plan_job(wanted, project=batch.project, by=owner))
        except RequestRefused as error:
            refusals[style] = str(error)
    return plans, refusals


def _read_photo(batch_photo: BatchPhoto) -> Photo:
    """Return the unsaved photo of an upload, its files stored. Raises images.PhotoRefused."""
    if not batch_photo.upload:
        raise images.PhotoRefused("The photo was deleted before it could be staged.")
    try:
        file = default_storage.open(batch_photo.upload)
    except FileNotFoundError:
        raise images.PhotoRefused("The file of this photo is gone: send it again.") from None
    with file:
        # With its folders: many a photo of a house is called IMG_1.
        upload = Upload(file, batch_photo.name)
        return store_photo(upload, owner=batch_photo.owner, project=batch_photo.batch.project)


def _record(
    batch_photo: BatchPhoto, photo: Photo, *, plans: list[Plan], refusals: Mapping[str, str]
) -> None:
    """Save the photo if it is new, its jobs, and the reason for each style without a job."""
    if batch_photo.photo is None:
        photo.save()
    else:
        lock_photo(photo)
    errors = dict(refusals)
    for plan in plans:
        try:
            record_job(
                plan,
                photo,
                owner=batch_photo.owner,
                batch_photo=batch_photo,
                callback_url=batch_photo.batch.callback_url,
            )
        except RequestRefused as error:
            # `record_job` has a savepoint of its own, so the transaction goes on.
            errors[plan.style] = str(error)
    _finish(batch_photo, BatchPhotoStatus.STAGED, photo=photo, job_errors=errors)


def _as_active(owner: User) -> User:
    """Return the owner with the permissions that it has while it is active.

    Deactivating an account pauses what it has queued and refuses none of it: its jobs are planned
    as they were asked for, and wait for the account or for the one that takes its queue over.
    Django gives an inactive account no permission at all.
    """
    active = copy(owner)
    active.is_active = True
    return active


def _refuse(batch_photo: BatchPhoto, why: str) -> None:
    try:
        with transaction.atomic():
            _finish(batch_photo, BatchPhotoStatus.REFUSED, error=why)
    except _ClaimLost:
        return
    log.info("photo of a batch refused", batch=str(batch_photo.batch_id), why=why)


def _finish(batch_photo: BatchPhoto, status: BatchPhotoStatus, **values: object) -> None:
    """Write the result for a photo, and note its upload to be deleted. Raises _ClaimLost."""
    upload = batch_photo.upload
    if not BatchPhoto.objects.note(
        batch_photo, status=status, upload="", lease_until=None, **values
    ):
        raise _ClaimLost
    DiscardedFile.note([upload])


@contextmanager
def _bounded(batch_photo: BatchPhoto) -> Iterator[None]:
    """Let a photo whose preparation broke off wait a little; refuse it after MAX_TRIES."""
    try:
        with stopping.holding(batch_photo):
            yield
    # Raised again: here we only see to it that the photo does not come back for ever.
    except Exception as error:
        log.exception(
            "photo of a batch broke off", batch=str(batch_photo.batch_id), name=batch_photo.name
        )
        if batch_photo.tries >= MAX_TRIES:
            _refuse(batch_photo, own_fault(error))
        else:
            pause = timedelta(seconds=2.0**batch_photo.tries)
            BatchPhoto.objects.note(batch_photo, lease_until=timezone.now() + pause)
        raise
