"""Reads image files: pixels are counted in the header before any is decoded.

No other exception of Pillow's or libheif's than a refusal leaves these functions.
"""

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import IO

import pillow_heif
from PIL import Image, UnidentifiedImageError

from staging.images.colours import find_profile, flatten, to_eight_bits, to_srgb
from staging.images.refusals import PILLOW_ERRORS, ImageRefused, PhotoRefused, why_no_photo
from staging.images.weights import fit, weigh

MAX_PIXELS = 50_000_000

# As Pillow names them; MPO is a JPEG with further pictures behind it, as phones write them.
FORMATS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp", "HEIF": "heic"}
_READ_BY_PILLOW = ("JPEG", "PNG", "WEBP")

# The brands of still pictures and sequences in HEVC: ISO/IEC 23008-12, annex B, and "mif1" of 10.2.
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1",
                b"msf1"}  # fmt: skip
# How files begin that were meant to be a photo, however they go on.
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_EXIF_ORIENTATION = 0x0112
_SIDEWAYS = {5, 6, 7, 8}

# For the whole process, once: warnings.catch_warnings() is not safe among threads.
warnings.simplefilter("error", Image.DecompressionBombWarning)
# The photo itself is read, never the thumbnail that its file may hold in its place.
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says of itself before a pixel is decoded; width and height as it is shown."""

    format: str
    width: int
    height: int
    weight: int


def read_header(file: IO[bytes], *, refusal: type[ImageRefused], side: int | None = None) -> Header:
    """Return the facts of a file; `weight` is the memory in bytes that it takes, shrunk to `side`.

    Raises the refusal, also for more than MAX_PIXELS.
    """
    image = _open(file, refusal=refusal, max_pixels=MAX_PIXELS)
    if isinstance(image, pillow_heif.HeifImage):
        kind, orientation = "HEIF", None
    else:
        kind, orientation = image.format or "", _find_orientation(image)
    width, height = image.size
    weighed_as = "progressive" if image.info.get("progressive") else FORMATS[kind]
    return Header(
        format=FORMATS[kind],
        width=height if orientation in _SIDEWAYS else width,
        height=width if orientation in _SIDEWAYS else height,
        weight=weigh(image.size, kind=weighed_as, side=side),
    )


def read_pixels(
    file: IO[bytes],
    *,
    refusal: type[ImageRefused],
    side: int | None = None,
    is_opaque: bool = False,
) -> Image.Image:
    """Return the image upright, in sRGB, RGB or RGBA, without metadata, at most `side` long.

    `is_opaque` puts it on white, and then it is RGB.
    """
    image = decode(file, refusal=refusal, side=side)
    try:
        turn = _TURNS.get(_find_orientation(image) or 0)
        profile = find_profile(image.info)
        image = to_eight_bits(image)
        if is_opaque:
            image = flatten(image)
        # Before the rest, which then handles fewer pixels.
        if side:
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
        image = to_srgb(image, profile)
        if turn is not None:
            image = image.transpose(turn)
    except PILLOW_ERRORS as error:
        raise refusal(refusal.damaged) from error
    # Pillow's writers copy comments and profiles from here.
    image.info = {}
    return image


def decode(
    file: IO[bytes],
    *,
    refusal: type[ImageRefused],
    max_pixels: int = MAX_PIXELS,
    side: int | None = None,
) -> Image.Image:
    """Return the first frame as the file has it; a JPEG much longer than `side` at a fraction.

    Of a HEIC, which may hold many, it is the one that the file calls its primary.
    """
    image = _open(file, refusal=refusal, max_pixels=max_pixels)
    try:
        if isinstance(image, pillow_heif.HeifImage):
            return image.to_pillow()
        # Reads a PNG's checksums to the end, which loading does not; leaves the image unusable.
        image.verify()
        file.seek(0)
        image = Image.open(file, formats=_READ_BY_PILLOW)
        if side:
            image.draft(None, fit(image.size, side=side))
        image.load()
    except PILLOW_ERRORS as error:
        raise refusal(refusal.damaged) from error
    return image


def _open(
    file: IO[bytes], *, refusal: type[ImageRefused], max_pixels: int
) -> Image.Image | pillow_heif.HeifImage:
    """Read a file's header alone; refuse what is no image of ours, and what has too many pixels."""
    file.seek(0)
    beginning = file.read(1024)
    file.seek(0)
    too_many = refusal(refusal.too_many_pixels.format(max_pixels / 1e6))
    is_photo = issubclass(refusal, PhotoRefused)
    try:
        image = _open_heic(file) if is_photo and _is_heic(beginning) else _open_by_pillow(file)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_many from error
    except UnidentifiedImageError as error:
        begins_well = beginning.startswith(_BEGINNINGS) and len(beginning) > 100
        unreadable = why_no_photo(beginning) if is_photo else refusal.unreadable
        raise refusal(refusal.damaged if begins_well else unreadable) from error
    except PILLOW_ERRORS as error:
        raise refusal(refusal.damaged) from error
    if image.size[0] * image.size[1] > max_pixels:
        raise too_many
    return image


def _open_by_pillow(file: IO[bytes]) -> Image.Image:
    return Image.open(file, formats=_READ_BY_PILLOW)


def _open_heic(file: IO[bytes]) -> pillow_heif.HeifImage:
    """Read a HEIC's boxes; its pictures are decoded when they are asked for.

    libheif refuses coded pictures larger than the size that the boxes tell, before it decodes.
    """
    opened = pillow_heif.open_heif(file)
    return opened[opened.primary_index]


def _is_heic(beginning: bytes) -> bool:
    return beginning[4:8] == b"ftyp" and beginning[8:12] in _HEIC_BRANDS


def _find_orientation(image: Image.Image) -> int | None:
    """Return how EXIF says to turn the image; None where nothing does, or EXIF is broken.

    A HEIC is upright when it is decoded: libheif turns it as its own boxes say, and what EXIF says
    beside them is not to be followed (ISO/IEC 23008-12); pillow_heif has reset it to 1.
    """
    try:
        orientation = image.getexif().get(_EXIF_ORIENTATION)
    except PILLOW_ERRORS:
        return None
    return orientation if isinstance(orientation, int) else None


def as_file(content: bytes | IO[bytes]) -> IO[bytes]:
    """Return bytes as a file, without a copy; a file stays itself."""
    return BytesIO(content) if isinstance(content, bytes) else content
