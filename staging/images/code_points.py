"""Code points of ITU-T H.273 as files carry them: in PNG's cICP, and HEIF's and AVIF's nclx.

Both are read from the file's own structure: Pillow reads neither, and pillow_heif shows no nclx
beside an ICC profile. Broken structure reads as no code points.
"""

import struct
import zlib
from functools import cache
from typing import IO, NamedTuple

from staging.images.colour_spaces import SRGB_CURVE, Curve, Primaries, build_profile
from staging.images.containers import heif, png
from staging.images.containers.parts import Broken, TooMuch, at_most, read_at

# A profile of this name says BT.2100's PQ, whatever is in it: W3C's note "PNG HDR PQ", before cICP.
_PQ_NAME = b"ITUR_2100_PQ_FULL\0"

_UNSPECIFIED = 2
_ILLUMINANT_C = (0.310, 0.316)
# ITU-T H.273, table 2. A number that is not here is taken as sRGB's.
_PRIMARIES = {
    1: Primaries((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    4: Primaries((0.670, 0.330), (0.210, 0.710), (0.140, 0.080), _ILLUMINANT_C),
    5: Primaries((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    6: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _ILLUMINANT_C),
    9: Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    10: Primaries((1, 0), (0, 1), (0, 0), (1 / 3, 1 / 3)),
    11: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
# H.273, table 3, as (g,) or (g, a, b) of colour_spaces; 17 is that of SMPTE ST 428-1. The others
# are taken as sRGB's: those of video (1, 6, 7, 11, 12, 14, 15) are near it, and still pictures that
# name them are meant so; the logarithms (9, 10) are no photo's.
_CURVES: dict[int, Curve] = {
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
    17: (2.6, (52.37 / 48) ** (1 / 2.6), 0.0),
}
HDR_CURVES = {16: "PQ", 18: "HLG"}


class CodePoints(NamedTuple):
    """Numbers of H.273 for the primaries, the transfer curve and the matrix, and the range flag."""

    primaries: int
    transfer: int
    matrix: int
    is_full_range: bool

    @property
    def hdr(self) -> str | None:
        """The name of an HDR curve: "PQ" or "HLG"."""
        return HDR_CURVES.get(self.transfer)

    @property
    def is_specified(self) -> bool:
        return (self.primaries, self.transfer) != (_UNSPECIFIED, _UNSPECIFIED)

    @property
    def profile(self) -> bytes | None:
        """An ICC profile of these colours; None for sRGB, and where nothing is specified."""
        return _profile_of(self.primaries, self.transfer)


def read_code_points(file: IO[bytes]) -> CodePoints | None:
    """Return the code points of a PNG, or of the primary picture of a HEIF or AVIF."""
    beginning = read_at(file, 0, 16)
    try:
        if beginning.startswith(png.SIGNATURE):
            return _read_png(file)
        if heif.is_heif(beginning):
            return _read_heif(file)
    except (Broken, TooMuch):
        return None
    return None


@cache
def _profile_of(primaries: int, transfer: int) -> bytes | None:
    if primaries not in _PRIMARIES:
        primaries = 1
    curve = _CURVES.get(transfer, SRGB_CURVE)
    if primaries == 1 and curve == SRGB_CURVE:
        return None
    return build_profile(_PRIMARIES[primaries], curve)


def _read_png(file: IO[bytes]) -> CodePoints | None:
    """Read cICP, which stands before the pixels (PNG, third edition, 11.3.2.6)."""
    points = None
    for chunk in at_most(png.walk(file), name="chunks"):
        if chunk.kind == b"IDAT":
            break
        if chunk.kind == b"cICP":
            body, checksum = read_at(file, chunk.body, 4), read_at(file, chunk.end - 4, 4)
            if zlib.crc32(b"cICP" + body).to_bytes(4) == checksum:
                primaries, transfer, matrix, is_full_range = body
                return CodePoints(primaries, transfer, matrix, bool(is_full_range))
            break
        if chunk.kind == b"iCCP" and read_at(file, chunk.body, len(_PQ_NAME)) == _PQ_NAME:
            points = CodePoints(9, 16, 0, True)
    return points


def _read_heif(file: IO[bytes]) -> CodePoints | None:
    """Read the nclx that the primary item has: other items are thumbnails, or gain maps of HDR."""
    items = heif.read_items(file)
    for kind, body in items.properties.get(items.primary, []):
        if kind == b"colr" and body[:4] == b"nclx" and len(body) >= 11:
            primaries, transfer, matrix, flags = struct.unpack_from(">HHHB", body, 4)
            return CodePoints(primaries, transfer, matrix, bool(flags & 0x80))
    return None
