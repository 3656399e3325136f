"""Files of more parts than a photo has: counted, and refused before they are decoded."""

import struct
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from PIL import Image

from staging.images import PhotoRefused, PictureRefused, normalise_photo
from staging.images.pictures import read_picture
from tests.staging.image_files import (
    encode,
    heif_box,
    make_heif,
    make_room,
    png_chunk,
    quarters,
    webp_chunk,
)

COM = b"\xff\xfe\0\2"


def with_segments(count: int, segment: bytes = COM) -> bytes:
    content = encode(make_room(), "JPEG")
    return content[:2] + segment * count + content[2:]


def with_scans(count: int, *, size: tuple[int, int] = (96, 64)) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    content = encode(make_room(*size), "JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * (count - content.count(b"\xff\xda")) + content[-2:]


def with_chunks(count: int, chunk: bytes = png_chunk(b"tEXt", b"a\0b")) -> bytes:
    content = encode(make_room(), "PNG")
    return content[:33] + chunk * count + content[33:]


def in_pieces(size: int, *, side: int) -> bytes:
    """A PNG of noise, not compressed, whose data lies in chunks of so many bytes."""
    content = encode(Image.effect_noise((side, side), 90), "PNG", compress_level=0)
    data, begin = b"", 33
    while content[begin + 4 : begin + 8] == b"IDAT":
        length = int.from_bytes(content[begin : begin + 4])
        data += content[begin + 8 : begin + 8 + length]
        begin += 12 + length
    chunks = [png_chunk(b"IDAT", data[at : at + size]) for at in range(0, len(data), size)]
    assert len(chunks) > 2000
    return content[:33] + b"".join(chunks) + png_chunk(b"IEND", b"")


def with_webp_chunks(count: int) -> bytes:
    body = encode(make_room(), "WEBP", exif=b"Exif\0\0")[12:] + webp_chunk(b"junk", b"") * count
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def with_boxes(count: int) -> bytes:
    return encode(make_room(), "HEIF") + heif_box(b"free", b"") * count


@pytest.mark.parametrize(
    ("make", "most", "words"),
    [
        (with_segments, 1990, "more than 2,000 segments"),
        (with_scans, 30, "more than 30 scans"),
        (with_chunks, 1990, "more than 2,000 chunks"),
        (with_webp_chunks, 1990, "more than 2,000 chunks"),
        (with_boxes, 1950, "more than 2,000 boxes"),
    ],
)
def test_normalise_photo_counts_parts(make: Callable[[int], bytes], most: int, words: str) -> None:
    assert quarters(normalise_photo(make(most)).content) == "rgby"

    with pytest.raises(PhotoRefused) as refused:
        normalise_photo(make(most + 100))

    assert str(refused.value) == (
        f"This photo consists of {words}: export it again as a JPEG and send that."
    )


@pytest.mark.parametrize("make", [with_segments, with_scans, with_chunks, with_webp_chunks])
def test_read_picture_counts_parts(make: Callable[[int], bytes]) -> None:
    with pytest.raises(PictureRefused, match="The model's output consists of more than"):
        read_picture(make(2100))


def test_normalise_photo_counts_scans_by_pixels() -> None:
    content = with_scans(24, size=(960, 640))
    frame = content.index(b"\xff\xc2") + 5
    # 49 megapixels, of which next to nothing has data.
    claimed = content[:frame] + struct.pack(">HH", 7000, 7000) + content[frame + 4 :]

    with pytest.raises(PhotoRefused, match="21 or more scans of 49 megapixels"):
        normalise_photo(claimed)


def test_normalise_photo_counts_small_data_chunks_alone() -> None:
    assert normalise_photo(in_pieces(4150, side=2900)).width == 2900

    with pytest.raises(PhotoRefused, match="more than 2,000 chunks"):
        normalise_photo(in_pieces(4000, side=2900))


@pytest.mark.parametrize(
    ("items", "words"),
    [
        # A grid whose tiles are one tile, again and again.
        ({1: [2] * 2000}, "more than 2,000 references"),
        ({1: [2] * 300, 2: [3] * 300}, "more than 2,000 tiles"),
        ({1: [2] * 300}, "tiles of more than 79 megapixels"),
        ({1: [2], 2: [3], 3: [4], 4: [5], 5: [6]}, "pictures within pictures"),
        ({1: [1]}, "pictures within pictures"),
    ],
)
def test_normalise_photo_counts_what_a_heic_is_made_of(
    items: dict[int, list[int]], words: str
) -> None:
    sizes = (512, 512) if len(items) == 1 and len(items[1]) == 300 else (64, 64)

    with pytest.raises(PhotoRefused, match=words):
        normalise_photo(make_heif(items, tile=sizes))


def test_normalise_photo_refuses_an_avif_larger_than_it_says() -> None:
    """libavif would decode it first; so it is for a header of a picture with its own time."""
    for moving in ({}, {"save_all": True, "append_images": [Image.new("RGB", (96, 64))]}):
        content = encode(make_room(), "AVIF", **moving)
        at = content.index(b"ispe") + 8
        smaller = content[:at] + struct.pack(">II", 95, 64) + content[at + 8 :]
        assert quarters(normalise_photo(content).content) == "rgby"

        with pytest.raises(PhotoRefused, match="damaged or incomplete"):
            normalise_photo(smaller)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff\xd8\xff" + b"\xff" * 30_000_000, id="fillers"),
        pytest.param(with_segments(0)[:-2] + b"\xff\0" * 15_000_000, id="stuffed"),
        pytest.param(with_segments(0)[:-2] + b"\xff\xd0" * 15_000_000, id="restarts"),
        pytest.param(with_segments(0)[:-2] + b"\xff" * 30_000_000, id="fillers in a scan"),
        pytest.param(
            with_segments(500, b"\xff\xe5\xff\xff" + b"\xff\xe0\0\5" * 16_000),
            id="segments of wrong lengths",
        ),
        pytest.param(with_segments(7_000_000), id="segments"),
        pytest.param(with_scans(30_000), id="scans"),
        pytest.param(with_chunks(2_000_000), id="chunks"),
        pytest.param(with_chunks(2_000_000, png_chunk(b"IDAT", b"")), id="data chunks"),
        pytest.param(with_webp_chunks(3_000_000), id="webp"),
        pytest.param(with_boxes(3_000_000), id="boxes"),
    ],
)
def test_normalise_photo_counts_quickly(content: bytes) -> None:
    begun = time.process_time()
    with suppress(PhotoRefused):
        normalise_photo(content)

    assert time.process_time() - begun < 2
