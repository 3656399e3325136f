"""Photos that people send and pictures that models make: bytes in, bytes or facts out.

normalising   a photo as it comes becomes a photo as we keep it
pictures      what models make: checked, finished as was asked, shrunk to thumbnails
refusals      why a file is not taken: no other exception of Pillow's or libheif's leaves here
memory        what all threads of a process together may take for decoding
"""

from staging.images.memory import TooManyWaiting
from staging.images.normalising import normalise_photo
from staging.images.photos import MAX_BYTES, MAX_SIDE, NormalisedPhoto, Original
from staging.images.pictures import finish_picture, make_thumbnail, mark_as_generated, read_picture
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
    "finish_picture",
    "make_thumbnail",
    "mark_as_generated",
    "normalise_photo",
    "read_picture",
]
