"""Normalises photos, within the memory that a process has for decoding."""

from typing import IO

from staging.images.apart import normalise_apart
from staging.images.memory import DECODING
from staging.images.photos import NormalisedPhoto, measure, normalise, weigh
from staging.images.reading import as_file


def normalise_photo(
    photo: bytes | IO[bytes], *, most_waiting: int | None = None
) -> NormalisedPhoto:
    """Return the photo upright, in sRGB, opaque, at most MAX_SIDE long, as JPEG without metadata.

    Of an animation or a burst this is the first frame. The same bytes give the same photo. A file
    is read only once there is memory to decode it: until then its thread waits,
    behind `most_waiting` others at most. Raises PhotoRefused and TooManyWaiting.
    """
    file = as_file(photo)
    measure(file)
    with DECODING.hold(lambda: weigh(file), most_waiting=most_waiting) as weight:
        return normalise_apart(file) if weight > DECODING.total else normalise(file)
