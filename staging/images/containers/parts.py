"""The parts of which files of images consist, and the most parts that a file may have."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

# An ordinary file has fewer than a hundred, a photo of 64 megapixels in tiles some 600.
MAX_PARTS = 2_000
# A printer's or scanner's profile takes up to 3 MB, EXIF in a JPEG 64 kB: longer ones are passed
# over.
MAX_PROFILE = 4 * 2**20
MAX_EXIF = 2**20


class TooMuch(Exception):
    """A file whose parts would take more work than its picture is worth; `args[0]` says of what."""


class Broken(Exception):
    """A file whose parts are cut short, or say what cannot be, so that its picture is not whole."""


class Rare(Exception):
    """A file of a known format, of a kind that is not read; `args[0]` names the kind."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment, chunk or box: where it begins with its header, and where it ends.

    `kind` is four letters, and for JPEG a marker of one byte; `body` is where the header ends.
    """

    kind: bytes
    begin: int
    body: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A file's picture, without all that is not needed to show it.

    `format` is Pillow's name, or "HEIF"; `file` is a file of that format. Colours and orientation
    are beside it: a broken profile or EXIF cannot make the picture unreadable. `is_ended` is False
    where the end mark is missing. Then `again` may be the same picture with other bits in the place
    of those that may be missing too: if none is, the two look the same. `has_several_scans` is of
    a JPEG that spreads its pixels over several scans; libjpeg keeps all of them then.
    """

    format: str
    file: IO[bytes]
    exif: bytes | None = None
    profile: bytes | None = None
    again: IO[bytes] | None = None
    has_several_scans: bool = False
    is_ended: bool = True


def at_most(parts: Iterable[Part], limit: int = MAX_PARTS, *, name: str) -> Iterator[Part]:
    """Yield the parts. Raises TooMuch at the one behind the limit."""
    for number, part in enumerate(parts):
        if number >= limit:
            raise TooMuch(f"more than {limit:,} {name}")
        yield part


def measure(file: IO[bytes]) -> int:
    return file.seek(0, os.SEEK_END)


def read_at(file: IO[bytes], begin: int, length: int) -> bytes:
    file.seek(begin)
    return file.read(length)
