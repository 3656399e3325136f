"""Image files of every kind that the tests of staging.images read, and what they look like."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image

from tests import missing

FORMATS = ["JPEG", "PNG", "WEBP"]
_INNER = 0x8769
PHOTO_FORMATS = [*FORMATS, "HEIF", "AVIF", "TIFF"]


def encode(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:  # noqa: A002
    content = BytesIO()
    if format == "HEIF":
        if "exif" in options:
            options["exif"] = bytes(options["exif"].tobytes())
        pillow_heif.from_pillow(image).save(content, **{"quality": 95, "chroma": 444, **options})
    else:
        if format == "TIFF" and (inner := options.get("exif", Image.Exif()).get_ifd(_INNER)):
            # Pillow writes into a TIFF only what the directory holds itself.
            options["exif"][_INNER] = dict(inner)
        image.save(content, format, **options)
    return content.getvalue()


def decode(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def make_room(width: int = 96, height: int = 64, *, mode: str = "RGB") -> Image.Image:
    """A picture whose four quarters are red, green, blue and yellow."""
    image = Image.new("RGB", (2, 2))
    image.putdata([(200, 30, 30), (30, 180, 30), (30, 30, 200), (220, 210, 40)])
    return image.resize((width, height), Image.Resampling.NEAREST).convert(mode)


def quarters(content: bytes) -> str:
    """The colours of the quarters, as letters, row by row: "rgby" when upright."""
    image = decode(content).convert("RGB")
    names: dict[tuple[int, ...], str] = {
        (1, 0, 0): "r",
        (0, 1, 0): "g",
        (0, 0, 1): "b",
        (1, 1, 0): "y",
    }
    spots = [(1, 1), (3, 1), (1, 3), (3, 3)]
    pixels = [image.getpixel((image.width * x // 4, image.height * y // 4)) for x, y in spots]
    return "".join(
        names[tuple(int(value > 120) for value in pixel)]
        for pixel in pixels
        if isinstance(pixel, tuple)
    )


def is_near(pixel: object, expected: tuple[int, ...], *, by: int = 4) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= by for a, b in zip(pixel, expected, strict=True))


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def heif_box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def make_heif(made_of: Mapping[int, Sequence[int]], *, tile: tuple[int, int] = (64, 64)) -> bytes:
    """A HEIC without data, whose item 1 is made of others; each is as large as `tile`."""
    ids = sorted({*made_of, *(part for parts in made_of.values() for part in parts)})
    kinds = [
        heif_box(b"infe", struct.pack(">IHH4sx", 2 << 24, item, 0,
                                      b"grid" if item in made_of else b"hvc1"))
        for item in ids
    ]  # fmt: skip
    references = [
        heif_box(b"dimg", struct.pack(f">HH{len(parts)}H", item, len(parts), *parts))
        for item, parts in made_of.items()
    ]
    size = heif_box(b"ispe", struct.pack(">III", 0, *tile))
    owned = b"".join(struct.pack(">HBB", item, 1, 1) for item in ids)
    meta = (
        heif_box(b"hdlr", struct.pack(">II4s13x", 0, 0, b"pict"))
        + heif_box(b"pitm", struct.pack(">IH", 0, 1))
        + heif_box(b"iinf", struct.pack(">IH", 0, len(ids)) + b"".join(kinds))
        + heif_box(b"iref", bytes(4) + b"".join(references))
        + heif_box(b"iprp", heif_box(b"ipco", size)
                   + heif_box(b"ipma", struct.pack(">II", 0, len(ids)) + owned))
    )  # fmt: skip
    return heif_box(b"ftyp", b"heic\0\0\0\0mif1heic") + heif_box(b"meta", bytes(4) + meta)


def make_tiff(
    size: tuple[int, int],
    strips: Sequence[bytes],
    *,
    tags: Mapping[int, Sequence[int]] | None = None,
    order: str = "<",
) -> bytes:
    """A TIFF of red, green and blue in eight bits; `tags` add to these, and replace them."""
    blob, begins = b"", []
    for strip in strips:
        begins.append(8 + len(blob))
        blob += strip + b"\0" * (len(strip) % 2)
    lengths = [len(strip) for strip in strips]
    told: dict[int, Sequence[int]] = {
        256: [size[0]], 257: [size[1]], 258: [8, 8, 8], 259: [1], 262: [2], 277: [3], 273: begins,
        278: [-(-size[1] // len(strips))], 279: lengths,
    }  # fmt: skip
    told |= tags or {}
    if 324 in told:
        told |= {324: begins, 325: lengths}
        del told[273], told[278], told[279]
    entries = b""
    for tag, values in sorted(told.items()):
        # Bytes for a name, numbers of four bytes for all else.
        kind, letter = (2, "B") if isinstance(values, bytes) else (4, "I")
        value = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(value) > 4:
            begin = 8 + len(blob)
            blob += value + b"\0" * (len(value) % 2)
            value = struct.pack(f"{order}I", begin)
        entries += struct.pack(f"{order}HHI", tag, kind, len(values)) + value.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(blob))
    return head + blob + struct.pack(f"{order}H", len(told)) + entries + bytes(4)


def make_bomb(width: int, height: int) -> bytes:
    """A black PNG of one bit a pixel, compressed a thousandfold and written row by row."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", packed)
        + png_chunk(b"IEND", b"")
    )


# Red, green and blue of a colour space as XYZ, adapted to D50, as its published profile has them.
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))


def make_profile(
    primaries: Sequence[Sequence[float]] = DISPLAY_P3,
    *,
    gamma: float = 2.2,
    tags: Mapping[bytes, bytes] | None = None,
) -> bytes:
    """A display's profile: ICC.1 version 2, three primaries and a gamma; `tags` add and replace."""
    own = {b"wtpt": _xyz(0.9642, 1.0, 0.8249)}
    for name, values in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True):
        own[name] = _xyz(*values)
    for name in (b"rTRC", b"gTRC", b"bTRC"):
        own[name] = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(gamma * 256))
    return _build_profile({**own, **(tags or {})}, kind=b"mntr", space=b"RGB ", connection=b"XYZ ")


def make_grey_profile(gamma: float) -> bytes:
    curve = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(gamma * 256))
    tags = {b"wtpt": _xyz(0.9642, 1.0, 0.8249), b"kTRC": curve}
    return _build_profile(tags, kind=b"mntr", space=b"GRAY", connection=b"XYZ ")


def make_cmyk_profile() -> bytes:
    """A printer's profile: a table of two steps an ink, in which full cyan is a middle grey."""
    cells = bytearray()
    for inks in range(16):
        cyan, others = inks >> 3, inks & 0b111
        lightness = 0 if others else (50 if cyan else 100)
        cells += bytes([round(lightness * 2.55), 128, 128])
    straight = bytes(range(256))
    identity = b"".join(struct.pack(">i", 65536 * (place % 4 == 0)) for place in range(9))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity
    table += straight * 4 + cells + straight * 3
    tags = {b"wtpt": _xyz(0.9642, 1.0, 0.8249), b"A2B0": table + b"\0" * (-len(table) % 4)}
    return _build_profile(tags, kind=b"prtr", space=b"CMYK", connection=b"Lab ")


def _build_profile(
    tags: Mapping[bytes, bytes], *, kind: bytes, space: bytes, connection: bytes
) -> bytes:
    begin = 128 + 4 + 12 * len(tags)
    table, bodies = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        table += name + struct.pack(">II", begin + len(bodies), len(body))
        bodies += body
    size = begin + len(bodies)
    header = struct.pack(">I4sI4s4s4s12s4s", size, b"", 0x02400000, kind, space, connection, b"",
                         b"acsp")  # fmt: skip
    white = struct.pack(">iii", 63190, 65536, 54061)
    return (header + bytes(28) + white).ljust(128, b"\0") + table + bodies


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)


# Reads a photo, and normalises it in its own process, as a decoder's child does.
_PROGRAM = """
import re, sys
from io import BytesIO
from pathlib import Path
from staging.images import PhotoRefused
from staging.images.decoder import give_back_large_blocks
from staging.images.photos import normalise

give_back_large_blocks()

def told(content):
    try:
        normalise(BytesIO(content))
    except PhotoRefused as error:
        return error
    return ""

def memory(name):
    # Not getrusage: its peak is also that of the process that began this one.
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{name}:\\s+(\\d+) kB", status)[1]) * 1024

content = sys.stdin.buffer.read()
told(b"nothing")
before = memory("VmHWM"), memory("VmRSS")
print(told(content))
print(memory("VmHWM") - before[0], memory("VmRSS") - before[1])
"""


def normalise_elsewhere(content: bytes) -> tuple[str, int, int]:
    """Normalise in a process of its own; return the refusal, and the bytes it grew by.

    First at its peak, which only ever grows: here, an earlier test's would hide this one's; then
    what it still holds afterwards.
    """
    missing.LINUX.require()
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], input=content, capture_output=True, check=True
    )
    message, figures = done.stdout.decode().splitlines()
    peak, held = map(int, figures.split())
    return message, peak, held
