"""Refusals of image files, in sentences for a person.

ImageRefused
├── PhotoRefused      of an upload, and a RequestRefused; the message is for its sender
└── PictureRefused    of a model's output; the message is for the operator
"""

import re
import struct
import zlib
from typing import ClassVar

from PIL import Image, ImageCms

from modelsettings.errors import RequestRefused

# The exceptions that Pillow's readers have been seen to raise on damaged files. Warning is one of
# them because a process may turn warnings into exceptions, as our tests do.
PILLOW_ERRORS: tuple[type[Exception], ...] = (
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

_SEND = "send a JPEG, PNG, WebP or HEIC"
_DRAWING = f"An SVG is a drawing, not a photo: {_SEND}."
_ARCHIVE = "This file is a ZIP archive: unpack it and send its photos, or send it as a batch."
_DOCUMENT = f"This file is a PDF: export the photo from it and {_SEND}."
_VIDEO = f"This file is a video: {_SEND}."

_SVG = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)", re.IGNORECASE)
# Brands of ISO base media files (mp4ra.org) that hold films; "qt  " is QuickTime, as cameras write.
_FILM_BRANDS = (b"isom", b"iso2", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4VH",
                b"M4VP", b"qt  ", b"3gp4", b"3gp5", b"3gp6", b"dash", b"XAVC", b"MSNV")  # fmt: skip


class ImageRefused(Exception):
    """A file that we do not take; the message says why, in a sentence."""

    unreadable: ClassVar[str]
    damaged: ClassVar[str]
    hdr: ClassVar[str]
    too_much: ClassVar[str]
    too_slow: ClassVar[str]
    too_heavy: ClassVar[str]


class PhotoRefused(ImageRefused, RequestRefused):
    """An upload that cannot be staged; the message tells its sender what to send instead."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="image")

    empty = f"This file is empty: {_SEND}."
    unreadable = f"This file is not an image that we can read: {_SEND}."
    damaged = "This photo is damaged or incomplete: export it again and send the new file."
    hdr = "This photo is HDR ({}): export it as an SDR JPEG in sRGB or Display P3 and send that."
    too_much = "This photo consists of {}: export it again as a JPEG and send that."
    too_slow = "This photo takes too long to read: export it again as a JPEG and send that."
    too_heavy = "This photo takes too much memory to read: export it again as a JPEG and send that."


class PictureRefused(ImageRefused):
    """A model's output that is no complete picture, or that we cannot write as requested."""

    unreadable = "The model's output is not a JPEG, PNG or WebP picture."
    damaged = "The model's output is a damaged or incomplete picture."
    hdr = (
        "The model's output is HDR ({}), which we keep as it comes, but cannot crop, label or"
        " convert."
    )
    too_much = "The model's output consists of {}, which would take too long to read."
    too_slow = "The model's output takes too long to read."
    too_heavy = "The model's output takes too much memory to read."
    too_many_pixels = "The model's output has {:,.1f} megapixels; we take at most {:g}."


def why_no_photo(beginning: bytes) -> str:
    """Return the sentence for a file that is no photo, by its first bytes.

    >>> why_no_photo(b"%PDF-1.7")
    'This file is a PDF: export the photo from it and send a JPEG, PNG, WebP or HEIC.'
    """
    if _SVG.match(beginning) and b"<svg" in beginning.lower():
        return _DRAWING
    if beginning.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _ARCHIVE
    if beginning.startswith(b"%PDF-"):
        return _DOCUMENT
    if _is_film(beginning):
        return _VIDEO
    return PhotoRefused.unreadable


def _is_film(beginning: bytes) -> bool:
    if beginning[4:8] == b"ftyp":
        return beginning[8:12] in _FILM_BRANDS
    is_avi = beginning.startswith(b"RIFF") and beginning[8:12] == b"AVI "
    # Matroska and WebM begin with EBML's own mark.
    return is_avi or beginning.startswith(b"\x1a\x45\xdf\xa3")
