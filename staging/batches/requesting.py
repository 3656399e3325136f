"""Records a batch: its files stored as they came, each photo with its room, and workers woken."""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO

from django.contrib.auth.models import User
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from modelsettings.errors import RequestRefused
from modelsettings.models import ReplicateModel
from staging import images
from staging.batches.archives import ArchivedFile, FileRefused, PhotoArchive, displayable
from staging.errors import NotPossible
from staging.idempotency import keep_key
from staging.jobs.planning import CannotStage, plan_job
from staging.jobs.request import StagingRequest
from staging.library.reading import room_types as known_rooms
from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    IdempotencyKey,
    Photo,
    Project,
    StagingBatch,
)
from staging.projects import lock_project
from staging.worker.wake import Step, wake

MAX_PHOTOS = 200
MAX_TOTAL_BYTES = 2**30
# What is woken at once for a new batch; each process bounds what it decodes at a time.
_PREPARERS = 3


class BatchRefused(RequestRefused):
    """A request for a batch that is wrong as a whole; `field` is the one to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPhoto:
    """One photo of a batch as it came: a file to be opened, or a photo that is there.

    `error` says what is known to be wrong with it already.
    """

    name: str
    size: int = 0
    open: Callable[[], AbstractContextManager[IO[bytes]]] | None = field(default=None, repr=False)
    photo: Photo | None = None
    error: str = ""


def from_upload(upload: "UploadedFile[bytes]") -> SentPhoto:
    """Return a file of a request as a photo of a batch."""

    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        upload.seek(0)
        yield upload

    return SentPhoto(name=displayable(upload.name or ""), size=upload.size or 0, open=opened)


def from_photo(photo: Photo) -> SentPhoto:
    return SentPhoto(name=photo.original_name or f"{photo.pk}.jpg", photo=photo)


def from_path(path: Path, *, name: str) -> SentPhoto:
    """Return a file on disk as a photo of a batch; `name` is its path below the folder."""
    return SentPhoto(name=displayable(name), size=path.stat().st_size, open=lambda: path.open("rb"))


def from_archive(upload: "UploadedFile[bytes]") -> list[SentPhoto]:
    """Return what is in a ZIP, which must stay open until all is stored. Raises ArchiveRefused."""
    archive = PhotoArchive(upload, max_files=MAX_PHOTOS, max_bytes=MAX_TOTAL_BYTES)
    return [_from_archived(archive, file) for file in archive.files]


def request_batch(
    sent: Sequence[SentPhoto],
    wanted: StagingRequest,
    *,
    owner: User,
    project: Project,
    styles: Sequence[str] = (),
    room_types: Mapping[str, str] | None = None,
    callback_url: str = "",
    key: IdempotencyKey | None = None,
) -> StagingBatch:
    """Store the files as they came, record the batch, and wake workers once it is committed.

    Each photo is staged as `wanted` says, once in each of `styles`, or without them in its style. A
    photo's room is what `room_types` says of its name, else the folder that is called like a room,
    else that of `wanted`. Everything that can be wrong with the whole is found before anything is
    stored. Raises BatchRefused, what `plan_job` raises, NotPossible for a project or a photo that
    was deleted meanwhile, and AlreadyAsked where `key` bought before.
    """
    if not 1 <= len(sent) <= MAX_PHOTOS:
        raise BatchRefused(_count_in_words(len(sent)), field="images")
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
    )
    rooms = _choose_rooms(sent, room_types or {}, wanted.chosen_room)
    for room in dict.fromkeys(rooms):
        for style in batch.styles:
            plan_job(replace(wanted, room_type=room, style=style), project=project)
    photos: list[BatchPhoto] = []
    try:
        for position, (one, room) in enumerate(zip(sent, rooms, strict=True)):
            photos.append(_store(one, batch, position=position, room_type=room))
        _record(batch, photos, key=key)
    # Whatever it was is raised again: here it only leaves no file behind.
    except BaseException:
        for stored in photos:
            if stored.upload:
                default_storage.delete(stored.upload)
        raise
    return batch


def _from_archived(archive: PhotoArchive, file: ArchivedFile) -> SentPhoto:
    return SentPhoto(
        name=file.name,
        size=file.size,
        open=lambda: archive.open(file, max_bytes=images.MAX_BYTES),
        error=file.error,
    )


def _count_in_words(count: int) -> str:
    if not count:
        return "Send photos: images, an archive, or photos that are there."
    return f"These are {count} photos; we take at most {MAX_PHOTOS} at once."


def _find_model(slug: str) -> ReplicateModel | None:
    if not slug:
        return None
    model = ReplicateModel.objects.filter(slug=slug).first()
    if model is None:
        raise CannotStage(f"There is no model {slug}.")
    return model


def _choose_rooms(sent: Sequence[SentPhoto], named: Mapping[str, str], otherwise: str) -> list[str]:
    by_words = {
        _folded(word): room.key for room in known_rooms() for word in (room.key, room.label)
    }
    rooms, used = [], set()
    for one in sent:
        folders = PurePosixPath(one.name).parts[:-1]
        of_folders = [by_words[_folded(part)] for part in folders if _folded(part) in by_words]
        told = [name for name in (one.name, PurePosixPath(one.name).name) if name in named]
        used.update(told)
        rooms.append(named[told[0]] if told else (of_folders or [otherwise])[-1])
    if unknown := [name for name in named if name not in used]:
        sentence = f"There is no photo called {unknown[0]} among these."
        raise BatchRefused(sentence, field="room_types")
    return rooms


def _folded(word: str) -> str:
    """Return what `Living Room`, `living-room` and `living_room` have in common."""
    return re.sub(r"[\W_]+", "", word.casefold())


def _store(one: SentPhoto, batch: StagingBatch, *, position: int, room_type: str) -> BatchPhoto:
    """Return the unsaved row of a photo, its file stored as it came under a name nobody guesses."""
    row = BatchPhoto(
        batch=batch,
        position=position,
        name=one.name,
        room_type=room_type,
        photo=one.photo,
        error=one.error or _error_of_size(one),
    )
    if not row.error and one.open is not None:
        try:
            with one.open() as file:
                row.upload = default_storage.save(f"uploads/{uuid.uuid4()}", File(file))
        except FileRefused as error:
            row.error = str(error)
    if row.error:
        row.status = BatchPhotoStatus.REFUSED
    return row


def _error_of_size(one: SentPhoto) -> str:
    if one.photo is not None:
        return ""
    if not one.size:
        return "This file is empty: send it again."
    if one.size > images.MAX_BYTES:
        size, most = one.size / 2**20, images.MAX_BYTES / 2**20
        return f"This file has {size:.1f} MB; we take at most {most:g} MB."
    return ""


@transaction.atomic
def _record(
    batch: StagingBatch, photos: Sequence[BatchPhoto], *, key: IdempotencyKey | None
) -> None:
    """Save it all; nobody deletes its project or its photos meanwhile. Raises NotPossible."""
    lock_project(batch.project)
    named = {one.photo_id for one in photos if one.photo_id}
    there = Photo.objects.select_for_update(no_key=True).order_by("pk").filter(pk__in=named)
    if len(there.values_list("pk")) < len(named):
        raise NotPossible("One of these photos was deleted meanwhile.")
    batch.save()
    keep_key(key, batch=batch)
    BatchPhoto.objects.bulk_create(photos)
    waiting = sum(one.status == BatchPhotoStatus.WAITING for one in photos)
    transaction.on_commit(lambda: wake(Step.PREPARE, times=min(waiting, _PREPARERS)))
