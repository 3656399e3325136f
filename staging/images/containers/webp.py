"""The chunks of a WebP: RFC 9649, 2."""

import struct
from collections.abc import Iterator
from typing import IO

from staging.images.containers.parts import Part, at_most, read_at

FRAME = b"ANMF"


def is_webp(beginning: bytes) -> bool:
    return beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP"


def walk(file: IO[bytes], *, begin: int = 12, end: int | None = None) -> Iterator[Part]:
    """Yield the chunks of a file, or of a frame that goes from `begin` to `end`.

    What the file says of its own length is not followed: it is wrong in some files.
    """
    position = begin
    while (end is None or position < end) and len(head := read_at(file, position, 8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        yield Part(kind, position, position + 8, position + 8 + length)
        position += 8 + length + length % 2


def check_cost(file: IO[bytes]) -> None:
    """Raises TooMuch for more chunks than a photo has, those within frames included."""
    for _ in at_most(_walk_deep(file), name="chunks"):
        pass


def _walk_deep(file: IO[bytes]) -> Iterator[Part]:
    for part in walk(file):
        yield part
        if part.kind == FRAME:
            yield from walk(file, begin=part.body + 16, end=part.end)
