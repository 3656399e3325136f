"""Converts pixels of any colour space to sRGB, by the profile that the file carries."""

import struct
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

from staging.images.refusals import PILLOW_ERRORS

# A space's red, green and blue as XYZ, adapted to the white of ICC profiles (D50, by Bradford).
_DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.784))
_BT_2020 = ((0.67348, 0.27904, -0.00193), (0.16566, 0.67534, 0.02998), (0.12505, 0.04561, 0.79686))
# Colour primaries of a HEIC without a profile: ITU-T H.273, table 2. All others are near sRGB's.
_NCLX_PRIMARIES = {9: _BT_2020, 11: _DISPLAY_P3, 12: _DISPLAY_P3}


def find_profile(info: dict[Any, Any]) -> bytes | None:
    """Return the colour profile that a file carries, or that it names by a number as HEIC may."""
    embedded: bytes | None = info.get("icc_profile")
    nclx = info.get("nclx_profile") or {}
    return embedded or _profile_of(nclx.get("color_primaries"))


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return L, LA, RGB, RGBA or CMYK: the modes that can be resized and colour-managed."""
    if image.mode.startswith("I"):
        # convert("L") clips at 255 where it should divide.
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in {"L", "RGB", "CMYK"} and not image.has_transparency_data:
        return image
    if image.mode in {"LA", "RGBA"}:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return RGB or RGBA in sRGB.

    Without a profile, or with a broken one, the colours are taken for sRGB.
    """
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    colours = image.convert(image.mode[:-1]) if alpha else image
    converted = _apply_profile(colours, profile) if profile else None
    result = converted or colours.convert("RGB")
    if alpha:
        result.putalpha(alpha)
    return result


def flatten(image: Image.Image) -> Image.Image:
    """Return the image opaque, on white."""
    if image.mode not in {"LA", "RGBA"}:
        return image
    canvas = Image.new(image.mode[:-1], image.size, "white")
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Return the image in sRGB, or None where the profile is broken or of another kind."""
    try:
        return ImageCms.profileToProfile(
            image, BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except PILLOW_ERRORS:
        return None


@cache
def _profile_of(primaries: int | None) -> bytes | None:
    """Return an ICC profile (ICC.1:2010, version 4) of the primaries, with sRGB's curve."""
    if primaries not in _NCLX_PRIMARIES:
        return None
    tags = {b"wtpt": _xyz(0.9642, 1.0, 0.8249)}
    for name, values in zip("rgb", _NCLX_PRIMARIES[primaries], strict=True):
        tags[f"{name}XYZ".encode()] = _xyz(*values)
        # The third kind of parametric curve: ((X + 0.055) / 1.055) ^ 2.4 above 0.04045.
        curve = _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
        tags[f"{name}TRC".encode()] = b"para\0\0\0\0\0\3\0\0" + curve
    table, bodies = struct.pack(">I", len(tags)), b""
    begin = 128 + 4 + 12 * len(tags)
    for tag, body in tags.items():
        table += struct.pack(">4sII", tag, begin + len(bodies), len(body))
        bodies += body
    header = struct.pack(">I4xI4s4s4s12x4s28x", begin + len(bodies), 0x04200000, b"mntr", b"RGB ",
                         b"XYZ ", b"acsp")  # fmt: skip
    return (header + _fixed(0.9642, 1.0, 0.8249)).ljust(128, b"\0") + table + bodies


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)
