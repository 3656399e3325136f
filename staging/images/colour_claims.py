"""Reads what a file says of its colours, and decides what holds where it says several things.

docs/photos.md, "Colours", has the table.
"""

from typing import IO, NamedTuple

from PIL import ExifTags, Image

from staging.images.code_points import read_code_points
from staging.images.colour_spaces import (
    ADOBE_RGB,
    ADOBE_RGB_CURVE,
    SRGB,
    SRGB_CURVE,
    Primaries,
    build_profile,
)
from staging.images.icc_profiles import find_hdr_curve
from staging.images.refusals import PILLOW_ERRORS

# From where on libpng (pngpriv.h, png.c) takes a gamma, or a chromaticity, for another one.
_GAMMA_TOLERANCE = 0.05
_CHROMATICITY_TOLERANCE = 0.01
# gAMA's values that some device may have; 0.45455 is the usual one.
_GAMMAS = (0.1, 10.0)
_USUAL_GAMMA = 1 / 2.2

_EXIF_SRGB, _EXIF_ADOBE_RGB = 1, 2


class ColourClaims(NamedTuple):
    """The colours of a file, as far as they are not sRGB.

    `embedded` is its own ICC profile, which may be broken. `named` is an ICC profile of what the
    file says otherwise, for pixels of red, green and blue, or grey. `hdr` is "PQ" or "HLG".
    """

    embedded: bytes | None
    named: bytes | None
    hdr: str | None
    is_narrow_range: bool


def find_claims(image: Image.Image, file: IO[bytes]) -> ColourClaims:
    """Return what a file says of its colours; `image` is what Pillow or libheif read of it."""
    embedded: bytes | None = image.info.get("icc_profile") or None
    points = read_code_points(file)
    hdr = (points.hdr if points else None) or (find_hdr_curve(embedded) if embedded else None)
    # A PNG's pixels are red, green and blue, of no matrix (PNG, third edition, 11.3.2.6).
    is_png = image.format == "PNG"
    if points and is_png and points.matrix:
        points = None
    # Encoders of HEIF and AVIF say sRGB of whatever they are given: there it is no word against
    # EXIF.
    if points and (points.profile or (is_png and points.is_specified)):
        named = points.profile
    elif "srgb" in image.info:
        named = None
    elif "gamma" in image.info or "chromaticity" in image.info:
        named = _name_older_chunks(image.info.get("gamma"), image.info.get("chromaticity"))
    else:
        named = _name_exif(image)
    # Readers of HEIF and AVIF have widened the range already.
    is_narrow = is_png and points is not None and not points.is_full_range
    return ColourClaims(embedded, named, hdr, is_narrow)


def _name_older_chunks(
    gamma: float | None, chromaticities: tuple[float, ...] | None
) -> bytes | None:
    """Return the profile of a PNG's gAMA and cHRM; None where they are near sRGB's, or absurd."""
    curve, is_usual = SRGB_CURVE, True
    if gamma and _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        curve = (1 / gamma,)
        is_usual = abs(gamma / _USUAL_GAMMA - 1) < _GAMMA_TOLERANCE
    if chromaticities:
        white, red, green, blue = zip(chromaticities[::2], chromaticities[1::2], strict=True)
        primaries = Primaries(red, green, blue, white)
        if not _is_near_srgb(primaries) and (profile := build_profile(primaries, curve)):
            return profile
    return None if is_usual else build_profile(SRGB, curve)


def _is_near_srgb(primaries: Primaries) -> bool:
    return all(
        abs(value - usual) < _CHROMATICITY_TOLERANCE
        for point, usual_point in zip(primaries, SRGB, strict=True)
        for value, usual in zip(point, usual_point, strict=True)
    )


def _name_exif(image: Image.Image) -> bytes | None:
    """Return the profile of Adobe RGB where EXIF says so as cameras do.

    DCF 2.0 knows two kinds of files: R98 is sRGB, R03 Adobe RGB with a colour space of 65535,
    "uncalibrated", which alone says nothing. 2 is in no standard, but cameras write it for Adobe
    RGB, and darktable, GIMP and Geeqie read it so.
    """
    try:
        exif = image.getexif()
        space = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace)
        index = exif.get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex)
    except PILLOW_ERRORS:
        return None
    if isinstance(index, bytes):
        index = index.decode(errors="replace")
    rule = str(index or "").strip("\0 ")
    if space == _EXIF_SRGB or rule == "R98":
        return None
    if space == _EXIF_ADOBE_RGB or rule == "R03":
        return build_profile(ADOBE_RGB, ADOBE_RGB_CURVE)
    return None
