"""The segments and scans of a JPEG: ITU-T T.81, annex B."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

from staging.images.containers.parts import (
    MAX_PARTS,
    Broken,
    Contents,
    Part,
    Rare,
    TooMuch,
    measure,
    read_at,
)
from staging.images.containers.views import Piece, stretch, view

SIGNATURE = b"\xff\xd8\xff"
MAX_SCANS = 30
# An ordinary progressive file has 10 to 14 scans, and each is decoded at the photo's whole size.
MAX_SCANNED_PIXELS = 1_000_000_000
# APP0 to APP15, and comments.
APPLICATIONS = {bytes([kind]) for kind in (*range(0xE0, 0xF0), 0xFE)}

_SOI, _EOI, _SOS, _DRI, _PROGRESSIVE = b"\xd8", b"\xd9", b"\xda", b"\xdd", b"\xc2"
_APP0, _APP1, _APP2, _APP14 = b"\xe0", b"\xe1", b"\xe2", b"\xee"
_TABLES = {b"\xc4", b"\xdb", _DRI}
_FRAMES = {bytes([kind]): name for kind, name in {
    0xC0: "", 0xC1: "", 0xC2: "", 0xC3: "lossless JPEG", 0xC5: "hierarchical JPEG",
    0xC6: "hierarchical JPEG", 0xC7: "hierarchical JPEG", 0xC9: "JPEG with arithmetic coding",
    0xCA: "JPEG with arithmetic coding", 0xCB: "lossless JPEG", 0xCD: "hierarchical JPEG",
    0xCE: "hierarchical JPEG", 0xCF: "hierarchical JPEG", 0xF7: "JPEG-LS",
}.items()}  # fmt: skip
# The compressed pixels behind a scan's header, with the restart markers among them.
_DATA = b"data"

# FF 00 stands for a byte FF of the data; D0 to D7 are restarts; further FFs fill up.
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# Tables, frames and applications.
_AFTER = re.compile(rb"\xff[\xc0-\xc2\xc4\xdb\xdd\xe0-\xef\xfe]")
_ALONE = {b"\x01", _SOI, _EOI}
_FILLERS = b"\xff" * 1024
_BLOCK = 2**20
_MAX_TRIES = 16
# The most that a unit of 64 coefficients takes, each of 27 bits, with zeros behind each FF.
_MAX_UNIT = 512
# libjpeg reads 57 bits ahead, and no further where it has all pixels: without an end mark, it fails
# where it needs more. At an end mark it takes missing pixels for grey.
_AHEAD = bytes(8)
_END = b"\xff\xd9"
# Bits that come out as other pixels than the zeros that libjpeg reads at an end mark.
_NOISE = bytes(1 + number * 37 % 251 for number in range(64))
_ZEROS = 16
_UNKNOWN = 16


def walk(file: IO[bytes]) -> Iterator[Part]:
    """Yield the segments up to the end of the image; behind a scan's header, its data.

    Like libjpeg, it passes over bytes that are no marker. A file that is cut short ends with the
    part that is cut, whose `end` lies behind that of the file, or with data.
    """
    position = 2
    while (begin := find_marker(file, position)) is not None:
        head = read_at(file, begin + 1, 3)
        kind = head[:1]
        if kind in _ALONE:
            yield Part(kind, begin, begin + 2, begin + 2)
            if kind == _EOI:
                return
            position = begin + 2
            continue
        end = begin + 2 + max(2, int.from_bytes(head[1:3]))
        if kind in APPLICATIONS:
            end = _find_end(file, begin, end)
        yield Part(kind, begin, begin + 4, end)
        position = end
        if kind == _SOS:
            position = find_marker(file, end) or measure(file)
            yield Part(_DATA, end, end, position)


def find_marker(file: IO[bytes], position: int) -> int | None:
    """Return where the next marker begins that is no restart, reading a block at a time.

    A short one first: behind a segment the next one follows at once. Raises Broken for more fillers
    than any file has.
    """
    file.seek(position)
    last, length = b"", 16
    while block := file.read(length):
        length = _BLOCK
        block = last + block
        sought = block
        if b"\xff" * 16 in block:
            # A long run of fillers would be tried byte by byte.
            sought = block.replace(b"\xff\xff", b"\0\xff").replace(b"\xff\0", b"\0\0")
        found = _MARKER.search(sought)
        # libjpeg would go through them again for each block that it is given.
        if _FILLERS in block[: found.start() if found else None]:
            raise Broken("fillers in the place of pixels")
        if found:
            return position - len(last) + found.start()
        position += len(block) - len(last)
        last = block[-1:]
    return None


def _find_end(file: IO[bytes], begin: int, end: int) -> int:
    """Return where an application's segment ends: elsewhere than it says, if no marker is there.

    Then it ends before the first marker that can follow and that is followed by another one.
    """
    if _MARKER.match(read_at(file, end, 2)):
        return end
    # A thumbnail has segments too, which are not the photo's.
    body = read_at(file, begin + 4, 2**16).partition(SIGNATURE)[0]
    for found in islice(_AFTER.finditer(body), _MAX_TRIES):
        length = int.from_bytes(body[found.start() + 2 : found.start() + 4])
        following = body[found.start() + 2 + length :][:2]
        if length > 2 and _MARKER.match(following):
            return begin + 4 + found.start()
    return end


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame's header: its size in pixels, and how often it samples each component."""

    is_progressive: bool
    height: int
    width: int
    sampling: dict[int, tuple[int, int]]

    def count_units(self, components: list[int]) -> int:
        """Return the number of units (MCU) of a scan with these components: T.81, A.2."""
        across, down = (max(value[axis] for value in self.sampling.values()) for axis in (0, 1))
        if len(components) > 1:
            return -(-self.width // (8 * across)) * -(-self.height // (8 * down))
        own_across, own_down = self.sampling[components[0]]
        width = -(-self.width * own_across // across)
        height = -(-self.height * own_down // down)
        return -(-width // 8) * -(-height // 8)


class _Picture:
    """Collects the parts of a picture, and counts its scans."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._pieces: list[Piece] = [SIGNATURE[:2]]
        self._frame: _Frame | None = None
        self._scans = 0
        self._interval = 0
        # Those of the scan whose data comes next.
        self._components: list[int] = []
        # Whether the first scan holds all pixels: libjpeg reads no further.
        self._is_single = False
        self._is_ended = False
        self._exif: bytes | None = None
        self._profile: dict[int, bytes] = {}
        # The lowest bit that is known of each coefficient of a component: T.81, G.1.
        self._known: dict[int, list[int]] = {}

    def add(self, part: Part) -> None:
        if part.kind == _EOI:
            self._is_ended = True
        elif part.kind in APPLICATIONS:
            self._add_application(part)
        elif part.kind in _FRAMES:
            self._add_frame(part)
        elif part.kind == _SOS:
            self._add_scan(part)
        elif part.kind == _DATA:
            self._add_data(part)
        elif part.kind in _TABLES:
            if part.kind == _DRI:
                self._interval = int.from_bytes(read_at(self._file, part.body, 2))
            self._pieces.append(stretch(part))

    def finish(self) -> Contents:
        if not self._scans:
            raise Broken("no scan")
        if any(any(bits) for bits in self._known.values()):
            raise Broken("scans are missing")
        end = _AHEAD if self._is_ended and self._is_single else _END
        again = None if self._is_ended else view(self._file, [*self._pieces, _NOISE, _END])
        return Contents(
            format="JPEG",
            file=view(self._file, [*self._pieces, end]),
            exif=self._exif,
            profile=b"".join(self._profile[number] for number in sorted(self._profile)) or None,
            again=again,
            is_ended=self._is_ended,
            has_several_scans=not self._is_single,
        )

    def _add_application(self, part: Part) -> None:
        """Keep what says of which colours a picture is; put a profile and EXIF aside."""
        name = read_at(self._file, part.body, 14)
        if name.startswith((b"JFIF\0", b"Adobe")) and part.kind in {_APP0, _APP14}:
            self._pieces.append(stretch(part))
        elif part.kind == _APP1 and name.startswith(b"Exif\0") and self._exif is None:
            self._exif = read_at(self._file, part.body, part.end - part.body)
        elif part.kind == _APP2 and name.startswith(b"ICC_PROFILE\0"):
            body = read_at(self._file, part.body, part.end - part.body)
            if len(body) > 14:
                self._profile.setdefault(body[12], body[14:])

    def _add_frame(self, part: Part) -> None:
        if name := _FRAMES[part.kind]:
            raise Rare(name)
        body = read_at(self._file, part.body, part.end - part.body)
        if self._frame or len(body) < 6 or len(body) < 6 + 3 * body[5] or not body[5]:
            raise Broken("a frame's header")
        if body[0] != 8:
            raise Rare(f"JPEG of {body[0]} bits")
        places = range(6, 6 + 3 * body[5], 3)
        self._frame = _Frame(
            is_progressive=part.kind == _PROGRESSIVE,
            height=int.from_bytes(body[1:3]),
            width=int.from_bytes(body[3:5]),
            sampling={body[at]: (body[at + 1] >> 4, body[at + 1] & 15) for at in places},
        )
        self._known = {component: [_UNKNOWN] * 64 for component in self._frame.sampling}
        self._pieces.append(stretch(part))

    def _add_scan(self, part: Part) -> None:
        frame = self._frame
        body = read_at(self._file, part.body, part.end - part.body)
        if frame is None or not body or len(body) < 4 + 2 * body[0]:
            raise Broken("a scan's header")
        components = list(body[1 : 1 + 2 * body[0] : 2])
        if not components or not frame.sampling.keys() >= {*components}:
            raise Broken("a scan's components")
        self._scans += 1
        if self._scans > MAX_SCANS:
            raise TooMuch(f"more than {MAX_SCANS} scans")
        pixels = frame.width * frame.height
        if self._scans * pixels > MAX_SCANNED_PIXELS:
            raise TooMuch(f"{self._scans} or more scans of {pixels / 1e6:.0f} megapixels")
        begin, end, bits = body[1 + 2 * body[0] :][:3]
        if not frame.is_progressive:
            begin, end, bits = 0, 63, 0
            self._is_single |= self._scans == 1 and len(components) == len(frame.sampling)
        for component in components:
            for place in range(begin, min(end, 63) + 1):
                self._known[component][place] = bits & 15
        self._components = components
        if not self._is_single or self._scans == 1:
            self._pieces.append(stretch(part))

    def _add_data(self, part: Part) -> None:
        if self._is_single and self._scans > 1:
            return
        self._check_restarts(part)
        # Bytes that no pixel needs are not handed on.
        end = min(part.end, part.begin + self._count_bytes())
        tail = read_at(self._file, max(part.begin, end - _BLOCK), _BLOCK)[: end - part.begin]
        if end == measure(self._file):
            # The file has no end mark. Zeros are what a broken-off copy has in the place of pixels.
            kept = tail.rstrip(b"\0")
            end -= len(tail) - len(kept) if len(tail) - len(kept) >= _ZEROS else 0
            end -= kept.endswith(b"\xff")
        self._pieces.append((part.begin, end))

    def _count_bytes(self) -> int:
        """Return the most that the data of a scan can take."""
        if self._frame is None:
            return 0
        blocks = sum(self._frame.count_units([component]) + 1 for component in self._components)
        return 2**16 + 2 * blocks * _MAX_UNIT

    def _check_restarts(self, part: Part) -> None:
        """Raises Broken where restart markers are missing, and with them pixels."""
        if not self._interval or self._frame is None:
            return
        missing = -(-self._frame.count_units(self._components) // self._interval) - 1
        position, last = part.begin, b""
        while missing > 0 and position < part.end:
            block = last + read_at(self._file, position, min(_BLOCK, part.end - position))
            position += len(block) - len(last)
            missing -= sum(1 for _ in islice(_RESTART.finditer(block), missing))
            last = block[-1:] if block.endswith(b"\xff") else b""
        if missing > 0:
            raise Broken("restart markers are missing")


def read(file: IO[bytes]) -> Contents:
    """Return the picture: its tables, frame and scans. Raises TooMuch, Broken and Rare."""
    picture = _Picture(file)
    segments = 0
    for part in walk(file):
        segments += part.kind != _DATA
        if segments > MAX_PARTS:
            raise TooMuch(f"more than {MAX_PARTS:,} segments")
        picture.add(part)
    return picture.finish()
