"""What image files consist of, found without decoding, and without reading what is passed over.

jpeg png webp heif   segments, chunks and boxes, and what is too much of them
"""

from typing import IO

from staging.images.containers import heif, jpeg, png, webp
from staging.images.containers.jpeg import has_several_scans
from staging.images.containers.parts import Broken, TooMuch, read_at

__all__ = ["Broken", "TooMuch", "check_cost", "has_several_scans"]


def check_cost(file: IO[bytes]) -> None:
    """Count the parts of a file. Raises TooMuch, and Broken where they cannot be found."""
    beginning = read_at(file, 0, 16)
    if beginning.startswith(jpeg.SIGNATURE):
        jpeg.check_cost(file)
    elif beginning.startswith(png.SIGNATURE):
        png.check_cost(file)
    elif webp.is_webp(beginning):
        webp.check_cost(file)
    elif heif.is_heif(beginning):
        heif.check_cost(heif.read_items(file))
