"""Image files that say their colours in every way, and those colours in sRGB by published figures.

The matrices are those that the standards and their authors publish, not made as our code makes its
own.
"""

import math
import struct
import zlib
from collections.abc import Callable, Sequence

from PIL import ExifTags, Image

from staging.images import normalise_photo
from tests.staging.image_files import decode, encode, png_chunk

Pixel = tuple[int, int, int]
Curve = Callable[[float], float]
Matrix = Sequence[Sequence[float]]

# From red, green and blue to XYZ under D65: IEC 61966-2-1, Adobe RGB (1998) 4.3.6, SMPTE EG 432-1,
# ITU-R BT.2020; and from XYZ to sRGB (IEC 61966-2-1).
SRGB = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
ADOBE_RGB = ((0.57667, 0.18556, 0.18823), (0.29734, 0.62736, 0.07529), (0.02703, 0.07069, 0.99134))
DISPLAY_P3 = ((0.48657, 0.26567, 0.19822), (0.22897, 0.69174, 0.07929), (0.0, 0.04511, 1.04394))
BT_2020 = ((0.63696, 0.14462, 0.16888), (0.26270, 0.67800, 0.05930), (0.0, 0.02807, 1.06099))
_TO_SRGB = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))

# Under whatever colours a file claims, the photo of this pixel.
PIXEL: Pixel = (150, 120, 90)
PHOTO = Image.new("RGB", (64, 64), PIXEL)
PNG = encode(PHOTO)


def kept(content: bytes) -> object:
    """Return a pixel of the photo that we keep."""
    return decode(normalise_photo(content).content).getpixel((16, 16))


def power(exponent: float) -> Curve:
    return lambda value: value**exponent


def srgb_curve(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def in_srgb(pixel: Pixel, space: Matrix, curve: Curve = srgb_curve) -> Pixel:
    """Return a pixel of another space in sRGB, by the published formulas."""
    light = [curve(value / 255) for value in pixel]
    xyz = [sum(a * b for a, b in zip(row, light, strict=True)) for row in space]
    linear = [sum(a * b for a, b in zip(row, xyz, strict=True)) for row in _TO_SRGB]
    red, green, blue = (
        12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
        for value in (min(max(value, 0.0), 1.0) for value in linear)
    )
    return round(red * 255), round(green * 255), round(blue * 255)


def pq(value: float) -> float:
    """SMPTE ST 2084: light as a part of 10,000 candelas a square metre."""
    root = value ** (32 / 2523)
    return float((max(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305))


def hlg(value: float) -> float:
    """ITU-R BT.2100, table 5: light of the scene."""
    if value <= 0.5:
        return value**2 / 3
    return float((math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12)


def make_exif(*, space: int | None = None, index: str | None = None) -> Image.Exif:
    exif = Image.Exif()
    # Pillow writes no EXIF into a PNG whose main directory is empty.
    exif[ExifTags.Base.Make] = "Camera"
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    if space is not None:
        inner[ExifTags.Base.ColorSpace] = space
    if index is not None:
        inner[ExifTags.IFD.Interop] = {ExifTags.Interop.InteropIndex: index}
    return exif


def with_chunks(png: bytes, **chunks: bytes) -> bytes:
    """Return a PNG with further chunks behind its header."""
    added = b"".join(png_chunk(name.encode(), body) for name, body in chunks.items())
    return png[:33] + added + png[33:]


def gama(value: float) -> bytes:
    return struct.pack(">I", round(value * 100_000))


def chrm(*white_red_green_blue: float) -> bytes:
    return struct.pack(">8I", *(round(value * 100_000) for value in white_red_green_blue))


def iccp(profile: bytes, *, name: str = "profile") -> bytes:
    return name.encode() + b"\0\0" + zlib.compress(profile)


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def nclx(primaries: int, transfer: int, matrix: int = 6) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, matrix, 0x80))


def make_heic(
    image: Image.Image,
    *,
    colours: Sequence[bytes] = (),
    gain_map: Image.Image | None = None,
    gain_map_colours: Sequence[bytes] = (),
) -> bytes:
    """A HEIC with these boxes `colr`, and with a gain map as phones keep it: an auxiliary picture.

    ISO/IEC 14496-12 and 23008-12; the gain map's kind is Apple's.
    """
    pictures = [(image, [*colours])]
    if gain_map:
        kind = box(b"auxC", bytes(4), b"urn:com:apple:photo:2020:aux:hdrgainmap\0")
        pictures.append((gain_map, [*gain_map_colours, kind]))
    properties: list[bytes] = []
    coded: list[bytes] = []
    associations, entries = b"", b""
    for number, (picture, added) in enumerate(pictures, start=1):
        configuration, content = _code(picture)
        own = [configuration, box(b"ispe", bytes(4), struct.pack(">II", *picture.size)), *added]
        places = range(len(properties) + 1, len(properties) + len(own) + 1)
        associations += struct.pack(">HB", number, len(own)) + bytes(places)
        properties += own
        entries += box(b"infe", struct.pack(">B3xHH4sx", 2, number, 0, b"hvc1"))
        coded.append(content)
    count = struct.pack(">H", len(pictures))

    def build(begin: int) -> bytes:
        """Build the boxes before the pixels, which begin at `begin`."""
        places = b""
        for number, content in enumerate(coded, start=1):
            at = begin + sum(map(len, coded[: number - 1]))
            places += struct.pack(">HHHII", number, 0, 1, at, len(content))
        reference = box(b"iref", bytes(4), box(b"auxl", struct.pack(">HHH", 2, 1, 1)))
        return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", bytes(4), struct.pack(">H", 1)),
            box(b"iloc", bytes(4), b"\x44\0", count, places),
            box(b"iinf", bytes(4), count, entries),
            reference if gain_map else b"",
            box(
                b"iprp",
                box(b"ipco", *properties),
                box(b"ipma", bytes(4), struct.pack(">I", len(pictures)), associations),
            ),
        )

    begin = len(build(0)) + 8
    return build(begin) + box(b"mdat", *coded)


def _code(image: Image.Image) -> tuple[bytes, bytes]:
    """Return an image coded in HEVC: the box of its configuration, and its item's content."""
    content = encode(image, "HEIF")
    at = content.index(b"hvcC") - 4
    (size,) = struct.unpack_from(">I", content, at)
    pixels = content[content.index(b"mdat") + 4 :]
    return content[at : at + size], pixels
