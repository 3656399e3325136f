"""Records a batch: stores its files as they came, gives each photo a room, and wakes workers."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from modelsettings.models import ReplicateModel
from staging import images
from staging.asking import Allow, any_number
from staging.batches.archives import FileRefused
from staging.batches.rooms import tell_unnamed
from staging.batches.sent import (
    MAX_PHOTOS,
    BatchRefused,
    Rooms,
    SentPhoto,
    choose_rooms,
)
from staging.errors import GoneMeanwhile
from staging.idempotency import keep_key
from staging.jobs.planning import CannotStage, plan_job
from staging.jobs.request import StagingRequest
from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    IdempotencyKey,
    Line,
    Photo,
    Project,
    StagingBatch,
    Turn,
)
from staging.new_files import NewFiles
from staging.projects import lock_project
from staging.worker.wake import Step, wake

# The photos of an account stand so far apart in the queue of those that wait to be read.
PHOTO_TAKES_S = 1.0
# Workers that are woken at once for a new batch; each process bounds how many photos it decodes.
_PREPARERS = 3


def request_batch(
    sent: Sequence[SentPhoto],
    wanted: StagingRequest,
    *,
    owner: User,
    project: Project,
    styles: Sequence[str] = (),
    room_types: Mapping[str, str] | None = None,
    require_rooms: bool = False,
    passed_over: Mapping[str, int] | None = None,
    callback_url: str = "",
    tells_owner: bool = False,
    key: IdempotencyKey | None = None,
    allow: Allow = any_number,
) -> StagingBatch:
    """Store the files as they came, record the batch, and wake workers once it is committed.

    Each photo is staged as `wanted` says, once in each of `styles`; without `styles`, in the style
    of `wanted`. `choose_rooms` says the room of a photo, the last of which is that of `wanted`;
    with `require_rooms`, all are refused where nothing says that of one. `passed_over` counts, by
    extension, the files beside the photos. With `tells_owner` its owner gets a notice at its end. A
    request that is wrong as a whole is refused before anything is stored. Raises BatchRefused, what
    `plan_job` raises, TooManyPictures where `allow` does not allow their number, NotPossible for a
    project or a photo that was deleted meanwhile, and AlreadyAsked where `key` bought before.
    """
    if not sent:
        raise BatchRefused(
            "Send photos: images, an archive, or photos that are there.", field="images"
        )
    check_count(sent)
    batch = StagingBatch(
        owner=owner,
        project=project,
        styles=list(dict.fromkeys(styles)) or [wanted.chosen_style],
        prompt=wanted.prompt,
        prompt_mode=wanted.prompt_mode,
        model=_find_model(wanted.model),
        profile_name=wanted.profile,
        overrides=dict(wanted.overrides),
        seed=wanted.seed,
        callback_url=callback_url,
        tells_owner=tells_owner,
        passed_over=dict(passed_over or {}),
    )
    chosen = choose_rooms(sent, room_types or {}, wanted.chosen_room)
    if require_rooms and not wanted.room_type:
        _check_rooms(chosen)
    batch.folders_without_room = chosen.unnamed
    rooms = chosen.of_photos
    allow(_plan_all(batch, wanted, rooms=rooms))
    photos: list[BatchPhoto] = []
    with NewFiles() as files:
        for position, (photo, room) in enumerate(zip(sent, rooms, strict=True)):
            row = _store(photo, batch, position=position, room_type=room)
            if row.upload:
                files.add(row.upload)
            photos.append(row)
        with files.saving():
            _record(batch, photos, key=key)
    return batch


def check_count(sent: Sequence[SentPhoto]) -> None:
    """Raise BatchRefused for more photos than one request may have."""
    if len(sent) > MAX_PHOTOS:
        sentence = f"These are {len(sent)} photos; we take at most {MAX_PHOTOS} at once."
        raise BatchRefused(sentence, field="images")


def find_error(photo: SentPhoto) -> str:
    """Return what is wrong with a file as it was sent, as far as its size tells, or ""."""
    if photo.error or photo.photo is not None:
        return photo.error
    if not photo.size:
        return "This file is empty: send it again."
    if photo.size > images.MAX_BYTES:
        size, most = photo.size / 2**20, images.MAX_BYTES / 2**20
        return f"This file has {size:.1f} MB; we take at most {most:g} MB."
    return ""


def store_upload(photo: SentPhoto) -> str:
    """Store a file as it came, under a random name, and return that. Raises FileRefused."""
    if photo.open is None:
        return ""
    with photo.open() as file:
        return default_storage.save(f"uploads/{uuid.uuid4()}", File(file))


def _plan_all(batch: StagingBatch, wanted: StagingRequest, *, rooms: Sequence[str]) -> int:
    """Plan every combination once, for its errors, and count the pictures of all photos.

    Workers plan again when they make the jobs.
    """
    pictures = {
        room: sum(
            plan_job(
                replace(wanted, room_type=room, style=style), project=batch.project, by=batch.owner
            ).pictures
            for style in batch.styles
        )
        for room in dict.fromkeys(rooms)
    }
    return sum(pictures[room] for room in rooms)


def _find_model(slug: str) -> ReplicateModel | None:
    if not slug:
        return None
    model = ReplicateModel.objects.filter(slug=slug).first()
    if model is None:
        raise CannotStage(f"There is no model {slug}.")
    return model


def _check_rooms(chosen: Rooms) -> None:
    """Raise BatchRefused for photos of which nothing says the room."""
    if chosen.unsaid:
        first, *others = chosen.unsaid
        told = f"{tell_unnamed(chosen.unnamed)} " if chosen.unnamed else ""
        more = f" and {len(others)} other photo{'s' * (len(others) > 1)}" if others else ""
        sentence = f"{told}Nothing says the room of {first}{more}: say it in room_types."
        raise BatchRefused(sentence, field="room_types")


def _store(photo: SentPhoto, batch: StagingBatch, *, position: int, room_type: str) -> BatchPhoto:
    """Store a photo's file as it came, under a random name; return its row, not saved yet."""
    row = BatchPhoto(
        batch=batch,
        position=position,
        name=photo.name,
        room_type=room_type,
        photo=photo.photo,
        error=find_error(photo),
    )
    if not row.error:
        try:
            row.upload = store_upload(photo)
        except FileRefused as error:
            row.error = str(error)
    if row.error:
        row.status = BatchPhotoStatus.REFUSED
    return row


def _record(
    batch: StagingBatch, photos: Sequence[BatchPhoto], *, key: IdempotencyKey | None
) -> None:
    """Save the batch and its photos. Raises NotPossible and AlreadyAsked."""
    # These locks keep the project and the named photos from being deleted meanwhile.
    lock_project(batch.project)
    named = {photo.photo_id for photo in photos if photo.photo_id}
    there = Photo.objects.select_for_update(no_key=True).order_by("pk").filter(pk__in=named)
    if len(there.values_list("pk")) < len(named):
        raise GoneMeanwhile("One of these photos was deleted meanwhile.")
    batch.save()
    keep_key(key, batch=batch)
    ranks = Turn.take(
        batch.owner,
        Line.PHOTO,
        count=len(photos),
        earliest=timezone.now(),
        each=timedelta(seconds=PHOTO_TAKES_S),
    )
    for photo, rank_at in zip(photos, ranks, strict=True):
        photo.rank_at = rank_at
    BatchPhoto.objects.bulk_create(photos)
    waiting = sum(photo.status == BatchPhotoStatus.WAITING for photo in photos)
    transaction.on_commit(lambda: wake(Step.PREPARE, times=min(waiting, _PREPARERS)))
