"""Photos that people send and pictures that models make: bytes in, bytes or facts out.

    ImageRefused (ValueError)
    ├── PhotoRefused      what a person sent; the message is for that person
    └── PictureRefused    what a model made; the message is for the operator

No other exception of Pillow's leaves this module. Pixels are counted in the header, before any is
decoded. At its peak normalising takes about 16 bytes a pixel of a WebP, 10 of a PNG, 4 of a JPEG.
"""

import hashlib
import re
import struct
import warnings
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from typing import ClassVar

from PIL import Image, ImageCms, ImageDraw, ImageFont, UnidentifiedImageError

from staging import provenance

MAX_BYTES = 30 * 2**20
MAX_PIXELS = 50_000_000
# The longest side that models are sent. The largest that a staging model makes is 4096 (Seedream
# 4); most work at one or two megapixels and shrink what is larger themselves. At this size a photo
# is a few megabytes: quick to upload, once for each prediction.
MAX_SIDE = 4096

_PHOTO_QUALITY = 92
_PICTURE_QUALITY = 90
_THUMBNAIL_QUALITY = 80
_WEBP_MAX_SIDE = 16_383

# As Pillow names them; MPO is a JPEG with further pictures behind it, as phones write them.
_FORMATS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp"}
_EXTENSIONS = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}

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

# What Pillow's readers have been seen to raise on damaged files. Warnings are among them because a
# process may turn them into exceptions, as our tests do.
_PILLOW_ERRORS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    Image.DecompressionBombError,
    ImageCms.PyCMSError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
    zlib.error,
)

# For the whole process, once: warnings.catch_warnings() is not safe among threads.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class ImageRefused(ValueError):
    """A file that we do not take, and why, in a sentence."""

    unreadable: ClassVar[str]
    damaged: ClassVar[str]
    too_many_pixels: ClassVar[str]


class PhotoRefused(ImageRefused):
    """A person sent something that cannot be staged; the message tells them what to send."""

    unreadable = "This file is not an image that we can read: send a JPEG, PNG or WebP."
    damaged = "This photo is damaged or incomplete: export it again and send the new file."
    too_many_pixels = "This photo has more than {:g} megapixels: send a smaller one."


class PictureRefused(ImageRefused):
    """A model's output that is not a complete picture, or that we cannot write as asked."""

    unreadable = "The model's output is not a JPEG, PNG or WebP picture."
    damaged = "The model's output is a damaged or incomplete picture."
    too_many_pixels = "The model's output has more than {:g} megapixels, the most that we take."


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedPhoto:
    """A photo as we keep it and send it to models; `sha256` is of this content, not the upload."""

    content: bytes = field(repr=False)
    width: int
    height: int
    format: str
    content_type: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An encoded picture and its facts: format "jpeg", "png" or "webp", extension ".jpg", …"""

    content: bytes = field(repr=False)
    width: int
    height: int
    format: str
    content_type: str
    extension: str
    sha256: str


def normalise_photo(content: bytes) -> NormalisedPhoto:
    """Return the photo upright, in sRGB, opaque, at most MAX_SIDE long, as JPEG without metadata.

    Of an animation or a burst this is the first frame. The same bytes give the same photo.
    Raises PhotoRefused.
    """
    if not content:
        raise PhotoRefused("This file is empty: send a JPEG, PNG or WebP.")
    if len(content) > MAX_BYTES:
        size, most = len(content) / 2**20, MAX_BYTES / 2**20
        raise PhotoRefused(f"This file has {size:.1f} MB; we take at most {most:g} MB.")
    image = _read_pixels(content, refusal=PhotoRefused, side=MAX_SIDE)
    # Full chroma: another model will look at these pixels, and most uploads lost half of theirs.
    encoded = _encode(image, encoding="jpeg", quality=_PHOTO_QUALITY, subsampling="4:4:4")
    return NormalisedPhoto(
        content=encoded,
        width=image.width,
        height=image.height,
        format="jpeg",
        content_type="image/jpeg",
        sha256=hashlib.sha256(encoded).hexdigest(),
    )


def read_picture(content: bytes, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Return the facts of a model's output, after decoding all of it; the bytes stay as they are.

    Raises PictureRefused for anything but a complete JPEG, PNG or WebP.
    """
    image = _decode(content, refusal=PictureRefused, max_pixels=max_pixels)
    return _describe(content, image, encoding=_FORMATS[image.format or ""])


def finish_picture(
    content: bytes,
    *,
    aspect_ratio: str | None,
    output_format: str | None,
    quality: int | None,
    disclosure: str | None,
) -> Picture:
    """Carry out on a model's output what was asked of us and not of the model.

    `aspect_ratio` ("16:9") crops around the centre; None and "match_input_image" do not.
    `output_format` is webp, png, jpg or jpeg. `disclosure` is drawn in the lower left corner, in a
    font that has Latin letters only. Nothing to do returns the same bytes; a picture that is
    encoded again says in XMP that it was made with a model, and says nothing else.

    Raises PictureRefused, and ValueError for a ratio, format or quality that does not exist.
    """
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality is {quality}: it must be from 1 to 100.")
    picture = read_picture(content)
    written = _parse_format(output_format) if output_format else picture.format
    box = _crop_box(picture.width, picture.height, ratio=_parse_ratio(aspect_ratio))
    label = " ".join((disclosure or "").split())
    lossless = written == "png"
    if not (box or label or written != picture.format or (quality and not lossless)):
        return picture

    image = _read_pixels(content, refusal=PictureRefused)
    if box:
        image = image.crop(box)
    if label:
        _draw_label(image, label)
    encoded = _encode(image, encoding=written, quality=quality or _PICTURE_QUALITY)
    return _describe(mark_as_generated(encoded), image, encoding=written)


def make_thumbnail(content: bytes, *, side: int = 480) -> Picture:
    """Return the picture as a WebP that fits a square of `side` pixels; never enlarged.

    Raises PictureRefused.
    """
    image = _flatten(_read_pixels(content, refusal=PictureRefused, side=side))
    encoded = _encode(image, encoding="webp", quality=_THUMBNAIL_QUALITY)
    return _describe(encoded, image, encoding="webp")


def mark_as_generated(content: bytes) -> bytes:
    """Say in the picture's XMP that a model had a part in it; no pixel changes.

    Replaces XMP that is there, unless that (or a C2PA manifest, which a change of any byte would
    make invalid) already says where the picture came from: then the bytes stay as they are.
    Raises PictureRefused where the file's parts are not in order.
    """
    if b"DigitalSourceType" in content or b"c2pa.claim" in content:
        return content
    try:
        return provenance.embed(content)
    except provenance.UnknownContainer:
        raise PictureRefused(PictureRefused.unreadable) from None
    except _PILLOW_ERRORS as error:
        raise PictureRefused(PictureRefused.damaged) from error


def _describe(content: bytes, image: Image.Image, *, encoding: str) -> Picture:
    return Picture(
        content=content,
        width=image.width,
        height=image.height,
        format=encoding,
        content_type=f"image/{encoding}",
        extension=_EXTENSIONS[encoding],
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _decode(
    content: bytes,
    *,
    refusal: type[ImageRefused],
    max_pixels: int = MAX_PIXELS,
    side: int | None = None,
) -> Image.Image:
    """Return the first frame as the file has it; a JPEG much longer than `side` at a fraction."""
    try:
        image = _open(content)
        if image.width * image.height > max_pixels:
            raise refusal(refusal.too_many_pixels.format(max_pixels / 1e6))
        # Reads a PNG's checksums to the end, which loading does not; leaves the image unusable.
        image.verify()
        image = _open(content)
        if side:
            image.draft(None, _fit(image.size, side=side))
        image.load()
    except ImageRefused:
        raise
    except UnidentifiedImageError as error:
        raise refusal(refusal.unreadable) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise refusal(refusal.too_many_pixels.format(max_pixels / 1e6)) from error
    except _PILLOW_ERRORS as error:
        raise refusal(refusal.damaged) from error
    return image


def _open(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP"))


def _fit(size: tuple[int, int], *, side: int) -> tuple[int, int]:
    longest = max(*size, side)
    return max(1, size[0] * side // longest), max(1, size[1] * side // longest)


def _read_pixels(
    content: bytes, *, refusal: type[ImageRefused], side: int | None = None
) -> Image.Image:
    """Return the image upright, in sRGB, RGB or RGBA, without metadata, at most `side` long."""
    image = _decode(content, refusal=refusal, side=side)
    try:
        turn = _find_turn(image)
        profile = image.info.get("icc_profile")
        image = _to_eight_bits(image)
        # Before anything else, which then handles fewer pixels.
        if side:
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
        image = _to_srgb(image, profile)
        if turn is not None:
            image = image.transpose(turn)
    except _PILLOW_ERRORS as error:
        raise refusal(refusal.damaged) from error
    # Pillow's writers copy comments and profiles from here.
    image.info = {}
    return image


def _find_turn(image: Image.Image) -> Image.Transpose | None:
    """Return what makes the image upright; None where it is, or its EXIF is broken."""
    try:
        orientation = image.getexif().get(_EXIF_ORIENTATION)
    except _PILLOW_ERRORS:
        return None
    return _TURNS.get(orientation) if isinstance(orientation, int) else None


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Return L, LA, RGB, RGBA or CMYK: the modes that can be resized and colour-managed."""
    if image.mode.startswith("I"):
        # convert("L") clips at 255 where it should divide.
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in {"L", "RGB", "CMYK"} and not image.has_transparency_data:
        return image
    if image.mode in {"LA", "RGBA"}:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    colours = image.convert(image.mode[:-1]) if alpha else image
    converted = _apply_profile(colours, profile) if profile else None
    result = converted or colours.convert("RGB")
    if alpha:
        result.putalpha(alpha)
    return result


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Return the image in sRGB, or None where the profile is broken or of another kind."""
    try:
        return ImageCms.profileToProfile(
            image, BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except _PILLOW_ERRORS:
        return None


def _flatten(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


def _encode(
    image: Image.Image,
    *,
    encoding: str,
    quality: int,
    subsampling: str = "4:2:0",
) -> bytes:
    if encoding == "webp" and max(image.size) > _WEBP_MAX_SIDE:
        raise PictureRefused(
            f"A WebP is at most {_WEBP_MAX_SIDE} pixels wide and high; this picture is"
            f" {image.width} by {image.height}: choose png or jpg."
        )
    encoded = BytesIO()
    if encoding == "jpeg":
        _flatten(image).save(
            encoded, "JPEG", quality=quality, subsampling=subsampling, optimize=True
        )
    elif encoding == "webp":
        image.save(encoded, "WEBP", quality=quality)
    else:
        image.save(encoded, "PNG")
    return encoded.getvalue()


def _parse_format(name: str) -> str:
    name = "jpeg" if name == "jpg" else name
    if name not in _EXTENSIONS:
        raise ValueError(f"output_format is {name!r}: it must be webp, png or jpg.")
    return name


def _parse_ratio(text: str | None) -> tuple[int, int] | None:
    if text is None or text == "match_input_image":
        return None
    match = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", text)
    if not match:
        raise ValueError(f'aspect_ratio is {text!r}: it must be as "16:9", or match_input_image.')
    return int(match[1]), int(match[2])


def _crop_box(
    width: int, height: int, *, ratio: tuple[int, int] | None
) -> tuple[int, int, int, int] | None:
    """Return the largest centred box of that ratio, or None when the picture is that box."""
    if ratio is None:
        return None
    across, down = ratio
    kept_width = min(width, max(1, round(height * across / down)))
    kept_height = min(height, max(1, round(width * down / across)))
    if (kept_width, kept_height) == (width, height):
        return None
    left, top = (width - kept_width) // 2, (height - kept_height) // 2
    return left, top, left + kept_width, top + kept_height


def _draw_label(image: Image.Image, text: str) -> None:
    """Draw white text on a dark, half-transparent pill, as high as 5 % of the short side."""
    size = max(12.0, min(image.size) * 0.028)
    font = ImageFont.load_default(size)
    width_at_size = font.getlength(text) + 2.6 * size
    if width_at_size > image.width:
        size = max(1.0, size * image.width / width_at_size)
        font = ImageFont.load_default(size)

    width, height = round(font.getlength(text) + 1.6 * size), round(1.8 * size)
    margin = round(size / 2)
    left, top = margin, max(0, image.height - margin - height)

    # Drawn four times as large and shrunk: Pillow does not smooth the edges of its shapes.
    pill = Image.new("L", (width * 4, height * 4))
    ImageDraw.Draw(pill).rounded_rectangle((0, 0, width * 4 - 1, height * 4 - 1), height * 2, 160)
    image.paste("black", (left, top), pill.resize((width, height), Image.Resampling.BOX))
    letters = Image.new("L", (width, height))
    ImageDraw.Draw(letters).text((width / 2, height / 2), text, 255, font, anchor="mm")
    image.paste("white", (left, top), letters)
