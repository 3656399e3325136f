"""ICC profiles that files carry: converting pixels by one, and telling that it is one of HDR."""

import re
import struct
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageCms

from staging.images.code_points import HDR_CURVES
from staging.images.refusals import PILLOW_ERRORS

# As Apple, Adobe, Skia, libjxl ("PeQ") and the W3C's note on PQ in PNG call their profiles.
_NAMES = {
    "PQ": re.compile(r"2100\W?PQ|(?<![A-Z])PQ(?![A-Z])|\bPeQ\b|_PeQ|2084", re.IGNORECASE),
    "HLG": re.compile(r"HLG|Hybrid.?Log", re.IGNORECASE),
}
# What a profile makes of middle grey, in sRGB: 128 for sRGB's own curve, 106 for a gamma of 2.8, 82
# for HLG, 26 for PQ.
_DARKEST_SDR_GREY = 90
_LIGHTEST_PQ_GREY = 50
_MOST_TAGS = 200


def apply_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Return the image in sRGB, or None where the profile is broken or of another kind."""
    try:
        return ImageCms.profileToProfile(
            image, BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except PILLOW_ERRORS:
        return None


def find_hdr_curve(profile: bytes) -> str | None:
    """Return "PQ" or "HLG" for a profile of that curve; None for all others and broken ones.

    By the code points of its tag `cicp` (ICC.1:2022, 9.2.17), or else its name, or else by what it
    makes of grey: a profile of HDR has one or more of them.
    """
    for tag, body in _read_tags(profile):
        # Signature, four reserved bytes, primaries, transfer, matrix, range flag.
        if tag == b"cicp" and len(body) >= 12 and body[9] in HDR_CURVES:
            return HDR_CURVES[body[9]]
    name = _read_name(profile)
    for curve, pattern in _NAMES.items():
        if pattern.search(name):
            return curve
    return _find_curve_by_grey(profile)


def _find_curve_by_grey(profile: bytes) -> str | None:
    """Judge displays' profiles alone: grey on paper may be as dark without HDR."""
    mode = {b"RGB ": "RGB", b"GRAY": "L"}.get(profile[16:20])
    if mode is None or profile[12:16] not in {b"mntr", b"spac"}:
        return None
    converted = apply_profile(Image.new(mode, (1, 1), "#808080"), profile)
    grey = converted.getpixel((0, 0)) if converted else None
    if not isinstance(grey, tuple) or grey[1] >= _DARKEST_SDR_GREY:
        return None
    return "PQ" if grey[1] < _LIGHTEST_PQ_GREY else "HLG"


def _read_name(profile: bytes) -> str:
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile)))
    except PILLOW_ERRORS:
        return ""


def _read_tags(profile: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the tags of a profile and their bodies (ICC.1, 7.3); of a broken one, what it has."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        for number in range(min(count, _MOST_TAGS)):
            tag, begin, size = struct.unpack_from(">4sII", profile, 132 + 12 * number)
            yield tag, profile[begin : begin + size]
    except struct.error:
        return
