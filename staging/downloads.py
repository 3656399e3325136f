"""Pictures as a ZIP that is made while it is sent; only one piece of it is in memory at a time."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

import structlog
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from zipstream import ZipStream  # type: ignore[import-untyped]  # it ships no types

from staging.errors import NoPicture
from staging.models import StagedImage
from staging.prompts import DEFAULT_ROOM

log = structlog.get_logger(__name__)

CHUNK = 2**16
# In bytes of UTF-8: file systems take 255, and " (2)" and the extension come on top.
MAX_STEM_BYTES = 180
_RESERVED = {"con", "prn", "aux", "nul"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in "123456789"
}
# Characters that Windows refuses in names; then the categories of characters that cannot be seen,
# some of which reverse the text around them.
_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_UNSEEN = ("Cc", "Cs", "Cf", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
# A batch's photos in the order in which they were sent: several workers read them in.
_ORDER = (
    Coalesce(
        "prediction__job__batch_photo__batch__created_at", "prediction__job__photo__created_at"
    ),
    "prediction__job__batch_photo__position", "prediction__job__photo__created_at",
    "prediction__job__photo", "prediction__job__created_at", "prediction__position", "position",
    "pk",
)  # fmt: skip
_COLUMNS = (
    "prediction__job__photo", "prediction__job__photo__file", "prediction__job__photo__size",
    "prediction__job__photo__original_name", "prediction__job__room_type", "prediction__job__style",
    "file", "size",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A stored file and its name in the ZIP; `size` in bytes, 0 where it is unknown."""

    file: str
    name: str
    size: int


def pick_pictures(
    pictures: QuerySet[StagedImage],
    *,
    folder: str,
    only: Collection[int] = (),
    verdict: str = "",
    with_originals: bool = False,
) -> list[PackedFile]:
    """Return the files of a ZIP under names that differ, with a single query.

    A photo's pictures lie in the folders in which it was sent, below `folder`. `only` holds primary
    keys; keys that are not among `pictures` are passed over. Raises NotPossible where no picture is
    left.
    """
    found = pictures.filter(pk__in=only) if only else pictures
    if verdict:
        found = found.filter(verdict=verdict)
    rows = list(found.order_by(*_ORDER).values_list(*_COLUMNS))
    if not rows:
        raise NoPicture(_why_empty(only=only, verdict=verdict))
    names = _Names(folder)
    packed, photos = [], set()
    for photo, photo_file, photo_size, photo_name, room, style, file, size in rows:
        *folders, photo_name = photo_name.split("/")
        if with_originals and photo not in photos:
            photos.add(photo)
            name = names.give(_stem_of(photo_name), folders=folders, extension=".jpg")
            packed.append(PackedFile(photo_file, name, photo_size))
        words = name_picture(photo_name, room=room, style=style)
        name = names.give(words, folders=folders, extension=PurePosixPath(file).suffix)
        packed.append(PackedFile(file, name, size))
    return packed


def stream_zip(packed: Iterable[PackedFile], *, folder: str) -> Iterator[bytes]:
    """Yield the bytes of a ZIP; its `missing.txt` lists the files that storage no longer has."""
    zipped = ZipStream()
    missing = []
    for member in packed:
        file = _open(member.file)
        if file is None:
            missing.append(member.name)
            continue
        with file:
            zipped.add(_chunks(file), member.name, size=member.size or None)
            yield from zipped.file()
    if missing:
        note = "These files are no longer there:\n\n" + "\n".join(missing) + "\n"
        zipped.add(note, f"{safe_name(folder)}/missing.txt")
    yield from zipped.finalize()


def zip_folder(name: str, *, verdict: str = "") -> str:
    """Return the name of a ZIP and of its folder; those of other pictures are called otherwise.

    >>> zip_folder("Elm Street 5", verdict="accepted")
    'Elm Street 5, accepted'
    """
    # Shortened before the verdict, by which it differs.
    return f"{_shorten(name, most=MAX_STEM_BYTES - 20)}, {verdict}" if verdict else name


def safe_name(words: str, *, otherwise: str = "pictures") -> str:
    """Return words as a file name that every system takes; letters of all scripts are kept.

    >>> safe_name('Elm Street 5: "attic" / CON')
    'Elm Street 5_ _attic_ _ CON'
    """
    seen = "".join(
        character
        for character in " ".join(unicodedata.normalize("NFC", words).split())
        if character in _JOINERS or unicodedata.category(character) not in _UNSEEN
    )
    name = _shorten(_UNSAFE.sub("_", seen)).strip(". ")
    if name.partition(".")[0].strip().casefold() in _RESERVED:
        name = f"_{name}"
    return name or otherwise


def name_picture(photo_name: str, *, room: str, style: str) -> str:
    """Return the name under which a picture is saved, without its extension.

    Where it is saved by itself, no folder says which IMG_1 it is of: its name does.

    >>> name_picture("IMG_2041.jpg", room="living_room", style="modern")
    'IMG_2041 - living room, modern'
    >>> name_picture("Unit 101/IMG_1.jpg", room="living_room", style="modern")
    'Unit 101, IMG_1 - living room, modern'
    """
    *folders, name = photo_name.split("/")
    stem = _stem_of(name)
    place = _shorten(", ".join(folders), most=max(0, MAX_STEM_BYTES // 2 - len(stem.encode())))
    words = f"{stem} - {_in_words(room)}, {_in_words(style)}"
    return f"{place}, {words}" if place else words


class _Names:
    """Gives each file of a ZIP a different name, also on systems that ignore case."""

    def __init__(self, folder: str) -> None:
        self._folder = safe_name(folder)
        self._given: set[str] = {"missing.txt"}
        self._last: dict[str, int] = {}

    def give(self, words: str, *, folders: Sequence[str], extension: str) -> str:
        place = [safe_name(folder, otherwise="folder") for folder in folders]
        stem = "/".join([*place, safe_name(words, otherwise="photo")])
        name = f"{stem}{extension}"
        while name.casefold() in self._given:
            number = self._last.get(stem.casefold(), 1) + 1
            self._last[stem.casefold()] = number
            name = f"{stem} ({number}){extension}"
        self._given.add(name.casefold())
        return f"{self._folder}/{name}"


def _stem_of(photo_name: str) -> str:
    return _shorten(PurePosixPath(photo_name).stem, most=MAX_STEM_BYTES // 2) or "photo"


def _in_words(name: str) -> str:
    return "any room" if name == DEFAULT_ROOM else name.replace("_", " ")


def _shorten(name: str, *, most: int = MAX_STEM_BYTES) -> str:
    return name.encode()[:most].decode(errors="ignore")


def _open(name: str) -> "IO[bytes] | Any | None":
    try:
        return default_storage.open(name, "rb")
    except FileNotFoundError:
        log.warning("file missing in storage", name=name)
        return None


def _chunks(file: "IO[bytes] | Any") -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _why_empty(*, only: Collection[int], verdict: str) -> str:
    if only:
        return "None of these pictures is there: they are another's, or were deleted."
    if verdict:
        return f"There is no {verdict} picture yet."
    return "There is no picture yet."
