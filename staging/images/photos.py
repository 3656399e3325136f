"""Photos that people send: the facts of the upload, and the photo that we keep of it."""

import hashlib
import os
from dataclasses import dataclass, field
from typing import IO

from staging.images.reading import read_header, read_pixels
from staging.images.refusals import PhotoRefused
from staging.images.writing import encode, encode_thumbnail

MAX_BYTES = 100 * 2**20
# The longest side that models are sent. The largest that a staging model makes is 4096 (Seedream
# 4); most work at one or two megapixels and shrink what is larger themselves. At this size a photo
# is a few megabytes: quick to upload, once for each prediction.
MAX_SIDE = 4096

_QUALITY = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The facts of an upload.

    `format` is "jpeg", "png", "webp", "heic", "avif" or "tiff"; width and height are as it is
    shown, in pixels; `size` is in bytes.
    """

    format: str
    width: int
    height: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedPhoto:
    """A photo as we keep it and send it to models; `sha256` is of this content, not the upload.

    `thumbnail` is a WebP.
    """

    content: bytes = field(repr=False)
    thumbnail: bytes = field(repr=False)
    width: int
    height: int
    format: str
    content_type: str
    sha256: str
    original: Original


def weigh(file: IO[bytes]) -> int:
    """Return the bytes of memory that normalising a photo takes. Raises PhotoRefused."""
    return read_header(file, refusal=PhotoRefused, side=MAX_SIDE).weight


def normalise(file: IO[bytes]) -> NormalisedPhoto:
    """Normalise a photo in this process, whatever memory it takes. Raises PhotoRefused."""
    size = measure(file)
    header = read_header(file, refusal=PhotoRefused)
    image = read_pixels(file, refusal=PhotoRefused, side=MAX_SIDE, is_opaque=True)
    # Full chroma: a model will read these pixels, and most uploads have lost half of their chroma
    # already.
    encoded = encode(image, encoding="jpeg", quality=_QUALITY, subsampling="4:4:4")
    return NormalisedPhoto(
        content=encoded,
        # Made now, from pixels that are decoded: later it would have to wait for memory again.
        thumbnail=encode_thumbnail(image).content,
        width=image.width,
        height=image.height,
        format="jpeg",
        content_type="image/jpeg",
        sha256=hashlib.sha256(encoded).hexdigest(),
        original=Original(
            format=header.format, width=header.width, height=header.height, size=size
        ),
    )


def measure(file: IO[bytes]) -> int:
    """Return a file's length in bytes. Raises PhotoRefused for 0 and for more than MAX_BYTES."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        raise PhotoRefused(PhotoRefused.empty)
    if size > MAX_BYTES:
        most = MAX_BYTES / 2**20
        raise PhotoRefused(f"This file has {size / 2**20:.1f} MB; we take at most {most:g} MB.")
    return size
