"""Reads ZIPs of photos within bounds: the list of their files, and each file's bytes.

Nothing that an archive says about itself is trusted: its directory is read only up to a length, an
entry is unpacked only up to a size, and a name is only ever shown, and compared with room names.
"""

import errno
import re
import stat
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import IO, Any

from modelsettings.errors import RequestRefused
from staging.batches.entry_names import other_forms, read_names
from staging.batches.file_names import find_name_error, in_words, sort_out

# The other methods of zipfile put no bound on the size of one decompressed chunk.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_IS_ENCRYPTED, _IS_UTF8 = 0x1, 0x800
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
# An entry of the directory, before its name (appnote.txt 4.3.12).
_ENTRY_BYTES = 46
# The attributes of a folder: of DOS, and of Unix in the upper half.
_IS_FOLDER = 0x10
# About ten thousand entries; zipfile reads the whole directory at once.
_MAX_DIRECTORY_BYTES = 2**20
_DRIVE = re.compile("[A-Za-z]:")
_CHUNK_BYTES = 2**18
_DAMAGED_ENTRY = "This file is damaged inside the ZIP: pack it again."
_DAMAGE = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)


class ArchiveRefused(RequestRefused):
    """An archive of which no file is taken; the message says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="archive")


class FileRefused(RequestRefused):
    """A file of an archive that is not taken, while others are; the message says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="archive")


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file of an archive: its name, which is only to be shown, and its size as the ZIP says it.

    `other_names` are forms in which other programs show the name. `error` says why the file is no
    photo that can be taken; it is empty for a photo.
    """

    name: str
    size: int
    error: str = ""
    other_names: tuple[str, ...] = ()
    _info: zipfile.ZipInfo = field(default_factory=zipfile.ZipInfo, repr=False)


class PhotoArchive:
    """A ZIP whose directory has been read; the caller closes the file.

    `files` are those that are answered one by one, in the order in which people count, and
    `passed_over` counts the side files by their extension: these count in no limit.
    """

    def __init__(
        self,
        file: "IO[bytes] | Any",
        *,
        max_files: int,
        max_bytes: int,
        is_known_folder: Callable[[str], bool],
        is_directory_alone: bool = False,
    ) -> None:
        """Read the directory; `max_bytes` is for all files together, unpacked.

        `is_known_folder` tells the code page of names (`read_names`). With `is_directory_alone`,
        `file` is the end of a ZIP, without the files in front of its directory. Raises
        ArchiveRefused.
        """
        self._file = _BoundedReads(file)
        try:
            with self._file.without_marks():
                self._zip = zipfile.ZipFile(self._file)
        except _DAMAGE as error:
            raise ArchiveRefused(
                "This is not a ZIP that can be read: it is damaged or incomplete. Make it again."
            ) from error
        found = _named_files(self._zip.infolist(), is_known_folder)
        out = sort_out([name for _, name in found])
        kept = [found[place] for place in out.kept]
        self.passed_over = out.passed_over
        if not kept:
            raise ArchiveRefused(_why_no_photo(out.passed_over))
        # Before more is made of each entry.
        _check_bounds([entry for entry, _ in kept], max_files=max_files, max_bytes=max_bytes)
        self.files = [
            ArchivedFile(
                name=displayable(name),
                size=entry.file_size,
                error=_find_error(entry, name, is_there=not is_directory_alone),
                other_names=tuple(map(displayable, other_forms(entry))),
                _info=entry,
            )
            for entry, name in kept
        ]

    @contextmanager
    def open(self, entry: ArchivedFile, *, max_bytes: int) -> Iterator[IO[bytes]]:
        """Unpack one entry into a temporary file. Raises FileRefused."""
        with tempfile.TemporaryFile() as file:
            self._unpack(entry, file, max_bytes=max_bytes)
            file.seek(0)
            yield file

    def _under_its_own_name(self, entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
        """Return an entry under the name that stands before its bytes.

        zipfile refuses an entry that the directory calls otherwise: with the other slash, or in
        another form. Raises what _DAMAGE holds.
        """
        self._file.seek(entry.header_offset)
        length = _LOCAL_HEADER.unpack(self._file.read(_LOCAL_HEADER.size))[9]
        own = copy(entry)
        own.orig_filename = self._file.read(length).decode("cp437")
        return own

    def _unpack(self, entry: ArchivedFile, target: IO[bytes], *, max_bytes: int) -> None:
        left = max_bytes
        try:
            own = self._under_its_own_name(entry._info)
            with self._file.without_marks():
                packed = self._zip.open(own)
            with packed:
                while chunk := packed.read(_CHUNK_BYTES):
                    left -= len(chunk)
                    if left < 0:
                        break
                    target.write(chunk)
        except _DAMAGE as error:
            # EINVAL may come of a damaged entry. Every other OSError is ours, such as a full disk.
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            raise FileRefused(_DAMAGED_ENTRY) from error
        if left < 0:
            raise FileRefused(f"This file has more than {max_bytes // 2**20} MB.")


def displayable(path: str) -> str:
    """Return a path as it can be shown and stored; of a longer one, its last 255 characters.

    >>> displayable("C:\\\\photos\\\\..\\\\bedroom\\\\1.jpg")
    'photos/bedroom/1.jpg'
    """
    composed = unicodedata.normalize("NFC", path).replace("\\", "/")
    path = "".join(character if character.isprintable() else "�" for character in composed)
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    if parts and _DRIVE.fullmatch(parts[0]):
        del parts[0]
    path = "/".join(parts) or "unnamed"
    return path if len(path) <= 255 else f"…{path[-254:]}"


def _named_files(
    entries: Sequence[zipfile.ZipInfo], is_known_folder: Callable[[str], bool]
) -> list[tuple[zipfile.ZipInfo, str]]:
    """Return the entries that are no folders, each with its path."""
    paths = read_names(entries, is_known=is_known_folder)
    ordered = sorted(paths)
    return [
        (entry, path)
        for entry, path in zip(entries, paths, strict=True)
        if not _is_folder(entry, path, ordered)
    ]


def _why_no_photo(passed_over: Mapping[str, int]) -> str:
    if passed_over:
        return f"There is no photo in this ZIP: it holds {in_words(passed_over)}."
    return "This ZIP is empty: put photos into it."


def _check_bounds(entries: Sequence[zipfile.ZipInfo], *, max_files: int, max_bytes: int) -> None:
    """Raise ArchiveRefused for more files, or longer ones together, than may be unpacked."""
    if len(entries) > max_files:
        raise ArchiveRefused(
            f"This ZIP holds {len(entries)} photos; we take at most {max_files} at once."
        )
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise ArchiveRefused(
            f"The photos of this ZIP have more than {max_bytes / 2**30:g} GB: send fewer."
        )


def _is_folder(entry: zipfile.ZipInfo, path: str, ordered: Sequence[str]) -> bool:
    """Say whether an entry is a folder: by its slash, its attributes, or what lies in it.

    `ordered` are the paths of all entries, sorted.
    """
    if path.endswith("/"):
        return True
    if entry.file_size:
        return False
    attributes = entry.external_attr
    if attributes & _IS_FOLDER or stat.S_ISDIR(attributes >> 16):
        return True
    inside = f"{path}/"
    place = bisect_left(ordered, inside)
    return place < len(ordered) and ordered[place].startswith(inside)


def _find_error(entry: zipfile.ZipInfo, path: str, *, is_there: bool) -> str:
    """Return why an entry is no photo that can be taken, or "" where it is."""
    if error := find_name_error(path):
        return error
    if entry.flag_bits & _IS_ENCRYPTED:
        return "This file is locked with a password: pack it without one."
    if is_there and entry.header_offset < 0:
        return _DAMAGED_ENTRY
    if entry.compress_type not in _METHODS:
        return "This file is packed in a way that we do not read: make an ordinary ZIP."
    return ""


def _without_marks(headers: bytes) -> bytes:
    """Return the header of a file, or the directory, without the marks of UTF-8."""
    found = bytearray(headers)
    if found.startswith(b"PK\3\4") and len(found) == _LOCAL_HEADER.size:
        _unmark(found, 6)
    at = 0
    while found[at : at + 4] == b"PK\1\2" and at + _ENTRY_BYTES <= len(found):
        _unmark(found, at + 8)
        # Of its name, of fields of its own, and of a comment.
        at += _ENTRY_BYTES + sum(struct.unpack_from("<3H", found, at + 28))
    return bytes(found)


def _unmark(headers: bytearray, at: int) -> None:
    (flags,) = struct.unpack_from("<H", headers, at)
    struct.pack_into("<H", headers, at, flags & ~_IS_UTF8)


class _BoundedReads:
    """A file that refuses to read more at once than the longest directory that is allowed."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._hides_marks = False

    @contextmanager
    def without_marks(self) -> Iterator[None]:
        """Hide the marks of UTF-8 from zipfile while it reads headers.

        It would refuse a whole ZIP for one name that is marked so and is not. Unmarked, it takes
        each byte of a name for a letter of cp437, so none is lost (`entry_names.raw_name`).
        """
        self._hides_marks = True
        try:
            yield
        finally:
            self._hides_marks = False

    def read(self, size: int = -1) -> bytes:
        if size > _MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("The directory is too long.")
        content: bytes = self._file.read(size)
        return _without_marks(content) if self._hides_marks else content

    def seek(self, offset: int, whence: int = 0) -> int:
        self._file.seek(offset, whence)
        position: int = self._file.tell()
        return position

    def tell(self) -> int:
        position: int = self._file.tell()
        return position

    def seekable(self) -> bool:
        return True
