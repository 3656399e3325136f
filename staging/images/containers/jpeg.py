"""The segments and scans of a JPEG: ITU-T T.81, annex B."""

import re
from collections.abc import Iterator
from typing import IO

from staging.images.containers.parts import Broken, Part, TooMuch, at_most, read_at

SIGNATURE = b"\xff\xd8\xff"
SOS, EOI, DRI, DQT, DHT, COM = b"\xda", b"\xd9", b"\xdd", b"\xdb", b"\xc4", b"\xfe"
APP1, APP2 = b"\xe1", b"\xe2"
# Frame headers: C4, C8 and CC are no frames.
FRAMES = {bytes([kind]) for kind in {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}}
_PROGRESSIVE = {b"\xc2", b"\xc6", b"\xca", b"\xce"}
# The compressed pixels behind a scan's header, with the restart markers among them.
DATA = b"data"

MAX_SCANS = 30
# An ordinary progressive file has 10 to 14 scans, and each is decoded at the photo's whole size.
MAX_SCANNED_PIXELS = 1_000_000_000

# FF 00 stands for a byte FF of the data; D0 to D7 are restarts; further FFs fill up.
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_ALONE = {b"\x01", b"\xd8"}
_BLOCK = 2**20


def walk(file: IO[bytes]) -> Iterator[Part]:
    """Yield the segments up to the end of the image; behind a scan's header, its data.

    Like libjpeg, it passes over bytes that are no marker. A file that is cut short ends with the
    part that is cut, whose `end` lies behind that of the file, or with data.
    """
    position = 2
    while (begin := find_marker(file, position)) is not None:
        head = read_at(file, begin + 1, 3)
        kind = head[:1]
        if kind == EOI:
            yield Part(EOI, begin, begin + 2, begin + 2)
            return
        if kind in _ALONE:
            yield Part(kind, begin, begin + 2, begin + 2)
            position = begin + 2
            continue
        end = begin + 2 + max(2, int.from_bytes(head[1:3]))
        yield Part(kind, begin, begin + 4, end)
        position = end
        if kind == SOS:
            position = find_marker(file, end) or file.seek(0, 2)
            yield Part(DATA, end, end, position)


def find_marker(file: IO[bytes], position: int) -> int | None:
    """Return where the next marker begins that is no restart, reading a block at a time."""
    file.seek(position)
    last = b""
    while block := file.read(_BLOCK):
        block = last + block
        sought = block
        if b"\xff" * 16 in block:
            # A long run of fillers would be tried byte by byte.
            sought = block.replace(b"\xff\xff", b"\0\xff").replace(b"\xff\0", b"\0\0")
        if found := _MARKER.search(sought):
            return position - len(last) + found.start()
        position += len(block) - len(last)
        last = block[-1:]
    return None


def check_cost(file: IO[bytes]) -> None:
    """Raises TooMuch for more segments or scans than a photo has, Broken for no scan."""
    scans = pixels = 0
    segments = (part for part in walk(file) if part.kind != DATA)
    for part in at_most(segments, name="segments"):
        if part.kind in FRAMES:
            height, width = read_size(file, part)
            pixels = max(pixels, height * width)
        if part.kind == SOS:
            scans += 1
        if scans > MAX_SCANS:
            raise TooMuch(f"more than {MAX_SCANS} scans")
        if scans * pixels > MAX_SCANNED_PIXELS:
            raise TooMuch(f"{scans} or more scans of {pixels / 1e6:.0f} megapixels")
    if not scans:
        raise Broken("no scan")


def has_several_scans(file: IO[bytes]) -> bool:
    """Say whether a JPEG spreads its pixels over several scans; libjpeg keeps all of them then.

    A progressive one does, and a baseline one whose first scan has not all of its colours.
    """
    colours = b""
    for part in walk(file):
        if part.kind in _PROGRESSIVE:
            return True
        if part.kind in FRAMES:
            colours = read_at(file, part.body + 5, 1)
        if part.kind == SOS:
            return read_at(file, part.body, 1) != colours
    return False


def read_size(file: IO[bytes], frame: Part) -> tuple[int, int]:
    """Return the height and width of a frame header."""
    size = read_at(file, frame.body + 1, 4)
    return int.from_bytes(size[:2]), int.from_bytes(size[2:])
