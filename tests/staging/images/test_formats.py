"""Formats are told by what a file holds; those that are not read are refused by their names."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from PIL import Image

from staging.images import PhotoRefused, normalise_photo
from tests.staging.image_files import (
    decode,
    encode,
    heif_box,
    is_near,
    make_room,
    make_tiff,
    quarters,
)

SIZE = (96, 64)
PIXELS = make_room().tobytes()
CR2 = b"II*\0\x10\0\0\0CR\2\0\0\0\0\0" + struct.pack("<HHHII", 1, 256, 4, 1, 96)
EXPORT = "export it as a JPEG and send that."


def with_brands(content: bytes, brand: bytes, *, compatible: bytes | None = None) -> bytes:
    length = int.from_bytes(content[:4])
    brands = content[16:length] if compatible is None else compatible * ((length - 16) // 4)
    return content[:8] + brand + content[12:16] + brands + content[length:]


@pytest.mark.parametrize("brand", [b"avif", b"avis", b"mif1", b"msf1", b"miaf", b"MA1B", b"heic"])
def test_normalise_photo_takes_an_avif_of_any_brand(brand: bytes) -> None:
    photo = normalise_photo(with_brands(encode(make_room(), "AVIF"), brand))

    assert (photo.original.format, quarters(photo.content)) == ("avif", "rgby")


@pytest.mark.parametrize("brand", [b"heix", b"miaf", b"MiHE", b"msf1", b"avif", b"jpeg"])
@pytest.mark.parametrize("compatible", [None, b"abcd"])
def test_normalise_photo_takes_a_heic_of_any_brand(brand: bytes, compatible: bytes | None) -> None:
    content = with_brands(encode(make_room(), "HEIF"), brand, compatible=compatible)

    photo = normalise_photo(content)

    assert (photo.original.format, quarters(photo.content)) == ("heic", "rgby")


def test_normalise_photo_takes_the_picture_of_a_moving_avif() -> None:
    black = Image.new("RGB", SIZE)
    content = encode(make_room(), "AVIF", save_all=True, append_images=[black])

    assert quarters(normalise_photo(content).content) == "rgby"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("is_planar", [False, True])
def test_normalise_photo_takes_a_tiff(
    order: str, compression: int, bits: int, is_planar: bool
) -> None:
    planes = [PIXELS[colour::3] for colour in range(3)] if is_planar else [PIXELS]
    if bits == 16:
        planes = [struct.pack(f"{order}{len(p)}H", *(value * 257 for value in p)) for p in planes]
    if compression == 8:
        planes = [zlib.compress(plane) for plane in planes]
    tags = {258: [bits] * 3, 259: [compression], 278: [64], 284: [2 if is_planar else 1]}

    photo = normalise_photo(make_tiff(SIZE, planes, tags=tags, order=order))

    assert (photo.original.format, quarters(photo.content)) == ("tiff", "rgby")


@pytest.mark.parametrize(
    "options",
    [{"compression": name} for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")]
    + [{"save_all": True, "append_images": [Image.new("RGB", SIZE)]}],
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "P"])
def test_normalise_photo_takes_the_first_page_of_a_tiff(mode: str, options: dict[str, Any]) -> None:
    if options.get("compression") == "jpeg" and mode in {"RGBA", "P"}:
        options = {}

    photo = normalise_photo(encode(make_room().convert(mode), "TIFF", **options))

    assert (photo.width, photo.height, quarters(photo.content)) == (96, 64, "rgby")


def test_normalise_photo_takes_a_tiff_in_tiles() -> None:
    room = make_room()
    tiles = [
        room.crop((left, top, left + 32, top + 32)).tobytes()
        for top in range(0, 64, 32)
        for left in range(0, 96, 32)
    ]

    photo = normalise_photo(make_tiff(SIZE, tiles, tags={322: [32], 323: [32], 324: []}))

    assert quarters(photo.content) == "rgby"


def test_normalise_photo_divides_sixteen_bits_of_grey() -> None:
    ramp = [column * 600 for _ in range(64) for column in range(96)]
    strip = struct.pack(f"<{len(ramp)}H", *ramp)

    photo = normalise_photo(make_tiff(SIZE, [strip], tags={258: [16], 262: [1], 277: [1]}))

    assert is_near(decode(photo.content).getpixel((95, 32)), (221, 221, 221))


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({50706: [1]}, "DNG RAW file"),
        ({262: [32803], 277: [1], 258: [8], 271: b"NIKON CORPORATION\0"}, "Nikon RAW file (NEF)"),
        ({262: [32803], 277: [1], 258: [8], 271: b"SONY\0"}, "Sony RAW file (ARW)"),
        ({262: [32803], 277: [1], 258: [8], 271: b"PENTAX\0"}, "Pentax RAW file (PEF)"),
        ({262: [32803], 277: [1], 258: [8]}, "RAW file"),
        ({259: [34713]}, "RAW file"),
        # A thumbnail, with the photo in a page within.
        ({254: [1], 330: [8], 271: b"NIKON CORPORATION\0"}, "Nikon RAW file (NEF)"),
        ({339: [3, 3, 3], 258: [32] * 3}, "TIFF of 32 bits, not whole numbers"),
        ({258: [12], 262: [1], 277: [1]}, "TIFF of 12 bits"),
        ({259: [34925]}, "TIFF with compression 34925"),
    ],
)
def test_normalise_photo_refuses_raw_and_rare_tiffs(
    tags: Mapping[int, Sequence[int]], name: str
) -> None:
    with pytest.raises(PhotoRefused) as refused:
        normalise_photo(make_tiff(SIZE, [PIXELS], tags=tags))

    assert str(refused.value) == f"This is a {name}: {EXPORT}"


def test_normalise_photo_takes_a_tiff_of_a_maker_of_cameras() -> None:
    content = make_tiff(SIZE, [PIXELS], tags={271: b"NIKON CORPORATION\0"})

    assert quarters(normalise_photo(content).content) == "rgby"


@pytest.mark.parametrize(
    ("beginning", "sentence"),
    [
        (CR2, f"This is a Canon RAW file (CR2): {EXPORT}"),
        (heif_box(b"ftyp", b"crx \0\0\0\1crx isom"), f"This is a Canon RAW file (CR3): {EXPORT}"),
        (b"FUJIFILMCCD-RAW 0201", f"This is a Fujifilm RAW file (RAF): {EXPORT}"),
        (b"IIRO\x08\0\0\0", f"This is an Olympus RAW file (ORF): {EXPORT}"),
        (b"IIU\0\x18\0\0\0", f"This is a Panasonic RAW file (RW2): {EXPORT}"),
        (b"8BPS\0\1", f"This is a Photoshop document (PSD): {EXPORT}"),
        (b"\xff\x0a\xfa\x1f", f"This is a JPEG XL: {EXPORT}"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", f"This is a JPEG XL: {EXPORT}"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", f"This is a JPEG 2000: {EXPORT}"),
        (encode(make_room(), "BMP"), f"This is a BMP: {EXPORT}"),
        (encode(make_room(), "TIFF", big_tiff=True), f"This is a BigTIFF: {EXPORT}"),
    ],
)
def test_normalise_photo_names_what_it_does_not_read(beginning: bytes, sentence: str) -> None:
    with pytest.raises(PhotoRefused) as refused:
        normalise_photo(beginning + bytes(200))

    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "content",
    [
        encode(make_room(), "GIF"),
        heif_box(b"ftyp", b"isom\0\0\2\0isom") + heif_box(b"moov", bytes(40)),
        heif_box(b"ftyp", b"zzzz\0\0\0\0zzzz") + heif_box(b"moov", bytes(40)),
        heif_box(b"mdat", bytes(40)) + heif_box(b"moov", bytes(40)),
        b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81webm",
        b"RIFF\x10\0\0\0AVI LIST",
    ],
)
def test_normalise_photo_refuses_what_moves(content: bytes) -> None:
    with pytest.raises(PhotoRefused, match=r"GIF, which has too few colours|is a video: save a"):
        normalise_photo(content)


def test_normalise_photo_refuses_a_rare_jpeg() -> None:
    content = bytearray(encode(make_room(), "JPEG"))
    content[content.index(b"\xff\xc0") + 1] = 0xC9

    with pytest.raises(PhotoRefused, match="This is a JPEG with arithmetic coding: export it"):
        normalise_photo(bytes(content))
