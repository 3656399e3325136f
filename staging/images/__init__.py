"""Photos that people send and pictures that models make: bytes in, bytes or facts out.

normalising     an uploaded photo becomes a photo as we keep it, a model's output a picture
apart           has that done by the decoder: another process, which forks a child for each file
decoder         that process, and what a child does with its file
memory          the memory that a process may have taken for decoding, and whose turn it is
photos          uploads: the photo that we keep of one
pictures        pictures of models: checked, finished as requested, shrunk to thumbnails
provenance      the mark in a picture's file that a model had a part in it
reading         a file becomes pixels: its parts are found, then weighed, decoded, and made sRGB
writing         pixels become a file
containers      the parts of a file: counted, and without those that its picture does not need
weights         the memory that an image takes, and how many pixels it may have
refusals        reasons for refusing a file: no exception of Pillow or libheif leaves the package
colours         pixels become sRGB, by what their file claims
colour_claims   finds all that a file says of its colours, and decides what holds
icc_profiles    converts pixels by a profile, and tells one of HDR
code_points     reads the numbers of ITU-T H.273 in a PNG, HEIC or AVIF
colour_spaces   builds the profile of a space that a file names without one
shapes labels   the box of a crop; words drawn on a picture
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
