"""Records a batch: stores its files as they came, gives each photo a room, and wakes workers."""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import IO

from django.contrib.auth.models import User
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from modelsettings.errors import RequestRefused
from modelsettings.models import ReplicateModel
from staging import images
from staging.asking import Allow, any_number
from staging.batches.archives import ArchivedFile, FileRefused, PhotoArchive, displayable
from staging.errors import GoneMeanwhile
from staging.idempotency import keep_key
from staging.jobs.planning import CannotStage, plan_job
from staging.jobs.request import StagingRequest
from staging.library.reading import room_types as known_rooms
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

MAX_PHOTOS = 200
MAX_TOTAL_BYTES = 4 * 2**30
# The photos of an account stand so far apart in the queue of those that wait to be read.
PHOTO_TAKES_S = 1.0
# Workers that are woken at once for a new batch; each process bounds how many photos it decodes.
_PREPARERS = 3


class BatchRefused(RequestRefused):
    """A request for a batch that is wrong as a whole; `field` names the field to correct."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPhoto:
    """A photo of a batch as it was sent: a file to open, or a photo that is stored already.

    `room_type` is empty where its folder or the request says the room. `error` says what is known
    to be wrong with it.
    """

    name: str
    size: int = 0
    room_type: str = ""
    open: Callable[[], AbstractContextManager[IO[bytes]]] | None = field(default=None, repr=False)
    photo: Photo | None = None
    error: str = ""


def from_upload(upload: "UploadedFile[bytes]", *, room_type: str = "") -> SentPhoto:
    """Return a file of a request as a photo of a batch."""

    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        upload.seek(0)
        yield upload

    name, size = displayable(upload.name or ""), upload.size or 0
    return SentPhoto(name=name, size=size, room_type=room_type, open=opened)


def from_photo(photo: Photo, *, room_type: str = "") -> SentPhoto:
    name = photo.original_name or f"{photo.pk}.jpg"
    return SentPhoto(name=name, room_type=room_type, photo=photo)


def from_path(path: Path, *, name: str) -> SentPhoto:
    """Return a file on disk as a photo of a batch; `name` is its path below the folder."""
    return SentPhoto(name=displayable(name), size=path.stat().st_size, open=lambda: path.open("rb"))


def from_archive(upload: "UploadedFile[bytes]", *, room_type: str = "") -> list[SentPhoto]:
    """Return the files of a ZIP, which must stay open until they are stored.

    `room_type` is the room of those that are in no folder that is called like a room. Raises
    ArchiveRefused.
    """
    archive = PhotoArchive(upload, max_files=MAX_PHOTOS, max_bytes=MAX_TOTAL_BYTES)
    files = [_from_archived(archive, file) for file in archive.files]
    return with_room(files, room_type)


def with_room(photos: Sequence[SentPhoto], room_type: str) -> list[SentPhoto]:
    """Give a room to the photos that are in no folder that is called like one; "" to none."""
    if not room_type:
        return list(photos)
    rooms = choose_rooms(photos, {}, room_type)
    return [replace(photo, room_type=room) for photo, room in zip(photos, rooms, strict=True)]


def request_batch(
    sent: Sequence[SentPhoto],
    wanted: StagingRequest,
    *,
    owner: User,
    project: Project,
    styles: Sequence[str] = (),
    room_types: Mapping[str, str] | None = None,
    callback_url: str = "",
    tells_owner: bool = False,
    key: IdempotencyKey | None = None,
    allow: Allow = any_number,
) -> StagingBatch:
    """Store the files as they came, record the batch, and wake workers once it is committed.

    Each photo is staged as `wanted` says, once in each of `styles`; without `styles`, in the style
    of `wanted`. The room of a photo is its own, else the one that `room_types` gives for its name,
    else the folder of its path that is named like a room, else the room of `wanted`. With
    `tells_owner` its owner gets a notice at its end. A request that is wrong as a whole is refused
    before anything is stored. Raises BatchRefused, what `plan_job`
    raises, TooManyPictures where `allow` does not allow their number, NotPossible for a project or
    a photo that was deleted meanwhile, and AlreadyAsked where `key` bought before.
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
    )
    rooms = choose_rooms(sent, room_types or {}, wanted.chosen_room)
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


def _from_archived(archive: PhotoArchive, file: ArchivedFile) -> SentPhoto:
    return SentPhoto(
        name=file.name,
        size=file.size,
        open=lambda: archive.open(file, max_bytes=images.MAX_BYTES),
        error=file.error,
    )


def _find_model(slug: str) -> ReplicateModel | None:
    if not slug:
        return None
    model = ReplicateModel.objects.filter(slug=slug).first()
    if model is None:
        raise CannotStage(f"There is no model {slug}.")
    return model


def choose_rooms(sent: Sequence[SentPhoto], named: Mapping[str, str], otherwise: str) -> list[str]:
    """Return each photo's room. Raises BatchRefused for a name that no photo has."""
    by_words = {
        _folded(word): room.key for room in known_rooms() for word in (room.key, room.label)
    }
    rooms, used = [], set()
    for photo in sent:
        folders = PurePosixPath(photo.name).parts[:-1]
        of_folders = [by_words[_folded(part)] for part in folders if _folded(part) in by_words]
        told = [name for name in (photo.name, PurePosixPath(photo.name).name) if name in named]
        used.update(told)
        # The whole path counts before the file's name, and the innermost folder before the others.
        by_name = named[told[0]] if told else (of_folders or [otherwise])[-1]
        rooms.append(photo.room_type or by_name)
    if unknown := [name for name in named if name not in used]:
        sentence = f"There is no photo called {unknown[0]} among these."
        raise BatchRefused(sentence, field="room_types")
    return rooms


def _folded(word: str) -> str:
    """Return the text that `Living Room`, `living-room` and `living_room` have in common."""
    return re.sub(r"[\W_]+", "", word.casefold())


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
