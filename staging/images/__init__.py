"""Photos that people send and pictures that models make: bytes in, bytes or facts out.

normalising   an uploaded photo becomes a photo as we keep it
pictures      pictures of models: checked, finished as requested, shrunk to thumbnails
containers    the parts of a file: counted, and without those that its picture does not need
refusals      reasons for refusing a file: exceptions of Pillow and libheif do not leave the package
memory        the memory that all threads of a process together may take for decoding
"""

from staging.images.memory import TooManyWaiting
from staging.images.normalising import normalise_photo
from staging.images.photos import MAX_BYTES, MAX_SIDE, NormalisedPhoto, Original
from staging.images.pictures import (
    count_pixels,
    finish_picture,
    make_thumbnail,
    mark_as_generated,
    read_picture,
)
from staging.images.reading import MAX_PIXELS
from staging.images.refusals import ImageRefused, PhotoRefused, PictureRefused
from staging.images.writing import Picture

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "ImageRefused",
    "NormalisedPhoto",
    "Original",
    "PhotoRefused",
    "Picture",
    "PictureRefused",
    "TooManyWaiting",
    "count_pixels",
    "finish_picture",
    "make_thumbnail",
    "mark_as_generated",
    "normalise_photo",
    "read_picture",
]
