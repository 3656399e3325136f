"""The parts of image files, found without decoding, and without reading what is passed over.

jpeg png webp heif tiff   segments, chunks, boxes and entries: what is too much of them, and the
                          picture without those that do not matter to it
av1                       the sizes in the bits of an AVIF
parts                     a part, a picture's contents, and the reasons for refusing
views                     a file put together from pieces of another
"""

import struct
from typing import IO

from staging.images.containers import heif, jpeg, png, tiff, webp
from staging.images.containers.parts import Broken, Contents, Rare, TooMuch, measure, read_at
from staging.images.containers.png import has_right_checksums
from staging.images.containers.tiff import Raw

__all__ = [
    "Broken",
    "Contents",
    "Rare",
    "Raw",
    "TooMuch",
    "find_picture",
    "has_right_checksums",
    "measure",
]


def find_picture(file: IO[bytes]) -> Contents | None:
    """Return the picture in a file, found by its content; None where it is of no format we read.

    Raises TooMuch, Broken, Rare and Raw.
    """
    try:
        return _read(file)
    # What follows from numbers that no writer would write: a size in a box without bytes, units of
    # nothing.
    except (ArithmeticError, LookupError, ValueError, struct.error) as error:
        raise Broken("numbers that cannot be") from error


def _read(file: IO[bytes]) -> Contents | None:
    beginning = read_at(file, 0, 16)
    if beginning.startswith(jpeg.SIGNATURE):
        return jpeg.read(file)
    if beginning.startswith(png.SIGNATURE):
        return png.read(file)
    if webp.is_webp(beginning):
        return webp.read(file)
    if tiff.is_tiff(beginning):
        return tiff.read(file)
    if heif.is_heif(beginning):
        return heif.read(file)
    return None
