"""Pictures of models: read, finished as was asked, marked, shrunk to thumbnails."""

import hashlib
import struct
from collections.abc import Callable
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageChops, ImageOps

from staging.images import PictureRefused
from staging.images.pictures import (
    finish_picture,
    make_thumbnail,
    mark_as_generated,
    read_picture,
)
from staging.images.writing import Picture
from tests.staging.image_files import (
    FORMATS,
    decode,
    encode,
    make_profile,
    make_room,
    quarters,
)

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
UNASKED: dict[str, Any] = {
    "aspect_ratio": None,
    "output_format": None,
    "quality": None,
    "disclosure": None,
}


# read_picture


@pytest.mark.parametrize(
    ("file_format", "facts"),
    [("JPEG", ("jpeg", "image/jpeg", ".jpg")), ("PNG", ("png", "image/png", ".png")),
     ("WEBP", ("webp", "image/webp", ".webp"))],
)  # fmt: skip
def test_read_picture_returns_facts(file_format: str, facts: tuple[str, str, str]) -> None:
    content = encode(make_room(), file_format)

    assert read_picture(content) == Picture(
        content=content,
        width=96,
        height=64,
        format=facts[0],
        content_type=facts[1],
        extension=facts[2],
        sha256=hashlib.sha256(content).hexdigest(),
    )


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("missing", [5, 40, 500])
def test_read_picture_refuses_an_incomplete_download(file_format: str, missing: int) -> None:
    content = encode(Image.effect_noise((100, 80), 80).convert("RGB"), file_format)

    with pytest.raises(PictureRefused, match="damaged or incomplete"):
        read_picture(content[:-missing])


@pytest.mark.parametrize("content", [b"", b"<html>502</html>", encode(make_room(), "GIF")])
def test_read_picture_refuses_another_kind_of_file(content: bytes) -> None:
    with pytest.raises(PictureRefused, match="not a JPEG, PNG or WebP"):
        read_picture(content)


# finish_picture


@pytest.mark.parametrize("file_format", FORMATS)
def test_finish_picture_returns_the_same_bytes_when_nothing_is_asked(file_format: str) -> None:
    content = encode(make_room(), file_format)

    assert finish_picture(content, **UNASKED).content == content


@pytest.mark.parametrize(
    "asked",
    [{"aspect_ratio": "match_input_image"}, {"aspect_ratio": "3:2"}, {"output_format": "png"},
     {"quality": 50}, {"disclosure": ""}, {"disclosure": " \n"}],
)  # fmt: skip
def test_finish_picture_returns_the_same_bytes_when_it_is_so_already(asked: dict[str, Any]) -> None:
    content = encode(make_room())

    assert finish_picture(content, **UNASKED | asked).content == content


@pytest.mark.parametrize(
    ("size", "ratio", "expected"),
    [((1600, 1067), "16:9", (1600, 900)), ((1600, 1067), "1:1", (1067, 1067)),
     ((1600, 1067), "4:3", (1423, 1067)), ((900, 1600), "16:9", (900, 506)),
     ((1024, 1024), "3:2", (1024, 683)), ((1, 1), "16:9", (1, 1)), ((1000, 2), "1:1", (2, 2))],
)  # fmt: skip
def test_finish_picture_crops_to_the_ratio(
    size: tuple[int, int], ratio: str, expected: tuple[int, int]
) -> None:
    picture = finish_picture(encode(Image.new("RGB", size)), **UNASKED | {"aspect_ratio": ratio})

    assert (picture.width, picture.height) == decode(picture.content).size == expected


@pytest.mark.parametrize(
    ("ratio", "expected"), [(None, (64, 96)), ("2:3", (64, 96)), ("1:1", (64, 64))]
)
def test_finish_picture_takes_a_turned_picture_as_it_is_shown(
    ratio: str | None, expected: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    content = encode(Image.new("RGB", (96, 64), (200, 200, 200)), "JPEG", exif=exif)

    picture = finish_picture(content, **UNASKED | {"aspect_ratio": ratio, "output_format": "jpg"})

    assert (picture.width, picture.height) == expected
    assert ImageOps.exif_transpose(decode(picture.content)).size == expected
    # Nothing from beyond the picture, which would be black.
    assert decode(picture.content).convert("L").getextrema() == (200, 200)


def test_finish_picture_crops_around_the_centre() -> None:
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (100, 0, 200, 100))

    picture = finish_picture(encode(image), **UNASKED | {"aspect_ratio": "1:1"})

    assert decode(picture.content).getcolors() == [(10_000, (0, 0, 255))]


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize(
    ("name", "expected"), [("webp", "WEBP"), ("png", "PNG"), ("jpg", "JPEG"), ("jpeg", "JPEG")]
)
def test_finish_picture_encodes_as_asked(source: str, name: str, expected: str) -> None:
    picture = finish_picture(encode(make_room(), source), **UNASKED | {"output_format": name})

    assert decode(picture.content).format == expected
    assert picture.format == expected.lower()
    assert quarters(picture.content) == "rgby"


@pytest.mark.parametrize("name", ["webp", "jpg"])
def test_finish_picture_is_smaller_at_lower_quality(name: str) -> None:
    content = encode(Image.effect_noise((200, 200), 60).convert("RGB"))

    sizes = [
        len(finish_picture(content, **UNASKED | {"output_format": name, "quality": q}).content)
        for q in (10, 50, 90)
    ]

    assert sizes[0] * 1.5 < sizes[1] < sizes[2] / 1.3


@pytest.mark.parametrize(("name", "kept"), [("png", True), ("webp", True), ("jpg", False)])
def test_finish_picture_keeps_transparency_where_it_can(name: str, kept: bool) -> None:
    content = encode(Image.new("RGBA", (40, 20), (9, 9, 9, 0)))

    picture = finish_picture(content, **UNASKED | {"aspect_ratio": "1:1", "output_format": name})

    pixel = decode(picture.content).getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert pixel[3:] == ((0,) if kept else ())
    assert kept or pixel == (255, 255, 255)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("colour", ["white", "black", "grey"])
def test_finish_picture_draws_the_disclosure_in_the_lower_left(colour: str, mode: str) -> None:
    plain = Image.new(mode, (900, 600), colour)

    picture = finish_picture(encode(plain), **UNASKED | {"disclosure": "Virtually staged"})

    drawn = decode(picture.content)
    changed = ImageChops.difference(drawn.convert("RGB"), plain.convert("RGB"))
    box = changed.convert("L").point(lambda value: 255 if value > 8 else 0).getbbox()
    assert box is not None
    left, top, right, bottom = box
    assert left < 30
    assert right < 300
    assert 540 < top < bottom < 600
    assert right - left > 100
    # Light letters on a dark ground, whatever the picture's colour.
    low, high = drawn.crop(box).convert("L").getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert high - low > 140


@pytest.mark.parametrize("size", [(1, 1), (20, 400), (64, 64), (4000, 30)])
def test_finish_picture_draws_the_disclosure_on_small_pictures(size: tuple[int, int]) -> None:
    content = encode(Image.new("RGB", size, "grey"))

    picture = finish_picture(content, **UNASKED | {"disclosure": "Virtually staged"})

    assert decode(picture.content).size == size
    assert read_picture(picture.content) == picture


def test_finish_picture_removes_the_models_metadata() -> None:
    content = encode(make_room(), "JPEG", comment=b"prompt: a sofa", icc_profile=make_profile())

    picture = finish_picture(content, **UNASKED | {"output_format": "png"})

    assert b"a sofa" not in picture.content
    assert set(decode(picture.content).info) <= {"xmp", "XML:com.adobe.xmp"}


@pytest.mark.parametrize("name", ["webp", "png", "jpg"])
def test_finish_picture_says_that_a_model_made_it(name: str) -> None:
    content = encode(make_room())

    picture = finish_picture(
        content, **UNASKED | {"aspect_ratio": "1:1", "output_format": name, "quality": 80}
    )

    assert SOURCE_TYPE.encode() in decode(picture.content).info["xmp"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"aspect_ratio": "wide"}, "16:9"), ({"aspect_ratio": "0:1"}, "16:9"),
     ({"output_format": "gif"}, "webp, png or jpg"), ({"quality": 0}, "1 to 100"),
     ({"quality": 101}, "1 to 100")],
)  # fmt: skip
def test_finish_picture_names_what_is_allowed(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        finish_picture(encode(make_room()), **UNASKED | asked)


def test_finish_picture_refuses_a_webp_that_is_too_long() -> None:
    content = encode(Image.new("RGB", (16_384, 10)))

    with pytest.raises(PictureRefused, match="16384 by 10: choose png or jpg"):
        finish_picture(content, **UNASKED | {"output_format": "webp"})


# mark_as_generated


@pytest.mark.parametrize(
    ("image", "file_format", "options"),
    [(make_room(), "JPEG", {}), (make_room(), "JPEG", {"exif": b"Exif\0\0II*\0\x08" + bytes(9)}),
     (make_room(), "JPEG", {"icc_profile": bytes(70_000), "xmp": b"<old/>"}),
     (make_room(), "PNG", {}), (make_room(mode="RGBA"), "PNG", {}),
     (make_room(), "WEBP", {}), (make_room(mode="RGBA"), "WEBP", {}),
     (make_room(97, 63), "WEBP", {"lossless": True}),
     (make_room(), "WEBP", {"xmp": b"<old/>", "icc_profile": make_profile()})],
)  # fmt: skip
def test_mark_as_generated_changes_no_pixel(
    image: Image.Image, file_format: str, options: dict[str, Any]
) -> None:
    content = encode(image, file_format, **options)

    marked = mark_as_generated(content)

    before, after = decode(content), decode(marked)
    assert (after.size, after.mode) == (before.size, before.mode)
    assert after.tobytes() == before.tobytes()
    assert after.info["xmp"].count(SOURCE_TYPE.encode()) == 1
    assert after.info.get("icc_profile") == before.info.get("icc_profile")
    assert b"<old/>" not in marked
    assert read_picture(marked).format == file_format.lower()


@pytest.mark.parametrize("file_format", FORMATS)
def test_mark_as_generated_is_the_same_when_done_again(file_format: str) -> None:
    marked = mark_as_generated(encode(make_room(), file_format))

    assert mark_as_generated(marked) == marked


def test_mark_as_generated_leaves_a_signed_picture_alone() -> None:
    content = encode(make_room(), "JPEG", comment=b"jumb c2pa.claim")

    assert mark_as_generated(content) == content


@pytest.mark.parametrize(
    ("file_format", "position", "length"),
    [("JPEG", 4, b"\xff\xff"), ("PNG", 8, b"\x7f\xff\xff\xff"), ("WEBP", 16, b"\xff\xff\xff\x7f")],
)
def test_mark_as_generated_refuses_a_part_longer_than_the_file(
    file_format: str, position: int, length: bytes
) -> None:
    content = bytearray(encode(make_room(), file_format))
    content[position : position + len(length)] = length

    with pytest.raises(PictureRefused, match="damaged"):
        mark_as_generated(bytes(content))


def with_length(webp: bytes, length: int) -> bytes:
    return webp[:4] + struct.pack("<I", length) + webp[8:]


@pytest.mark.parametrize(
    ("file_format", "change"),
    [
        ("PNG", lambda content: content + b"junk" * 9),
        ("PNG", lambda content: content + bytes(3)),
        ("JPEG", lambda content: content + b"junk" * 9),
        ("WEBP", lambda content: content + b"junk" * 9),
        ("WEBP", lambda content: content + bytes(3)),
        *(
            ("WEBP", lambda content, by=by: with_length(content, len(content) - 8 + by))
            for by in (-2, -1, 1, 99)
        ),
        ("WEBP", lambda content: with_length(content, 0)),
        # The EXIF behind the pixels is cut short.
        ("WEBP", lambda content: content[:-5]),
    ],
)
def test_mark_as_generated_takes_what_read_picture_takes(
    file_format: str, change: Callable[[bytes], bytes]
) -> None:
    """A picture that is paid for is not lost to bytes that no viewer minds."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    content = encode(make_room(), file_format, exif=exif)
    changed = change(content)
    assert read_picture(changed).width == 96

    after = decode(mark_as_generated(changed))

    assert after.tobytes() == decode(content).tobytes()
    assert after.info["xmp"].count(SOURCE_TYPE.encode()) == 1


@pytest.mark.parametrize("lossless", [False, True])
def test_mark_as_generated_puts_a_plain_webps_length_right(lossless: bool) -> None:
    content = encode(make_room(97, 63), "WEBP", lossless=lossless)
    assert content[12:15] == b"VP8"
    assert content[15:16] != b"X"

    for changed in (with_length(content, 0), with_length(content, 9999), content + b"junk" * 9):
        assert mark_as_generated(changed) == mark_as_generated(content)


def test_mark_as_generated_puts_xmp_behind_jfif() -> None:
    marked = mark_as_generated(encode(make_room(), "JPEG"))

    assert marked[2:4] == b"\xff\xe0"
    assert marked[20:22] == b"\xff\xe1"


def test_mark_as_generated_declares_the_transparency_of_a_plain_webp() -> None:
    content = encode(Image.new("RGBA", (9, 9), (9, 9, 9, 0)), "WEBP", lossless=True, exact=True)
    assert content[12:16] == b"VP8L"

    assert mark_as_generated(content)[20] == 0x10 | 0x04


@pytest.mark.parametrize("content", [b"", b"hello", encode(make_room(), "GIF")])
def test_mark_as_generated_refuses_another_kind_of_file(content: bytes) -> None:
    with pytest.raises(PictureRefused):
        mark_as_generated(content)


# make_thumbnail


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1600, 1067), (480, 320)), ((1067, 1600), (320, 480)), ((100, 50), (100, 50))],
)
@pytest.mark.parametrize("file_format", FORMATS)
def test_make_thumbnail_fits_a_square(
    file_format: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    thumbnail = make_thumbnail(encode(make_room(*size), file_format))

    assert (thumbnail.width, thumbnail.height) == decode(thumbnail.content).size == expected
    assert (thumbnail.format, thumbnail.extension) == ("webp", ".webp")
    assert quarters(thumbnail.content) == "rgby"


def test_make_thumbnail_takes_another_side() -> None:
    assert make_thumbnail(encode(make_room()), side=24).width == 24
