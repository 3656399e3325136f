"""Colours of photos: every mode and profile becomes sRGB."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from staging.images import normalise_photo
from tests.staging.image_files import (
    ADOBE_RGB,
    PHOTO_FORMATS,
    decode,
    encode,
    is_near,
    make_cmyk_profile,
    make_grey_profile,
    make_profile,
    make_room,
    png_chunk,
)


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGB", "PNG"), ("RGBA", "PNG"),
     ("L", "JPEG"), ("RGB", "JPEG"), ("CMYK", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP"),
     ("L", "HEIF"), ("RGBA", "HEIF")],
)  # fmt: skip
def test_normalise_photo_converts_mode(mode: str, file_format: str) -> None:
    source = make_room().convert(mode, dither=Image.Dither.NONE)

    image = decode(normalise_photo(encode(source, file_format)).content)

    expected = source.convert("RGB").getpixel((12, 8))
    assert isinstance(expected, tuple)
    assert image.mode == "RGB"
    assert is_near(image.getpixel((12, 8)), expected)


def test_normalise_photo_scales_sixteen_bits() -> None:
    grey = Image.new("I;16", (32, 32), 0x8000)

    image = decode(normalise_photo(encode(grey)).content)

    assert is_near(image.getpixel((16, 16)), (127, 127, 127), by=1)


def test_normalise_photo_scales_colours_of_sixteen_bits() -> None:
    row = b"\0" + struct.pack(">HHH", 0xC8FF, 0x6400, 0x1E80) * 32
    header = struct.pack(">IIBBBBB", 32, 32, 16, 2, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
    content += png_chunk(b"IDAT", zlib.compress(row * 32)) + png_chunk(b"IEND", b"")

    image = decode(normalise_photo(content).content)

    assert is_near(image.getpixel((16, 16)), (200, 100, 30), by=2)


def test_normalise_photo_scales_a_heic_of_ten_bits() -> None:
    pixel = struct.pack("<HHH", 0xC8C8, 0x6464, 0x1E1E)
    content = BytesIO()
    pillow_heif.encode("RGB;16", (64, 64), pixel * 64 * 64, content, quality=95, chroma=444)
    assert pillow_heif.open_heif(content).info["bit_depth"] == 10

    image = decode(normalise_photo(content.getvalue()).content)

    assert is_near(image.getpixel((16, 16)), (200, 100, 30))


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_normalise_photo_flattens_transparency_on_white(mode: str) -> None:
    if mode == "P":
        clear = Image.new("P", (32, 32), 0)
        content = encode(clear, transparency=b"\0\xff")
    else:
        content = encode(Image.new(mode, (32, 32), 0))

    assert decode(normalise_photo(content).content).getpixel((16, 16)) == (255, 255, 255)


def test_normalise_photo_converts_display_p3() -> None:
    image = Image.new("RGB", (32, 32), (200, 100, 100))

    wide = normalise_photo(encode(image, icc_profile=make_profile()))

    plain = decode(normalise_photo(encode(image)).content).getpixel((16, 16))
    assert is_near(plain, (200, 100, 100), by=2)
    # The same colour has more red and less green in the smaller space.
    assert is_near(decode(wide.content).getpixel((16, 16)), (216, 94, 97), by=5)
    assert "icc_profile" not in decode(wide.content).info


# (150, 120, 90) through Adobe RGB's curve and matrix, and back through sRGB's, by hand.
@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
def test_normalise_photo_converts_adobe_rgb(file_format: str) -> None:
    image = Image.new("RGB", (32, 32), (150, 120, 90))
    profile = make_profile(ADOBE_RGB, gamma=563 / 256)

    photo = normalise_photo(encode(image, file_format, icc_profile=profile))

    assert is_near(decode(photo.content).getpixel((16, 16)), (162, 121, 88), by=3)


@pytest.mark.parametrize("options", [{"icc_profile": make_profile()}, {"color_primaries": 12}])
def test_normalise_photo_converts_a_phones_heic(options: dict[str, Any]) -> None:
    image = Image.new("RGB", (64, 64), (200, 100, 100))

    photo = normalise_photo(encode(image, "HEIF", **options))

    assert is_near(decode(photo.content).getpixel((16, 16)), (216, 94, 97), by=5)


def test_normalise_photo_converts_cmyk_by_its_profile() -> None:
    cyan = Image.new("CMYK", (32, 32), (255, 0, 0, 0))

    plain = normalise_photo(encode(cyan, "JPEG", quality=100))
    printed = normalise_photo(encode(cyan, "JPEG", quality=100, icc_profile=make_cmyk_profile()))

    assert is_near(decode(plain.content).getpixel((16, 16)), (0, 255, 255))
    # A lightness of 50 is 119 in sRGB.
    assert is_near(decode(printed.content).getpixel((16, 16)), (119, 119, 119))


def without_adobe_marker(jpeg: bytes) -> bytes:
    at = jpeg.index(b"\xff\xee")
    return jpeg[:at] + jpeg[at + 16 :]


def test_normalise_photo_takes_cmyk_as_inverted_with_and_without_adobes_marker() -> None:
    """Photoshop inverts, and browsers take every JPEG of four channels so."""
    inks = encode(Image.new("CMYK", (32, 32), (200, 100, 30, 20)), "JPEG", quality=100)

    photos = [normalise_photo(content) for content in (inks, without_adobe_marker(inks))]

    assert b"Adobe" not in without_adobe_marker(inks)
    for photo in photos:
        # (255 - ink) * (255 - black) / 255
        assert is_near(decode(photo.content).getpixel((16, 16)), (51, 143, 207))


def test_normalise_photo_converts_ycck() -> None:
    """Transform 2 of Adobe's marker: a luma and two chromas of the inks, and black beside them."""
    stored = Image.new("RGB", (1, 1), (200, 100, 30)).convert("YCbCr").getpixel((0, 0))
    assert isinstance(stored, tuple)
    # Pillow inverts what it is given.
    image = Image.new("CMYK", (32, 32), (*(255 - value for value in stored), 20))
    content = encode(image, "JPEG", quality=100)
    at = content.index(b"Adobe") + 11
    content = content[:at] + b"\2" + content[at + 1 :]

    photo = normalise_photo(content)

    assert is_near(decode(photo.content).getpixel((16, 16)), (51, 143, 207))


def test_normalise_photo_converts_a_jpeg_of_red_green_and_blue() -> None:
    content = encode(make_room(), "JPEG", quality=100, keep_rgb=True)
    assert content[content.index(b"Adobe") + 11] == 0

    photo = normalise_photo(content)

    assert is_near(decode(photo.content).getpixel((12, 8)), (200, 30, 30))


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_normalise_photo_converts_grey_by_its_profile(file_format: str) -> None:
    image = Image.new("L", (32, 32), 100)

    photo = normalise_photo(encode(image, file_format, icc_profile=make_grey_profile(1.8)))

    # 100 / 255 to the power of 1.8 is 0.1854, which is 119 in sRGB.
    assert is_near(decode(photo.content).getpixel((16, 16)), (119, 119, 119), by=2)


@pytest.mark.parametrize("profile", [make_grey_profile(1.8), make_cmyk_profile()])
def test_normalise_photo_passes_over_a_profile_of_other_pixels(profile: bytes) -> None:
    room = make_room()

    photo = normalise_photo(encode(room, icc_profile=profile))

    assert photo.content == normalise_photo(encode(room)).content


def test_normalise_photo_keeps_transparency_apart_from_the_profile() -> None:
    image = Image.new("RGBA", (32, 32), (200, 100, 100, 0))

    photo = normalise_photo(encode(image, icc_profile=make_profile()))

    assert decode(photo.content).getpixel((16, 16)) == (255, 255, 255)


@pytest.mark.parametrize("profile", [b"junk", make_profile()[:200], bytes(600)])
def test_normalise_photo_takes_a_broken_profile_as_srgb(profile: bytes) -> None:
    content = encode(make_room(), "JPEG", icc_profile=profile)

    plain = normalise_photo(encode(make_room(), "JPEG"))
    assert normalise_photo(content).content == plain.content


def test_normalise_photo_takes_a_profile_of_another_kind_as_srgb() -> None:
    grey = make_room(mode="L")

    photo = normalise_photo(encode(grey, icc_profile=make_profile()))

    assert photo.content == normalise_photo(encode(grey)).content
