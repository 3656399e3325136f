"""The chunks of a PNG: PNG third edition, 5."""

import struct
from collections.abc import Iterator
from typing import IO

from staging.images.containers.parts import MAX_PARTS, Part, TooMuch, read_at

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Encoders write data in chunks of 8 kB and more.
_SMALL = 4096
_DATA = {b"IDAT", b"fdAT"}


def walk(file: IO[bytes]) -> Iterator[Part]:
    """Yield the chunks up to the last; the one that is cut short has an `end` behind the file's."""
    position = len(SIGNATURE)
    while len(head := read_at(file, position, 8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if not kind.isalpha():
            return
        yield Part(kind, position, position + 8, position + 12 + length)
        if kind == b"IEND":
            return
        position += 12 + length


def check_cost(file: IO[bytes]) -> None:
    """Raises TooMuch for more chunks than a photo has; large ones of pixels do not count."""
    others = chunks = size = 0
    for part in walk(file):
        if part.kind in _DATA:
            chunks += 1
            size += part.end - part.body - 4
        else:
            others += 1
        if others + (chunks if size < _SMALL * chunks else 0) > MAX_PARTS:
            raise TooMuch(f"more than {MAX_PARTS:,} chunks")
