"""Files as they were sent: uploads, entries of ZIPs, files of a folder, photos that are there."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from django.core.files.uploadedfile import UploadedFile

from modelsettings.errors import RequestRefused
from staging import images
from staging.batches.archives import ArchivedFile, PhotoArchive, displayable
from staging.batches.file_names import find_name_error, sort_out
from staging.batches.rooms import RoomFinder
from staging.library.reading import room_types as known_rooms
from staging.models import Photo

MAX_PHOTOS = 200
MAX_TOTAL_BYTES = 4 * 2**30


class BatchRefused(RequestRefused):
    """A request for a batch that is wrong as a whole; `field` names the field to correct."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPhoto:
    """A photo of a batch as it was sent: a file to open, or a photo that is stored already.

    `room_type` is empty where its folder or the request says the room, and `room_otherwise` is the
    room where its folder says none. `other_names` are forms in which other programs show its name.
    `error` says what is known to be wrong with it.
    """

    name: str
    size: int = 0
    room_type: str = ""
    room_otherwise: str = ""
    other_names: tuple[str, ...] = ()
    open: Callable[[], AbstractContextManager[IO[bytes]]] | None = field(default=None, repr=False)
    photo: Photo | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Photos as they were sent together, and a count by extension of what was passed over."""

    photos: list[SentPhoto] = field(default_factory=list)
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def together(cls, parts: Iterable["Sending"]) -> "Sending":
        photos: list[SentPhoto] = []
        passed_over = Counter[str]()
        for part in parts:
            photos += part.photos
            passed_over.update(part.passed_over)
        return cls(photos=photos, passed_over=dict(passed_over))


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
    return SentPhoto(
        name=displayable(name),
        size=path.stat().st_size,
        open=lambda: path.open("rb"),
        error=find_name_error(name),
    )


def from_folder(folder: Path) -> Sending:
    """Return the files below a folder on disk as photos, by the rules that hold for a ZIP."""
    found = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
    paths = [path for path in found if path.is_file()]
    names = [path.relative_to(folder).as_posix() for path in paths]
    out = sort_out(names)
    photos = [from_path(paths[place], name=names[place]) for place in out.kept]
    return Sending(photos=photos, passed_over=out.passed_over)


def from_archive(
    upload: "UploadedFile[bytes]", *, room_otherwise: str = "", is_directory_alone: bool = False
) -> Sending:
    """Return the files of a ZIP, which must stay open until they are stored.

    `room_otherwise` is the room of those that are in no folder that is called like a room. With
    `is_directory_alone`, only the end of the ZIP is there, with its directory: its files can be
    counted and not opened. Raises ArchiveRefused.
    """
    finder = room_finder()
    archive = PhotoArchive(
        upload,
        max_files=MAX_PHOTOS,
        max_bytes=MAX_TOTAL_BYTES,
        is_known_folder=lambda name: bool(finder.rooms_in(name)),
        is_directory_alone=is_directory_alone,
    )
    photos = [
        _from_archived(archive, file, room_otherwise=room_otherwise) for file in archive.files
    ]
    return Sending(photos=photos, passed_over=archive.passed_over)


def room_finder() -> RoomFinder:
    """Return a finder of the rooms that a request can name."""
    return RoomFinder(known_rooms().values_list("key", "label"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The room of each photo, in their order.

    `of_folders` counts the photos by the room that their folders name. `unsaid` are the names of
    those of which nothing says the room but the last word for all, and `unnamed` counts them by
    folder, where they are in one.
    """

    of_photos: list[str]
    of_folders: dict[str, int]
    unsaid: list[str]
    unnamed: dict[str, int]


def choose_rooms(sent: Sequence[SentPhoto], named: Mapping[str, str], otherwise: str) -> Rooms:
    """Return each photo's room. Raises BatchRefused for a name that no photo has.

    The first that says one counts: the photo itself; `named`, by path before the file's name alone;
    its folders; the room that was said for the rest of its ZIP; `otherwise`.
    """
    finder = room_finder()
    # However a client writes a name, it is compared as the photos' names are written.
    by_name = {displayable(name): room for name, room in named.items()}
    used: set[str] = set()
    of_folders, unnamed = Counter[str](), Counter[str]()
    rooms, unsaid = [], []
    for photo in sent:
        told = [name for name in _names_of(photo) if name in by_name]
        used.update(told)
        # A photo that is there was given its room when it was sent, or is given another one now.
        folder = "" if photo.photo else photo.name.rpartition("/")[0]
        of_folder = finder.find(photo.name) if folder else ""
        of_name = by_name[told[0]] if told else ""
        room = photo.room_type or of_name or of_folder or photo.room_otherwise
        if room and room == of_folder and not (photo.room_type or of_name):
            of_folders[room] += 1
        if not room:
            unsaid.append(photo.name)
            unnamed.update([folder] if folder else [])
        rooms.append(room or otherwise)
    if missing := [name for name in named if displayable(name) not in used]:
        sentence = f"There is no photo called {missing[0]} among these."
        raise BatchRefused(sentence, field="room_types")
    return Rooms(of_photos=rooms, of_folders=dict(of_folders), unsaid=unsaid, unnamed=dict(unnamed))


def _names_of(photo: SentPhoto) -> list[str]:
    paths = [photo.name, *photo.other_names]
    return paths + [PurePosixPath(path).name for path in paths]


def _from_archived(archive: PhotoArchive, file: ArchivedFile, *, room_otherwise: str) -> SentPhoto:
    return SentPhoto(
        name=file.name,
        size=file.size,
        room_otherwise=room_otherwise,
        other_names=file.other_names,
        open=lambda: archive.open(file, max_bytes=images.MAX_BYTES),
        error=file.error,
    )
