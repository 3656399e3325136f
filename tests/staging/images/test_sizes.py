"""Photos as large as devices make them, and what is larger."""

import struct
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from staging.images import PhotoRefused, PictureRefused, normalise_photo
from staging.images.photos import weigh
from staging.images.pictures import read_picture
from staging.images.weights import MOST_BYTES
from tests.staging.image_files import decode, encode, is_near, make_bomb

BASELINE: dict[str, Any] = {}
PROGRESSIVE: dict[str, Any] = {"progressive": True}


def make(size: tuple[int, int], file_format: str = "JPEG", **options: Any) -> bytes:
    """Return a photo whose upper half is dark and whose lower half is light."""
    image = Image.new("L", size, 60)
    image.paste(190, (0, size[1] // 2, *size))
    return encode(image, file_format, **options)


def with_size(content: bytes, width: int, height: int) -> bytes:
    """Return a JPEG whose header tells another size than its scans have."""
    at = next(content.index(mark) for mark in (b"\xff\xc0", b"\xff\xc2") if mark in content) + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


@pytest.mark.parametrize(
    ("size", "options", "kept"),
    [
        # What telephones call 50, 64, 108 and 200 megapixels.
        ((8160, 6144), {}, (4096, 3084)),
        ((8192, 6144), {}, (4096, 3072)),
        ((6144, 8160), PROGRESSIVE, (3072, 4080)),
        ((9280, 6944), PROGRESSIVE, (4096, 3065)),
        ((12_000, 9000), {}, (4096, 3072)),
        ((16_384, 12_288), {}, (4096, 3072)),
        ((17_360, 12_096), {}, (4096, 2854)),
    ],
)
def test_normalise_photo_takes_a_jpeg_of_a_device(
    size: tuple[int, int], options: dict[str, Any], kept: tuple[int, int]
) -> None:
    photo = normalise_photo(make(size, **options))

    assert (photo.original.width, photo.original.height) == size
    assert (photo.width, photo.height) == kept
    image = decode(photo.content)
    assert is_near(image.getpixel((9, 9)), (60, 60, 60))
    assert is_near(image.getpixel((9, kept[1] - 9)), (190, 190, 190))


def test_normalise_photo_takes_a_png_of_a_device() -> None:
    photo = normalise_photo(make((8192, 6144), "PNG", compress_level=1))

    assert (photo.original.width, photo.width, photo.height) == (8192, 4096, 3072)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (with_size(make((96, 64)), 18_000, 12_000), "216.0 megapixels; a JPEG may have 210:"),
        (
            with_size(make((96, 64), progressive=True), 9000, 8030),
            "72.3 megapixels; a progressive JPEG may have 64:",
        ),
        (make_bomb(10_000, 5310), "53.1 megapixels; a PNG may have 52:"),
    ],
)
def test_normalise_photo_says_how_many_pixels_go(content: bytes, sentence: str) -> None:
    with pytest.raises(PhotoRefused) as refused:
        normalise_photo(content)

    assert str(refused.value) == f"This photo has {sentence} send a smaller one."


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_weigh_knows_a_baseline_jpeg_by_its_scans(mode: str) -> None:
    """libjpeg keeps all pixels where the first scan has not all colours of a baseline JPEG."""
    content = encode(Image.new(mode, (900, 600)), "JPEG")
    at = content.index(b"\xff\xda")
    colours = [
        content[begin : begin + 2] for begin in range(at + 5, at + 5 + 2 * content[at + 4], 2)
    ]
    scans = b"".join(b"\xff\xda\0\x08\1" + colour + b"\0\x3f\0\0" for colour in colours)
    apart = content[:at] + scans + b"\xff\xd9"

    for file, most in ((content, 210), (apart, 210 if mode == "L" else 64)):
        with pytest.raises(PhotoRefused, match=f"may have {most}: "):
            weigh(BytesIO(with_size(file, 18_000, 12_000)))


@pytest.mark.parametrize("sides", [(7167, 7167), (8031, 8031), (9280, 6944), (60_000, 1066)])
def test_weigh_is_within_the_memory_of_one_photo(sides: tuple[int, int]) -> None:
    for options in (BASELINE, PROGRESSIVE):
        content = with_size(encode(Image.new("L", (96, 64)), "JPEG", **options), *sides)
        assert weigh(BytesIO(content)) < MOST_BYTES


def test_read_picture_refuses_a_webp_bomb_by_its_header() -> None:
    # 14 bits each of width and height less one.
    content = bytearray(encode(Image.new("RGB", (96, 64)), "WEBP", lossless=True))
    content[21:25] = b"\xff\xff\xff\x0f"

    with pytest.raises(PictureRefused, match=r"has 268\.4 megapixels; we take at most 50"):
        read_picture(bytes(content))


def test_read_picture_says_how_many_pixels_go() -> None:
    with pytest.raises(PictureRefused) as refused:
        read_picture(make_bomb(10_000, 5010))

    assert str(refused.value) == "The model's output has 50.1 megapixels; we take at most 50."


def test_read_picture_takes_as_many_pixels_as_may_be() -> None:
    assert read_picture(make_bomb(10_000, 5000)).height == 5000
