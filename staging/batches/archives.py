"""Reads ZIPs of photos within bounds: the list of their files, and each file's bytes.

Nothing that an archive says about itself is trusted: its directory is read only up to a length, an
entry is unpacked only up to a size, and a name is only ever shown.
"""

import errno
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, Any

from modelsettings.errors import RequestRefused

PHOTO_EXTENSIONS = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".hif")
)
_ARCHIVE_EXTENSIONS = frozenset((".zip", ".7z", ".rar", ".tar", ".gz", ".tgz"))
# Hidden files that operating systems leave in a folder, and that get packed unnoticed.
_LITTER = frozenset(("thumbs.db", "desktop.ini", "icon\r"))
# The other methods of zipfile put no bound on the size of one decompressed chunk.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_IS_ENCRYPTED, _IS_UTF8 = 0x1, 0x800
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

    `error` says why the file is no photo that can be taken; it is empty for a photo.
    """

    name: str
    size: int
    error: str = ""
    _info: zipfile.ZipInfo = field(default_factory=zipfile.ZipInfo, repr=False)


class PhotoArchive:
    """A ZIP whose directory has been read; the caller closes the file."""

    def __init__(self, file: "IO[bytes] | Any", *, max_files: int, max_bytes: int) -> None:
        """Read the directory; `max_bytes` is for all files together, unpacked.

        Raises ArchiveRefused.
        """
        try:
            self._zip = zipfile.ZipFile(_BoundedReads(file))
        except _DAMAGE as error:
            raise ArchiveRefused(
                "This is not a ZIP that can be read: it is damaged or incomplete. Make it again."
            ) from error
        infos = [info for info in self._zip.infolist() if not _is_litter(info)]
        if not infos:
            raise ArchiveRefused("This ZIP is empty: put photos into it.")
        if len(infos) > max_files:
            raise ArchiveRefused(
                f"This ZIP holds {len(infos)} files; we take at most {max_files} photos at once."
            )
        if sum(info.file_size for info in infos) > max_bytes:
            raise ArchiveRefused(
                f"The files of this ZIP have more than {max_bytes / 2**30:g} GB: send fewer."
            )
        self.files = [
            ArchivedFile(shown_name(info), info.file_size, _find_error(info), info)
            for info in infos
        ]

    @contextmanager
    def open(self, entry: ArchivedFile, *, max_bytes: int) -> Iterator[IO[bytes]]:
        """Unpack one entry into a temporary file. Raises FileRefused."""
        with tempfile.TemporaryFile() as file:
            self._unpack(entry, file, max_bytes=max_bytes)
            file.seek(0)
            yield file

    def _unpack(self, entry: ArchivedFile, target: IO[bytes], *, max_bytes: int) -> None:
        left = max_bytes
        try:
            with self._zip.open(entry._info) as packed:
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


def is_photo_name(name: str) -> bool:
    """Say whether a file's name ends like that of a photo."""
    return PurePosixPath(name).suffix.lower() in PHOTO_EXTENSIONS


def is_litter_name(name: str) -> bool:
    """Say whether a path is of a file that an operating system left: .DS_Store, __MACOSX/…"""
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return any(part.startswith(".") or part == "__MACOSX" for part in parts) or (
        bool(parts) and parts[-1].lower() in _LITTER
    )


def shown_name(info: zipfile.ZipInfo) -> str:
    """Return an entry's path as it can be shown and stored, at most 255 characters of it.

    A name without the mark of UTF-8 often is UTF-8 all the same: macOS packs so.
    """
    name = info.filename
    if not info.flag_bits & _IS_UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return displayable(name)


def displayable(path: str) -> str:
    """Return a path as it can be shown and stored; of a longer one, its last 255 characters.

    >>> displayable("C:\\\\photos\\\\..\\\\bedroom\\\\1.jpg")
    'photos/bedroom/1.jpg'
    """
    path = "".join(
        character if character.isprintable() else "�" for character in path.replace("\\", "/")
    )
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    if parts and _DRIVE.fullmatch(parts[0]):
        del parts[0]
    path = "/".join(parts) or "unnamed"
    return path if len(path) <= 255 else f"…{path[-254:]}"


def _is_litter(info: zipfile.ZipInfo) -> bool:
    # `is_dir` fails on an empty name, which zipfile makes of a name that begins with NUL.
    is_folder = info.filename != "" and info.is_dir()
    return is_folder or is_litter_name(info.filename.replace("\\", "/"))


def _find_error(info: zipfile.ZipInfo) -> str:
    """Return why an entry is no photo that can be taken, or "" where it is."""
    suffix = PurePosixPath(shown_name(info)).suffix.lower()
    if suffix in _ARCHIVE_EXTENSIONS:
        return "This is an archive inside the ZIP: unpack it and send its photos."
    if suffix not in PHOTO_EXTENSIONS:
        return "This is not called like a photo: we take JPEG, PNG, WebP and HEIC."
    if info.flag_bits & _IS_ENCRYPTED:
        return "This file is locked with a password: pack it without one."
    if info.header_offset < 0:
        return _DAMAGED_ENTRY
    if info.compress_type not in _METHODS:
        return "This file is packed in a way that we do not read: make an ordinary ZIP."
    return ""


class _BoundedReads:
    """A file that refuses to read more at once than the longest directory that is allowed."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > _MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("The directory is too long.")
        content: bytes = self._file.read(size)
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        self._file.seek(offset, whence)
        position: int = self._file.tell()
        return position

    def tell(self) -> int:
        position: int = self._file.tell()
        return position

    def seekable(self) -> bool:
        return True
