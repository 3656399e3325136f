"""The files of a request, kept in one temporary file: one descriptor, however many they are.

Django's own handler opens a file for each, so that a few requests of 200 files use up the
descriptors of the process, and no other request can be answered.
"""

import io
import os
import tempfile
import weakref
from functools import cached_property
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class OneFileUploadHandler(FileUploadHandler):
    """Writes the files of a request one behind the other."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._begins_at = 0

    @cached_property
    def _kept(self) -> "_Kept":
        return _Kept()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._begins_at = self._kept.length

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # Django's
        self._kept.append(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        part = _Part(self._kept, begins_at=self._begins_at, length=file_size)
        return UploadedFile(
            file=io.BufferedReader(part),
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )


class _Kept:
    """The temporary file, which ends with its last part, or with the request where it has none.

    It has no name, so that nothing is left of it after a kill.
    """

    def __init__(self) -> None:
        folder = settings.FILE_UPLOAD_TEMP_DIR
        # It is open for longer than a block.
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self._close = weakref.finalize(self, self._file.close)
        self._parts = 0
        self.length = 0

    def append(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            written = self._file.write(view)
            view = view[written:]
            self.length += written

    def read_into(self, buffer: memoryview, *, at: int) -> int:
        return os.preadv(self._file.fileno(), [buffer], at)

    def fileno_of(self, length: int) -> int:
        if length != self.length:
            raise io.UnsupportedOperation("fileno")
        return self._file.fileno()

    def add_part(self) -> None:
        self._parts += 1

    def end_part(self) -> None:
        self._parts -= 1
        if not self._parts:
            self._close()


class _Part(io.RawIOBase):
    """One file of the request: it is read at a place of its own, also by several threads."""

    def __init__(self, kept: _Kept, *, begins_at: int, length: int) -> None:
        self._kept = kept
        self._begins_at = begins_at
        self._length = length
        self._at = 0
        kept.add_part()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        """Return the descriptor of the only file of a request; others share theirs."""
        return self._kept.fileno_of(self._length)

    def readinto(self, buffer: Any, /) -> int:
        left = max(0, self._length - self._at)
        read = self._kept.read_into(memoryview(buffer)[:left], at=self._begins_at + self._at)
        self._at += read
        return read

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        if base + offset < 0:
            raise ValueError("A file has no place before its beginning.")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        if not self.closed:
            self._kept.end_part()
        super().close()
