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

    An animation or a burst gives its first frame. The same bytes give the same photo. The thread
    waits until there is memory to decode the file, behind at most `most_waiting` other threads.
    Raises PhotoRefused and TooManyWaiting.
    """
    file = as_file(photo)
    measure(file)
    with DECODING.hold(lambda: weigh(file), most_waiting=most_waiting) as weight:
        return normalise_apart(file) if weight > DECODING.total else normalise(file)
