"""The chunks of a PNG: PNG third edition, 5."""

import struct
import zlib
from collections.abc import Iterator
from typing import IO

from staging.images.containers.parts import (
    MAX_EXIF,
    MAX_PARTS,
    MAX_PROFILE,
    Broken,
    Contents,
    Part,
    TooMuch,
    measure,
    read_at,
)
from staging.images.containers.views import Piece, stretch, view

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Encoders write data in chunks of 8 kB and more.
_SMALL = 4096
_PIXELS = {b"IDAT", b"fdAT"}
_END = b"\0\0\0\0IEND\xae\x42\x60\x82"
# Without these, a picture looks otherwise. The lengths that they may have: PNG, 11.3.
_COLOURS = {b"gAMA": {4}, b"cHRM": {32}, b"sRGB": {1}, b"cICP": {4}, b"tRNS": range(1, 257)}
# Beside the pixels, and the most that they may take.
_BESIDE = {b"iCCP": MAX_PROFILE, b"eXIf": MAX_EXIF}
_BLOCK = 2**20


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


def read(file: IO[bytes]) -> Contents:
    """Return the picture: its first frame, with what says of which colours it is.

    Raises TooMuch and Broken.
    """
    pieces: list[Piece] = [SIGNATURE]
    found: dict[bytes, bytes] = {}
    is_ended = has_pixels = False
    size = measure(file)
    for part in _count(walk(file)):
        if part.kind == b"IEND":
            is_ended = part.end <= size
        elif part.kind == b"IDAT":
            has_pixels = True
            pieces += _mend(part, size)
        elif part.kind in {b"IHDR", b"PLTE"}:
            if not has_pixels:
                pieces.append(stretch(part))
        elif part.kind in _COLOURS:
            is_right = part.end - part.body - 4 in _COLOURS[part.kind]
            if is_right and not has_pixels and part.kind not in found and _sum_up(file, part):
                found[part.kind] = b""
                pieces.append(stretch(part))
        elif part.kind in _BESIDE and part.kind not in found:
            length = part.end - part.body - 4
            if length <= _BESIDE[part.kind] and _sum_up(file, part):
                found[part.kind] = read_at(file, part.body, length)
    if not has_pixels:
        raise Broken("no pixels")
    exif = found.get(b"eXIf")
    return Contents(
        format="PNG",
        file=view(file, [*pieces, _END]),
        exif=exif and b"Exif\0\0" + exif,
        profile=_unpack(found.get(b"iCCP", b"")),
        is_ended=is_ended,
    )


def _mend(part: Part, size: int) -> list[Piece]:
    """Return a chunk; one that is cut short, with the length that it has and some checksum."""
    if part.end <= size:
        return [stretch(part)]
    end = max(part.body, min(part.end - 4, size))
    return [struct.pack(">I4s", end - part.body, part.kind), (part.body, end), bytes(4)]


def has_right_checksums(file: IO[bytes]) -> bool:
    """Return whether the checksums of the picture's parts are right.

    One that is cut off is not wrong: then all that it sums up may be there.
    """
    return all(
        _sum_up(file, part, is_cut_right=True)
        for part in walk(file)
        if part.kind in {b"IHDR", b"PLTE", b"IDAT"}
    )


def _count(parts: Iterator[Part]) -> Iterator[Part]:
    """Yield the chunks. Raises TooMuch; chunks of pixels do not count unless they are small."""
    others = chunks = size = 0
    for part in parts:
        if part.kind in _PIXELS:
            chunks += 1
            size += part.end - part.body - 4
        else:
            others += 1
        if others + (chunks if size < _SMALL * chunks else 0) > MAX_PARTS:
            raise TooMuch(f"more than {MAX_PARTS:,} chunks")
        yield part


def _sum_up(file: IO[bytes], part: Part, *, is_cut_right: bool = False) -> bool:
    """Return whether the checksum of a chunk is right; a chunk without it is `is_cut_right`."""
    total = zlib.crc32(part.kind)
    position = part.body
    while position < part.end - 4:
        block = read_at(file, position, min(_BLOCK, part.end - 4 - position))
        if not block:
            return is_cut_right
        total = zlib.crc32(block, total)
        position += len(block)
    told = read_at(file, part.end - 4, 4)
    return is_cut_right if len(told) < 4 else told == struct.pack(">I", total)


def _unpack(chunk: bytes) -> bytes | None:
    """Return the profile in a chunk: its name, a zero, the method 0, then what is compressed."""
    packed = chunk.partition(b"\0")[2][1:]
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed, MAX_PROFILE)
    except zlib.error:
        return None
    return profile if unpacker.eof else None
