"""Photos that people send and pictures that models make: bytes in, bytes or facts out.

normalising   an uploaded photo becomes a photo as we keep it, a model's output a picture
pictures      pictures of models: checked, finished as requested, shrunk to thumbnails
containers    the parts of a file: counted, and without those that its picture does not need
refusals      reasons for refusing a file: exceptions of Pillow and libheif do not leave the package
memory        the memory that a process may have taken for decoding, and whose turn it is
apart         the decoder: another process, which forks a child for each file
"""

from staging.images.memory import Patience, TooManyWaiting
from staging.images.normalising import normalise_photo, prepare_picture
from staging.images.photos import MAX_BYTES, MAX_SIDE, NormalisedPhoto, Original
from staging.images.pictures import ReadyPicture
from staging.images.refusals import ImageRefused, PhotoRefused, PictureRefused

__all__ = [
    "MAX_BYTES",
    "MAX_SIDE",
    "ImageRefused",
    "NormalisedPhoto",
    "Original",
    "Patience",
    "PhotoRefused",
    "PictureRefused",
    "ReadyPicture",
    "TooManyWaiting",
    "normalise_photo",
    "prepare_picture",
]
