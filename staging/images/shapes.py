"""Parses the aspect ratio and the format that a picture shall have, and computes its crop."""

import re

from staging.images.writing import EXTENSIONS


def parse_format(name: str) -> str:
    """Return "jpeg", "png" or "webp". Raises ValueError."""
    name = "jpeg" if name == "jpg" else name
    if name not in EXTENSIONS:
        raise ValueError(f"output_format is {name!r}: it must be webp, png or jpg.")
    return name


def parse_ratio(text: str | None) -> tuple[int, int] | None:
    """Return "16:9" as (16, 9); None where no crop is wanted. Raises ValueError."""
    if text is None or text == "match_input_image":
        return None
    match = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", text)
    if not match:
        raise ValueError(f'aspect_ratio is {text!r}: it must be as "16:9", or match_input_image.')
    return int(match[1]), int(match[2])


def crop_box(
    width: int, height: int, *, ratio: tuple[int, int] | None
) -> tuple[int, int, int, int] | None:
    """Return the largest centred box of a ratio, as left, top, right, bottom in pixels.

    None where the whole picture has that ratio, or no ratio is wanted.
    """
    if ratio is None:
        return None
    across, down = ratio
    kept_width = min(width, max(1, round(height * across / down)))
    kept_height = min(height, max(1, round(width * down / across)))
    if (kept_width, kept_height) == (width, height):
        return None
    left, top = (width - kept_width) // 2, (height - kept_height) // 2
    return left, top, left + kept_width, top + kept_height
