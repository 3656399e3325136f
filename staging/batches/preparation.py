"""Makes photos and jobs of what a batch brought: each file once, whoever dies meanwhile.

A photo, its jobs and the word that it is staged are one transaction: a worker that is killed
before it has changed nothing, and one that comes back after it finds its claim gone.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import PurePosixPath

import structlog
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
    OverLimit,
    Photo,
    StagingBatch,
)
from staging.photos import Upload, files_kept_if_saved, lock_photo, store_photo
from staging.worker import stopping

log = structlog.get_logger(__name__)

MAX_TRIES = 4
# After that the pictures of what is done are bought before more is prepared.
_WORK_S = 5.0
# Decoding a large photo takes hundreds of megabytes: so many at a time in one process.
_places = threading.BoundedSemaphore(3)


class _ClaimLost(Exception):
    """Somebody else has the photo since: what was made of it here is void."""


def is_waiting() -> bool:
    """Say whether a photo of any batch waits for somebody to claim it."""
    return BatchPhoto.objects.claimable(timezone.now()).exists()


def prepare_waiting() -> int:
    """Prepare what waits, for some seconds; return how many photos there were."""
    if not _places.acquire(blocking=False):
        return 0
    try:
        count, until = 0, time.monotonic() + _WORK_S
        while _goes_on(until) and (one := claim_next()):
            with _bounded(one):
                prepare(one)
            count += 1
        return count
    finally:
        _places.release()


def _goes_on(until: float) -> bool:
    return time.monotonic() < until and not stopping.has_begun()


def claim_next() -> BatchPhoto | None:
    """Claim the first photo that waits, or return None."""
    waiting = BatchPhoto.objects.claimable(timezone.now()).select_related(
        "photo", "batch__owner", "batch__model", "batch__project__model", "batch__project__profile"
    )
    # Several workers look at the same moment: whoever loses one tries the next.
    for one in waiting.order_by("id")[:20]:
        if BatchPhoto.objects.claim(one):
            return one
    return None


def prepare(one: BatchPhoto) -> None:
    """Make the photo and the jobs of one claimed file, or refuse it for good."""
    if one.tries > MAX_TRIES:
        _refuse(one, f"Given up: {MAX_TRIES} tries came to no end. Send it again.")
        return
    # Before the file is read, so that a bug in planning leaves no photo behind.
    plans, refusals = _plan_all(one)
    try:
        photo = one.photo or _read_photo(one)
    except images.PhotoRefused as error:
        _refuse(one, str(error))
        return
    saving = nullcontext() if one.photo else files_kept_if_saved(photo)
    try:
        with saving, transaction.atomic():
            _record(one, photo, plans=plans, refusals=refusals)
    except _ClaimLost:
        return
    log.info("photo of a batch staged", batch=str(one.batch_id), jobs=len(plans))


def request_of(batch: StagingBatch, *, room_type: str, style: str) -> StagingRequest:
    """Return what a batch wishes for one room in one style, as it was asked for."""
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


def _read_photo(one: BatchPhoto) -> Photo:
    """Return the unsaved photo of an upload, its files stored. Raises images.PhotoRefused."""
    if not one.upload:
        raise images.PhotoRefused("The photo was deleted before it could be staged.")
    try:
        file = default_storage.open(one.upload)
    except FileNotFoundError:
        raise images.PhotoRefused("The file of this photo is gone: send it again.") from None
    with file:
        upload = Upload(file, PurePosixPath(one.name).name)
        return store_photo(upload, owner=one.batch.owner, project=one.batch.project)


def _record(
    one: BatchPhoto, photo: Photo, *, plans: list[Plan], refusals: Mapping[str, str]
) -> None:
    """Save the photo if it is new, its jobs, and for each style without one the reason."""
    if one.photo is None:
        photo.save()
    else:
        lock_photo(photo)
    errors = dict(refusals)
    for plan in plans:
        try:
            record_job(
                plan,
                photo,
                owner=one.batch.owner,
                batch_photo=one,
                callback_url=one.batch.callback_url,
            )
        except OverLimit as error:
            # Refused before anything of the job was written.
            errors[plan.style] = str(error)
    _finish(one, BatchPhotoStatus.STAGED, photo=photo, job_errors=errors)


def _plan_all(one: BatchPhoto) -> tuple[list[Plan], dict[str, str]]:
    """Return the jobs that can be made, and for the other styles why not."""
    plans: list[Plan] = []
    refusals: dict[str, str] = {}
    for style in one.batch.styles:
        wanted = request_of(one.batch, room_type=one.room_type, style=style)
        try:
            plans.append(plan_job(wanted, project=one.batch.project))
        except RequestRefused as error:
            refusals[style] = str(error)
    return plans, refusals


def _refuse(one: BatchPhoto, why: str) -> None:
    try:
        with transaction.atomic():
            _finish(one, BatchPhotoStatus.REFUSED, error=why)
    except _ClaimLost:
        return
    log.info("photo of a batch refused", batch=str(one.batch_id), why=why)


def _finish(one: BatchPhoto, status: BatchPhotoStatus, **values: object) -> None:
    """Write what became of a photo, and let its upload go once that is committed."""
    upload = one.upload
    if not BatchPhoto.objects.note(one, status=status, upload="", lease_until=None, **values):
        raise _ClaimLost
    DiscardedFile.note([upload])


@contextmanager
def _bounded(one: BatchPhoto) -> Iterator[None]:
    """Let a photo that broke off wait a little; refuse it after MAX_TRIES."""
    try:
        with stopping.holding(one):
            yield
    # Raised again: here a photo that breaks off is only kept from coming back for ever.
    except Exception as error:
        log.exception("photo of a batch broke off", batch=str(one.batch_id), name=one.name)
        if one.tries >= MAX_TRIES:
            _refuse(one, own_fault(error))
        else:
            pause = timedelta(seconds=2.0**one.tries)
            BatchPhoto.objects.note(one, lease_until=timezone.now() + pause)
        raise
