"""The chunks of a WebP: RFC 9649, 2."""

import struct
from collections.abc import Iterator
from typing import IO

from staging.images.containers.parts import (
    MAX_EXIF,
    MAX_PROFILE,
    Broken,
    Contents,
    Part,
    at_most,
    measure,
    read_at,
)
from staging.images.containers.views import Piece, stretch, view

_FRAME = b"ANMF"
# The pixels; transparency comes before them.
PICTURES = {b"VP8 ", b"VP8L", _FRAME}
_ANIMATED, _TRANSPARENT = 0x02, 0x10


def is_webp(beginning: bytes) -> bool:
    return beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP"


def read_size(file: IO[bytes]) -> tuple[int, int] | None:
    """Return the sides that the first chunk tells; None where it is cut short."""
    head = read_at(file, 12, 18)
    if len(head) < 18:
        return None
    kind, body = head[:4], head[8:]
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF


def extended_header(file: IO[bytes]) -> bytes:
    """Return the VP8X chunk that a WebP of a single picture does without. Raises Broken."""
    size = read_size(file)
    if size is None or 0 in size:
        raise Broken("no size")
    is_transparent = read_at(file, 12, 4) == b"VP8L" and read_at(file, 24, 1)[0] & 0x10
    sides = b"".join(struct.pack("<I", side - 1)[:3] for side in size)
    flags = _TRANSPARENT if is_transparent else 0
    return b"VP8X" + struct.pack("<I", 10) + bytes([flags, 0, 0, 0]) + sides


def walk(file: IO[bytes], *, begin: int = 12, end: int | None = None) -> Iterator[Part]:
    """Yield the chunks of a file, or of a frame that goes from `begin` to `end`.

    What the file says of its own length is not followed: it is wrong in some files.
    """
    position = begin
    while (end is None or position < end) and len(head := read_at(file, position, 8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        # Bytes behind the end.
        if not (kind.isascii() and kind.decode().isprintable()):
            return
        yield Part(kind, position, position + 8, position + 8 + length)
        position += 8 + length + length % 2


def read(file: IO[bytes]) -> Contents:
    """Return the picture: its first frame. Raises TooMuch and Broken."""
    size = measure(file)
    first: dict[bytes, Part] = {}
    for part in at_most(_walk_deep(file), name="chunks"):
        is_late = part.kind == b"ALPH" and not first.keys().isdisjoint(PICTURES)
        if part.end <= size and not is_late:
            first.setdefault(part.kind, part)
    picture = next((part for kind, part in first.items() if kind in PICTURES), None)
    if picture is None:
        raise Broken("no pixels")
    return Contents(
        format="WEBP",
        file=view(file, _put_together(file, picture, first)),
        exif=_body(file, first.get(b"EXIF"), most=MAX_EXIF),
        profile=_body(file, first.get(b"ICCP"), most=MAX_PROFILE),
    )


def _put_together(file: IO[bytes], picture: Part, first: dict[bytes, Part]) -> Iterator[Piece]:
    """Yield the pieces of a file with one picture, whose header tells its true length."""
    canvas = _body(file, first.get(b"VP8X"), most=10)
    pieces: list[Piece] = [stretch(picture)]
    if canvas and len(canvas) == 10:
        is_frame = picture.kind == _FRAME
        flags = canvas[0] & _TRANSPARENT | (_ANIMATED if is_frame else 0)
        head = b"VP8X" + struct.pack("<I", 10) + bytes([flags]) + canvas[1:]
        if is_frame:
            head += b"ANIM" + struct.pack("<I", 6) + bytes(6)
        pieces.insert(0, head)
        if b"ALPH" in first and picture.kind == b"VP8 ":
            alpha = first[b"ALPH"]
            pieces[1:1] = [stretch(alpha), b"\0" * ((alpha.end - alpha.body) % 2)]
    pieces.append(b"\0" * ((picture.end - picture.body) % 2))
    length = sum(
        len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in pieces
    )
    yield b"RIFF" + struct.pack("<I", 4 + length) + b"WEBP"
    yield from pieces


def _body(file: IO[bytes], part: Part | None, *, most: int) -> bytes | None:
    """Return a chunk's body; None where there is no such chunk, or a longer one."""
    if part is None or part.end - part.body > most:
        return None
    return read_at(file, part.body, part.end - part.body)


def _walk_deep(file: IO[bytes]) -> Iterator[Part]:
    for part in walk(file):
        yield part
        if part.kind == _FRAME:
            yield from walk(file, begin=part.body + 16, end=part.end)
