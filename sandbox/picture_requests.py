"""The pictures that an input asks for: their size, format, number, seed and words."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass

from sandbox.validation import Document

LONGEST = 4096
FORMATS = {"jpg": "jpg", "jpeg": "jpg", "webp": "webp", "png": "png"}
COUNTS = ("num_outputs", "number_of_images", "num_images", "num_samples")
QUALITIES = ("output_quality", "output_compression", "quality")
# Without a seed one of this few is taken, so that a benchmark finds most pictures in the cache.
RANDOM_SEEDS = 8
# These parameters have a field of their own, so `variation` leaves them out.
READ_ELSEWHERE = frozenset(
    {
        *COUNTS,
        *QUALITIES,
        *("prompt", "seed", "size", "width", "height", "aspect_ratio", "output_format"),
        *("max_images", "sequential_image_generation", "resolution"),
    }
)


@dataclass(frozen=True, kw_only=True)
class PictureRequest:
    """One picture to make: everything that its pixels depend on.

    `ratio` is width by height, None for the photo's own; `width` and `height` are exact
    where given; `longest` bounds the longer side, and `pixels` all of them. `variation` stands for
    all other parameters.
    """

    prompt: str
    seed: int
    format: str
    quality: int
    ratio: float | None = None
    width: int | None = None
    height: int | None = None
    longest: int | None = None
    pixels: int | None = None
    variation: str = ""


def read_requests(given: Document, *, defaults: Document, is_list: bool) -> list[PictureRequest]:
    """Return the pictures that an input asks for: exactly one where the Output is no list.

    A parameter that was not sent has its published default, as in Cog.
    """
    known = {**defaults, **given}
    count = _count(known) if is_list else 1
    seed = known.get("seed")
    first = seed if isinstance(seed, int) and seed >= 0 else secrets.randbelow(RANDOM_SEEDS)
    ratio, width, height, longest = _size(given, known=known)
    return [
        PictureRequest(
            prompt=str(known.get("prompt") or ""),
            seed=first + number,
            format=FORMATS.get(str(known.get("output_format") or "png").lower(), "png"),
            quality=_quality(known),
            ratio=ratio,
            width=width,
            height=height,
            longest=longest,
            pixels=_pixels(known),
            variation=_variation(known),
        )
        for number in range(count)
    ]


def _count(known: Document) -> int:
    if known.get("sequential_image_generation") == "auto":
        return max(1, int(known.get("max_images") or 1))
    for name in COUNTS:
        if isinstance(known.get(name), int):
            return max(1, int(known[name]))
    return 1


def _quality(known: Document) -> int:
    for name in QUALITIES:
        value = known.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return min(100, max(1, value))
    return 80


def _size(
    given: Document, *, known: Document
) -> tuple[float | None, int | None, int | None, int | None]:
    """Return ratio, width, height and the longest side."""
    size = str(known.get("size") or known.get("resolution") or "")
    width, height = known.get("width"), known.get("height")
    for told in (size, str(known.get("aspect_ratio"))):
        if exact := re.fullmatch(r"(\d+)[x*](\d+)", told):
            return None, _side(exact[1]), _side(exact[2]), None
    # Where another parameter tells the size or the ratio, a width and a height count only if it
    # says `custom`. Elsewhere they stretch a photo if they were sent; the defaults do not.
    custom = size == "custom" or known.get("aspect_ratio") == "custom"
    is_told = not known.keys().isdisjoint(("size", "resolution", "aspect_ratio"))
    sent = "width" in given or "height" in given
    if (custom or (sent and not is_told)) and width and height:
        return None, _side(width), _side(height), None
    longest = int(float(size[:-1]) * 1024) if re.fullmatch(r"[\d.]+K", size) else None
    return _ratio(known.get("aspect_ratio")), None, None, min(longest, LONGEST) if longest else None


def _pixels(known: Document) -> int | None:
    """Return the pixels that a size in megapixels stands for."""
    size = re.fullmatch(r"([\d.]+) ?MP", str(known.get("resolution") or known.get("size") or ""))
    return int(float(size[1]) * 1024 * 1024) if size else None


def _side(value: object) -> int:
    return min(LONGEST, max(16, int(str(value))))


def _ratio(value: object) -> float | None:
    parts = re.fullmatch(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)", str(value or ""))
    return float(parts[1]) / float(parts[2]) if parts and float(parts[2]) else None


def _variation(known: Document) -> str:
    """Return all other parameters as text, without addresses: a photo counts by its digest."""
    others = {
        key: value
        for key, value in known.items()
        if key not in READ_ELSEWHERE and "://" not in str(value) and "data:" not in str(value)
    }
    return json.dumps(others, sort_keys=True)
