"""A file that is put together from pieces of another one, which are read when they are needed."""

import io
from bisect import bisect_right
from collections.abc import Iterable
from typing import IO, Any, TypeAlias

from staging.images.containers.parts import Part

# Bytes of its own, or a stretch of the other file: from, to.
Piece: TypeAlias = bytes | tuple[int, int]

_BLOCK = 2**20


def stretch(part: Part) -> Piece:
    """Return a part with its header as a piece."""
    return part.begin, part.end


def view(source: IO[bytes], pieces: Iterable[Piece]) -> IO[bytes]:
    """Return the pieces, one behind the other, as a file to read."""
    return io.BufferedReader(_View(source, pieces), 2**16)


class _View(io.RawIOBase):
    def __init__(self, source: IO[bytes], pieces: Iterable[Piece]) -> None:
        self._source = source
        self._pieces = list(pieces)
        self._begins = [0]
        for piece in self._pieces:
            length = len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
            self._begins.append(self._begins[-1] + length)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._begins[-1]}[whence]
        self._position = max(0, begin + offset)
        return self._position

    def readall(self) -> bytes:
        # By default it would be put together from many blocks, and be there twice.
        rest = io.BytesIO()
        while block := self.read(_BLOCK):
            rest.write(block)
        return rest.getvalue()

    def readinto(self, buffer: Any) -> int:
        at = self._position
        if at >= self._begins[-1]:
            return 0
        number = bisect_right(self._begins, at) - 1
        piece, skip = self._pieces[number], at - self._begins[number]
        length = min(len(buffer), self._begins[number + 1] - at)
        if isinstance(piece, bytes):
            found = piece[skip : skip + length]
        else:
            self._source.seek(piece[0] + skip)
            found = self._source.read(length)
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)
