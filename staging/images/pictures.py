"""Pictures that models make: checked, finished as requested, marked as generated."""

import hashlib
from dataclasses import dataclass, field
from typing import IO

from PIL import Image

from staging.images import provenance
from staging.images.containers import Broken
from staging.images.labels import draw_label
from staging.images.reading import as_file, decode, read_header, read_pixels
from staging.images.refusals import PictureRefused
from staging.images.shapes import crop_box, parse_format, parse_ratio
from staging.images.writing import THUMBNAIL_SIDE, Picture, describe, encode, encode_thumbnail

_QUALITY = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyPicture:
    """A picture as it is stored, and its facts: format "jpeg", "png" or "webp", extension ".jpg".

    `made_pixels` are those of the model's output, before any crop of ours; `thumbnail` is a WebP.
    """

    content: bytes = field(repr=False)
    thumbnail: bytes = field(repr=False)
    width: int
    height: int
    format: str
    extension: str
    sha256: str
    made_pixels: int


def weigh(file: IO[bytes]) -> int:
    """Return the bytes of memory that finishing a model's output takes. Raises PictureRefused."""
    return read_header(file, refusal=PictureRefused).weight


def make_ready(
    content: bytes,
    *,
    aspect_ratio: str | None,
    output_format: str | None,
    quality: int | None,
    disclosure: str | None,
) -> ReadyPicture:
    """Finish a model's output, mark it and shrink it, in this process. Raises PictureRefused."""
    header = read_header(as_file(content), refusal=PictureRefused)
    picture = finish_picture(
        content,
        aspect_ratio=aspect_ratio,
        output_format=output_format,
        quality=quality,
        disclosure=disclosure,
    )
    marked = mark_as_generated(picture.content)
    return ReadyPicture(
        content=marked,
        thumbnail=make_thumbnail(marked).content,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        extension=picture.extension,
        sha256=hashlib.sha256(marked).hexdigest(),
        made_pixels=header.width * header.height,
    )


def read_picture(content: bytes) -> Picture:
    """Return the facts of a model's output after decoding all of it; its bytes do not change.

    Raises PictureRefused for anything but a complete JPEG, PNG or WebP.
    """
    header = read_header(as_file(content), refusal=PictureRefused)
    decode(as_file(content), refusal=PictureRefused)
    return describe(content, (header.width, header.height), encoding=header.format)


def finish_picture(
    content: bytes,
    *,
    aspect_ratio: str | None,
    output_format: str | None,
    quality: int | None,
    disclosure: str | None,
) -> Picture:
    """Carry out on a model's output what we do ourselves rather than the model.

    `aspect_ratio` ("16:9") crops around the centre; None and "match_input_image" do not crop.
    `output_format` is webp, png, jpg or jpeg. `disclosure` is drawn in the lower left corner; its
    schema allows only letters that the font has. Where nothing is to be done, the same bytes come
    back. A picture that is encoded again keeps no metadata; its XMP says only that it was made with
    a model.

    Raises PictureRefused, and ValueError for a ratio, format or quality that does not exist.
    """
    ratio, encoding = parse_wishes(aspect_ratio, output_format, quality)
    label = " ".join((disclosure or "").split())
    header = read_header(as_file(content), refusal=PictureRefused)
    encoding = encoding or header.format
    box = crop_box(header.width, header.height, ratio=ratio)
    is_quality_asked = quality is not None and encoding != "png"
    if not (box or label or encoding != header.format or is_quality_asked):
        return read_picture(content)
    image = _carry_out(content, box=box, label=label)
    encoded = encode(image, encoding=encoding, quality=quality or _QUALITY)
    return describe(mark_as_generated(encoded), image.size, encoding=encoding)


def parse_wishes(
    aspect_ratio: str | None, output_format: str | None, quality: int | None
) -> tuple[tuple[int, int] | None, str | None]:
    """Return the ratio and the format. Raises ValueError where one or the quality is none."""
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality is {quality}: it must be from 1 to 100.")
    return parse_ratio(aspect_ratio), parse_format(output_format) if output_format else None


def make_thumbnail(content: bytes, *, side: int = THUMBNAIL_SIDE) -> Picture:
    """Return the picture as a WebP that fits a square of `side` pixels; never enlarged.

    Raises PictureRefused.
    """
    # The picture is kept as it is: a thumbnail of wrong colours is better than its loss.
    image = read_pixels(as_file(content), refusal=PictureRefused, side=side, allows_hdr=True)
    return encode_thumbnail(image, side=side)


def mark_as_generated(content: bytes) -> bytes:
    """Say in the picture's XMP that a model had a part in it; no pixel changes.

    The mark replaces the XMP that the file has. Where that XMP already says how the picture came
    about, or a C2PA manifest does (which a change of any byte would make invalid), the bytes stay
    as they are. Raises PictureRefused where the file's structure is broken.
    """
    if b"DigitalSourceType" in content or b"c2pa.claim" in content:
        return content
    try:
        return provenance.embed(content)
    except provenance.UnknownContainer:
        raise PictureRefused(PictureRefused.unreadable) from None
    except Broken as error:
        raise PictureRefused(PictureRefused.damaged) from error


def _carry_out(content: bytes, *, box: tuple[int, int, int, int] | None, label: str) -> Image.Image:
    image = read_pixels(as_file(content), refusal=PictureRefused)
    if box:
        image = image.crop(box)
    if label:
        draw_label(image, label)
    return image
