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

_FORMATS = "JPEG, PNG, WebP, HEIC, AVIF or TIFF"
_SEND = f"send a {_FORMATS}"
_EXPORT = "export it as a JPEG and send that."
_ARCHIVE = "This file is a ZIP archive: unpack it and send its photos, or send it as a batch."
_VIDEO = f"This file is a video: save a frame of it as a picture, and {_SEND}."

_SVG = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)", re.IGNORECASE)
# By the first bytes of a file.
_BEGINNINGS: dict[bytes, str] = {
    b"PK\x03\x04": _ARCHIVE,
    b"PK\x05\x06": _ARCHIVE,
    b"%PDF-": f"This file is a PDF: export the photo from it and {_SEND}.",
    b"%!PS": f"This file is a PostScript document: {_EXPORT}",
    b"\xc5\xd0\xd3\xc6": f"This file is a PostScript document: {_EXPORT}",
    b"8BPS": f"This is a Photoshop document (PSD): {_EXPORT}",
    b"GIF87a": f"This is a GIF, which has too few colours for a photo: {_SEND}.",
    b"GIF89a": f"This is a GIF, which has too few colours for a photo: {_SEND}.",
    b"\xff\x0a": f"This is a JPEG XL: {_EXPORT}",
    b"\0\0\0\x0cJXL ": f"This is a JPEG XL: {_EXPORT}",
    b"\0\0\0\x0cjP  ": f"This is a JPEG 2000: {_EXPORT}",
    b"\xff\x4f\xff\x51": f"This is a JPEG 2000: {_EXPORT}",
    b"\0\0\1\0": f"This is an icon (ICO), not a photo: {_SEND}.",
    b"FUJIFILMCCD-RAW": f"This is a Fujifilm RAW file (RAF): {_EXPORT}",
    b"IIRO": f"This is an Olympus RAW file (ORF): {_EXPORT}",
    b"IIRS": f"This is an Olympus RAW file (ORF): {_EXPORT}",
    b"MMOR": f"This is an Olympus RAW file (ORF): {_EXPORT}",
    b"IIU\0": f"This is a Panasonic RAW file (RW2): {_EXPORT}",
    b"FOVb": f"This is a Sigma RAW file (X3F): {_EXPORT}",
    b"\0MRM": f"This is a Minolta RAW file (MRW): {_EXPORT}",
    b"II\x1a\0\0\0HEAPCCDR": f"This is a Canon RAW file (CRW): {_EXPORT}",
    # Matroska and WebM begin with EBML's own mark; then the streams of MPEG, and Flash.
    b"\x1a\x45\xdf\xa3": _VIDEO,
    b"\0\0\1\xba": _VIDEO,
    b"\0\0\1\xb3": _VIDEO,
    b"FLV\1": _VIDEO,
    # Windows Media.
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": _VIDEO,
}


class ImageRefused(Exception):
    """A file that we do not take; the message says why, in a sentence."""

    unreadable: ClassVar[str]
    damaged: ClassVar[str]
    hdr: ClassVar[str]
    too_much: ClassVar[str]
    too_slow: ClassVar[str]
    too_heavy: ClassVar[str]
    rare: ClassVar[str]


class PhotoRefused(ImageRefused, RequestRefused):
    """An upload that cannot be staged; the message tells its sender what to send instead."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="image")

    empty = f"This file is empty: {_SEND}."
    unreadable = f"This file is not an image that we can read: {_SEND}."
    damaged = "This photo is damaged or incomplete: export it again and send the new file."
    hdr = "This photo is HDR ({}): export it as an SDR JPEG in sRGB or Display P3 and send that."
    too_much = "This photo consists of {}: export it again as a JPEG and send that."
    rare = "This is a {}: " + _EXPORT
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
    rare = "The model's output is a {}, not an ordinary JPEG, PNG or WebP picture."


def why_no_photo(beginning: bytes) -> str:
    """Return the sentence for a file that is no photo, by its first bytes.

    >>> why_no_photo(b"8BPS\\0\\1")
    'This is a Photoshop document (PSD): export it as a JPEG and send that.'
    """
    if _SVG.match(beginning) and b"<svg" in beginning.lower():
        return f"An SVG is a drawing, not a photo: {_SEND}."
    # An ISO base media file without a picture is a film, as QuickTime's older ones are.
    if beginning[4:12] == b"ftypcrx ":
        return f"This is a Canon RAW file (CR3): {_EXPORT}"
    if beginning[4:8] in {b"ftyp", b"moov", b"mdat", b"wide"}:
        return _VIDEO
    if beginning.startswith(b"RIFF") and beginning[8:12] == b"AVI ":
        return _VIDEO
    if beginning.startswith(b"BM") and beginning[6:10] == bytes(4):
        return f"This is a BMP: {_EXPORT}"
    found = (told for start, told in _BEGINNINGS.items() if beginning.startswith(start))
    return next(found, PhotoRefused.unreadable)
