"""Reads image files; the number of pixels in the header is checked before any is decoded.

These functions raise refusals alone, and no exception of Pillow's or libheif's.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import IO

import pillow_heif
from PIL import AvifImagePlugin, Image, TiffImagePlugin, UnidentifiedImageError

from staging.images import containers
from staging.images.colour_claims import find_claims
from staging.images.colours import flatten, to_eight_bits, to_srgb
from staging.images.containers import webp
from staging.images.refusals import (
    PILLOW_ERRORS,
    ImageRefused,
    PhotoRefused,
    PictureRefused,
    why_no_photo,
)
from staging.images.weights import (
    DRAFTED,
    MAX_PICTURE_PIXELS,
    draft_side,
    find_excess,
    fit,
    weigh,
    weigh_rest,
)

# By Pillow's names, and pillow_heif's. MPO is a JPEG with further pictures behind it.
FORMATS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp",
           "HEIF": "heic", "AVIF": "avif", "TIFF": "tiff"}  # fmt: skip
_PICTURE_FORMATS = {"JPEG", "PNG", "WEBP"}

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

# Pillow's own bound on pixels is one number for all formats: ours come before anything is decoded.
Image.MAX_IMAGE_PIXELS = None
# Pillow's own reader takes the first of three planes of 16 bits for all.
TiffImagePlugin.READ_LIBTIFF = True
# Each thread more takes memory, and a photo has one processor.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# Only the photo itself is read: no thumbnail, depth map or auxiliary picture of its file.
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The facts of a file that are known before a pixel is decoded.

    Width and height are those of the image as it is shown; `weight` is in bytes of memory.
    """

    format: str
    width: int
    height: int
    weight: int


def read_header(file: IO[bytes], *, refusal: type[ImageRefused], side: int | None = None) -> Header:
    """Return the facts of a file; its weight is that of reading it shrunk to `side`.

    Raises `refusal`, also for too many pixels.
    """
    contents = _find_picture(file, refusal=refusal)
    image = _open(contents, refusal=refusal)
    if isinstance(image, pillow_heif.HeifImage):
        name, orientation = "HEIF", None
    else:
        name, orientation = image.format or "", _find_orientation(image)
    width, height = image.size
    kind = _kind_of(image, contents)
    return Header(
        format=FORMATS[name],
        width=height if orientation in _SIDEWAYS else width,
        height=width if orientation in _SIDEWAYS else height,
        weight=weigh(image.size, kind=kind, side=side)
        + weigh_rest(image.size, kind=kind, length=containers.measure(contents.file)),
    )


def read_pixels(
    file: IO[bytes],
    *,
    refusal: type[ImageRefused],
    side: int | None = None,
    is_opaque: bool = False,
    allows_hdr: bool = False,
) -> Image.Image:
    """Return the image upright, in sRGB, RGB or RGBA, without metadata, at most `side` long.

    `is_opaque` puts it on white, so that it is always RGB. `allows_hdr` takes the values of an HDR
    curve for sRGB's, which makes a flat and dim picture. Raises `refusal`.
    """
    image = decode(file, refusal=refusal, side=side)
    claims = find_claims(image, file)
    if claims.hdr and not allows_hdr:
        raise refusal(refusal.hdr.format(claims.hdr))
    try:
        turn = _TURNS.get(_find_orientation(image) or 0)
        image = to_eight_bits(image)
        if is_opaque:
            image = flatten(image)
        # Shrunk first, so that the steps below handle fewer pixels.
        if side:
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
        image = to_srgb(image, claims)
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
    side: int | None = None,
) -> Image.Image:
    """Return a file's first frame, in the colours of the file and not turned by EXIF.

    A JPEG that is much longer than `side` is decoded at a fraction of its size. A HEIC, which may
    hold many images, gives the one that it calls its primary. Raises `refusal`.
    """
    contents = _find_picture(file, refusal=refusal)
    image = _open(contents, refusal=refusal)
    if not contents.is_ended and not issubclass(refusal, PhotoRefused):
        # It can be downloaded again.
        raise refusal(refusal.damaged)
    try:
        if contents.format == "PNG" and not containers.has_right_checksums(file):
            raise refusal(refusal.damaged)
        image = _load(image, contents, side=side)
        if contents.again:
            other = _load(Image.open(contents.again, formats=("JPEG",)), contents, side=side)
            if not _is_same(image, other):
                raise refusal(refusal.damaged)
    except PILLOW_ERRORS as error:
        raise refusal(refusal.damaged) from error
    return image


def _load(
    image: Image.Image | pillow_heif.HeifImage, contents: containers.Contents, *, side: int | None
) -> Image.Image:
    if isinstance(image, pillow_heif.HeifImage):
        return image.to_pillow()
    if side and (kind := _kind_of(image, contents)) in DRAFTED:
        image.draft(None, fit(image.size, side=draft_side(side, kind=kind)))
    image.load()
    return image


def _is_same(image: Image.Image, other: Image.Image) -> bool:
    """Compare a band at a time, since there may be no memory for another copy."""
    bands = ((0, top, image.width, min(top + 256, image.height))
             for top in range(0, image.height, 256))  # fmt: skip
    return all(image.crop(band) == other.crop(band) for band in bands)


def _find_picture(file: IO[bytes], *, refusal: type[ImageRefused]) -> containers.Contents:
    """Find the picture in a file by its content; refuse other formats, and what costs too much."""
    is_photo = issubclass(refusal, PhotoRefused)
    try:
        contents = containers.find_picture(file)
    except containers.TooMuch as error:
        raise refusal(refusal.too_much.format(error)) from error
    except containers.Broken as error:
        raise refusal(refusal.damaged) from error
    except (containers.Rare, containers.Raw) as error:
        raise refusal(refusal.rare.format(error)) from error
    if contents is None or not (is_photo or contents.format in _PICTURE_FORMATS):
        file.seek(0)
        raise refusal(why_no_photo(file.read(1024)) if is_photo else refusal.unreadable)
    return contents


def _open(
    contents: containers.Contents, *, refusal: type[ImageRefused]
) -> Image.Image | pillow_heif.HeifImage:
    """Read a picture's header alone; refuse too many pixels."""
    # Pillow's reader of WebP takes memory for its pixels before it tells how many they are.
    if contents.format == "WEBP" and (size := webp.read_size(contents.file)):
        _refuse_excess(size, "webp", refusal=refusal)
    contents.file.seek(0)
    try:
        image = _open_heic(contents.file) if contents.format == "HEIF" else _open_other(contents)
    except UnidentifiedImageError as error:
        # A TIFF may be of more kinds than Pillow knows.
        unusual = refusal.rare.format("TIFF of an unusual kind")
        raise refusal(unusual if contents.format == "TIFF" else refusal.damaged) from error
    except PILLOW_ERRORS as error:
        raise refusal(refusal.damaged) from error
    _refuse_excess(image.size, _kind_of(image, contents), refusal=refusal)
    return image


def _refuse_excess(size: tuple[int, int], kind: str, *, refusal: type[ImageRefused]) -> None:
    if issubclass(refusal, PhotoRefused):
        if excess := find_excess(size, kind=kind):
            raise refusal(excess)
    elif size[0] * size[1] > MAX_PICTURE_PIXELS:
        pixels = size[0] * size[1] / 1e6
        raise refusal(PictureRefused.too_many_pixels.format(pixels, MAX_PICTURE_PIXELS / 1e6))


def _kind_of(image: Image.Image | pillow_heif.HeifImage, contents: containers.Contents) -> str:
    """Return the kind by which an image is weighed, and its pixels are bounded."""
    if isinstance(image, pillow_heif.HeifImage):
        is_small = image.info.get("chroma") == 420 and image.mode == "RGB"
        return "heic" if is_small else "full heic"
    return "progressive" if contents.has_several_scans else FORMATS[contents.format]


def _open_other(contents: containers.Contents) -> Image.Image:
    """Open a picture by Pillow, with its colours and orientation from beside it."""
    image = Image.open(contents.file, formats=(contents.format,))
    if contents.exif:
        image.info["exif"] = _turn_exif(image, contents.exif)
    if contents.profile:
        image.info["icc_profile"] = contents.profile
    return image


def _turn_exif(image: Image.Image, exif: bytes) -> bytes | None:
    """Return a file's EXIF. An AVIF is turned by its boxes alone, which Pillow tells as EXIF."""
    if image.format != "AVIF":
        return exif
    told: bytes | None = image.info.get("exif")
    turned, whole = Image.Exif(), Image.Exif()
    try:
        turned.load(told or b"")
        whole.load(exif)
        whole[_EXIF_ORIENTATION] = turned.get(_EXIF_ORIENTATION, 1)
        return whole.tobytes()
    except PILLOW_ERRORS:
        return told


def _open_heic(file: IO[bytes]) -> pillow_heif.HeifImage:
    """Read a HEIC's boxes; pixels are decoded only when they are read.

    libheif itself refuses, before it decodes, coded pictures that are larger than the size in the
    boxes.
    """
    opened = pillow_heif.open_heif(file)
    return opened[opened.primary_index]


def _find_orientation(image: Image.Image) -> int | None:
    """Return the orientation in EXIF; None where there is none, or EXIF is broken.

    A HEIC is upright when it is decoded: libheif turns it as its own boxes say. The orientation in
    its EXIF is not to be followed (ISO/IEC 23008-12), and pillow_heif has reset that to 1.
    """
    # Where a PNG's header has no EXIF, Pillow would decode all of it to look behind the pixels.
    if image.format == "PNG" and image.info.get("exif") is None:
        return None
    try:
        orientation = image.getexif().get(_EXIF_ORIENTATION)
    except PILLOW_ERRORS:
        return None
    return orientation if isinstance(orientation, int) else None


def as_file(content: bytes | IO[bytes]) -> IO[bytes]:
    """Return bytes as a file, without a copy; return a file as it is."""
    return BytesIO(content) if isinstance(content, bytes) else content
