"""The parts of which files of images consist, and the most parts that a file may have."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

# An ordinary file has fewer than a hundred, a photo of 64 megapixels in tiles some 600.
MAX_PARTS = 2_000


class TooMuch(Exception):
    """A file whose parts would take more work than its picture is worth; `args[0]` says of what."""


class Broken(Exception):
    """A file whose parts are cut short, or say what cannot be, so that its picture is not whole."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment, chunk or box: where it begins with its header, and where it ends.

    `kind` is four letters, and for JPEG a marker of one byte; `body` is where the header ends.
    """

    kind: bytes
    begin: int
    body: int
    end: int


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
