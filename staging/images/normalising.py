"""Photos and pictures made ready in a process apart, within the memory that there is for each."""

from typing import IO

from staging.images.apart import decode_apart
from staging.images.memory import PHOTOS, PICTURES, Patience
from staging.images.photos import NormalisedPhoto, Original, measure
from staging.images.pictures import ReadyPicture, parse_wishes
from staging.images.reading import as_file
from staging.images.refusals import PhotoRefused, PictureRefused


def normalise_photo(
    photo: bytes | IO[bytes], *, account: object = None, patience: Patience | None = None
) -> NormalisedPhoto:
    """Return the photo upright, in sRGB, opaque, at most MAX_SIDE long, as JPEG without metadata.

    An animation or a burst gives its first frame. The same bytes give the same photo. The photos of
    an account take turns with those of others; without `patience` one waits as long as it takes.
    Raises PhotoRefused and TooManyWaiting.
    """
    file = as_file(photo)
    measure(file)
    answer = decode_apart(
        file,
        "photo",
        {},
        budget=PHOTOS,
        refusal=PhotoRefused,
        account=account,
        patience=patience,
    )
    content, thumbnail = answer.files
    original = Original(**answer.facts.pop("original"))
    return NormalisedPhoto(content=content, thumbnail=thumbnail, original=original, **answer.facts)


def prepare_picture(
    content: bytes,
    *,
    aspect_ratio: str | None,
    output_format: str | None,
    quality: int | None,
    disclosure: str | None,
) -> ReadyPicture:
    """Check a model's output, finish it as asked (`finish_picture`), mark it, and shrink it.

    Raises PictureRefused for anything but a complete JPEG, PNG or WebP, and ValueError for a ratio,
    format or quality that does not exist.
    """
    parse_wishes(aspect_ratio, output_format, quality)
    asked = {
        "aspect_ratio": aspect_ratio,
        "output_format": output_format,
        "quality": quality,
        "disclosure": disclosure,
    }
    answer = decode_apart(
        as_file(content), "picture", asked, budget=PICTURES, refusal=PictureRefused
    )
    ready, thumbnail = answer.files
    return ReadyPicture(content=ready, thumbnail=thumbnail, **answer.facts)
