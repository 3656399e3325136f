import hashlib
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops

from staging.images import (
    MAX_BYTES,
    MAX_SIDE,
    PhotoRefused,
    Picture,
    PictureRefused,
    finish_picture,
    make_thumbnail,
    mark_as_generated,
    normalise_photo,
    read_picture,
)

FORMATS = ["JPEG", "PNG", "WEBP"]
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
UNASKED: dict[str, Any] = {
    "aspect_ratio": None,
    "output_format": None,
    "quality": None,
    "disclosure": None,
}


def encode(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:  # noqa: A002
    content = BytesIO()
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


def make_display_p3() -> bytes:
    """A profile of Apple's wide colours: ICC.1 version 2, three primaries and a gamma of 2.2."""

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    tags = {
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.5151, 0.2412, -0.0011),
        b"gXYZ": xyz(0.2920, 0.6922, 0.0419),
        b"bXYZ": xyz(0.1571, 0.0666, 0.7841),
    }
    for name in (b"rTRC", b"gTRC", b"bTRC"):
        tags[name] = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(2.2 * 256))
    position = 128 + 4 + 12 * len(tags)
    table, bodies = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        table += name + struct.pack(">II", position + len(bodies), len(body))
        bodies += body
    size = position + len(bodies)
    header = struct.pack(">I4sI4s4s4s12s4s", size, b"", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"",
                         b"acsp")  # fmt: skip
    white = struct.pack(">iii", 63190, 65536, 54061)
    return (header + bytes(28) + white).ljust(128, b"\0") + table + bodies


# normalise_photo


@pytest.mark.parametrize("file_format", FORMATS)
def test_normalise_photo_returns_a_described_jpeg(file_format: str) -> None:
    photo = normalise_photo(encode(make_room(), file_format))

    assert (photo.width, photo.height) == decode(photo.content).size == (96, 64)
    assert (photo.format, photo.content_type) == ("jpeg", "image/jpeg")
    assert photo.sha256 == hashlib.sha256(photo.content).hexdigest()
    assert decode(photo.content).format == "JPEG"
    assert quarters(photo.content) == "rgby"


def test_normalise_photo_is_the_same_for_the_same_bytes() -> None:
    content = encode(make_room(), "WEBP")

    assert normalise_photo(content) == normalise_photo(content)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", FORMATS)
def test_normalise_photo_applies_orientation(file_format: str, orientation: int) -> None:
    turned = make_room()
    # What a camera stores, so that turning by the orientation shows the room upright.
    stored = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    if orientation in stored:
        turned = turned.transpose(stored[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation

    photo = normalise_photo(encode(turned, file_format, exif=exif))

    assert (photo.width, photo.height) == (96, 64)
    assert quarters(photo.content) == "rgby"


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_normalise_photo_ignores_an_unknown_orientation(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation

    assert quarters(normalise_photo(encode(make_room(), "JPEG", exif=exif)).content) == "rgby"


def test_normalise_photo_ignores_broken_exif() -> None:
    content = encode(make_room(), "WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff junk")

    assert quarters(normalise_photo(content).content) == "rgby"


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGB", "PNG"), ("RGBA", "PNG"),
     ("L", "JPEG"), ("RGB", "JPEG"), ("CMYK", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP")],
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

    wide = normalise_photo(encode(image, icc_profile=make_display_p3()))

    plain = decode(normalise_photo(encode(image)).content).getpixel((16, 16))
    assert is_near(plain, (200, 100, 100), by=2)
    # The same colour has more red and less green in the smaller space.
    assert is_near(decode(wide.content).getpixel((16, 16)), (216, 94, 97), by=5)
    assert "icc_profile" not in decode(wide.content).info


def test_normalise_photo_keeps_transparency_apart_from_the_profile() -> None:
    image = Image.new("RGBA", (32, 32), (200, 100, 100, 0))

    photo = normalise_photo(encode(image, icc_profile=make_display_p3()))

    assert decode(photo.content).getpixel((16, 16)) == (255, 255, 255)


@pytest.mark.parametrize("profile", [b"junk", make_display_p3()[:200], bytes(600)])
def test_normalise_photo_takes_a_broken_profile_as_srgb(profile: bytes) -> None:
    content = encode(make_room(), "JPEG", icc_profile=profile)

    assert normalise_photo(content) == normalise_photo(encode(make_room(), "JPEG"))


def test_normalise_photo_takes_a_profile_of_another_kind_as_srgb() -> None:
    grey = make_room(mode="L")

    assert normalise_photo(encode(grey, icc_profile=make_display_p3())) == normalise_photo(
        encode(grey)
    )


def test_normalise_photo_removes_metadata() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Nokia"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    content = encode(
        make_room(), "JPEG", exif=exif, comment=b"my address", xmp=b"<x:xmpmeta/>", dpi=(300, 300)
    )
    assert all(word in content for word in (b"Nokia", b"my address", b"<x:xmpmeta/>"))

    clean = decode(normalise_photo(content).content)

    assert not clean.getexif()
    assert set(clean.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_normalise_photo_shrinks_to_the_longest_side() -> None:
    photo = normalise_photo(encode(Image.new("RGB", (6000, 1500)), "JPEG"))

    assert (photo.width, photo.height) == (MAX_SIDE, 1024)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (9000, 1)])
def test_normalise_photo_takes_any_shape(size: tuple[int, int]) -> None:
    photo = normalise_photo(encode(Image.new("RGB", size)))

    assert max(photo.width, photo.height) == min(max(size), MAX_SIDE)
    assert min(photo.width, photo.height) == 1


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "MPO"])
def test_normalise_photo_takes_the_first_frame(file_format: str) -> None:
    frames = [make_room(), Image.new("RGB", (96, 64), "black")]

    content = encode(frames[0], file_format, save_all=True, append_images=frames[1:])

    assert quarters(normalise_photo(content).content) == "rgby"


@pytest.mark.parametrize(
    "content",
    [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"hello", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n",
     b"\xff\xd8\xff\xe0", b"RIFF\x10\0\0\0WAVEfmt ", encode(make_room(), "GIF"),
     encode(make_room(), "BMP"), encode(make_room(), "TIFF"), encode(make_room(), "AVIF"),
     encode(make_room(), "ICO")],
)  # fmt: skip
def test_normalise_photo_refuses_what_it_cannot_read(content: bytes) -> None:
    with pytest.raises(PhotoRefused, match="send a JPEG, PNG or WebP"):
        normalise_photo(content)


def test_normalise_photo_refuses_an_empty_file() -> None:
    with pytest.raises(PhotoRefused, match="empty"):
        normalise_photo(b"")


def test_normalise_photo_refuses_too_many_bytes() -> None:
    with pytest.raises(PhotoRefused, match=r"has 30\.5 MB; we take at most 30 MB"):
        normalise_photo(encode(make_room()) + bytes(MAX_BYTES + 2**19 - 500))


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.5, 0.9, 0.99, -12, -5])
def test_normalise_photo_refuses_a_truncated_file(file_format: str, part: float) -> None:
    content = encode(Image.effect_noise((200, 150), 80).convert("RGB"), file_format)

    with pytest.raises(PhotoRefused):
        normalise_photo(content[: int(part if part < 0 else len(content) * part)])


def test_normalise_photo_refuses_a_truncated_progressive_jpeg() -> None:
    content = encode(Image.effect_noise((200, 150), 80), "JPEG", progressive=True)

    with pytest.raises(PhotoRefused, match="damaged or incomplete"):
        normalise_photo(content[: len(content) // 2])


def refuse_elsewhere(content: bytes) -> tuple[str, int]:
    """Normalise in a process of its own; return the refusal and by how many bytes memory grew.

    A peak only ever grows: here, an earlier test's would hide this one's.
    """
    program = """
import resource, sys
from staging.images import PhotoRefused, normalise_photo
content = sys.stdin.buffer.read()
def refusal(content):
    try:
        normalise_photo(content)
    except PhotoRefused as error:
        return error
refusal(b"nothing")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(refusal(content))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], input=content, capture_output=True, check=True
    )
    message, growth = done.stdout.decode().splitlines()
    return message, int(growth) * (1 if sys.platform == "darwin" else 1024)


# 60 is below the count at which Pillow warns, 100 above it, 200 above that at which it refuses.
@pytest.mark.parametrize("megapixels", [60, 100, 200])
def test_normalise_photo_refuses_a_bomb_without_decoding(megapixels: int) -> None:
    bomb = make_bomb(10_000, megapixels * 100)
    assert len(bomb) < 30_000

    message, growth = refuse_elsewhere(bomb)

    assert message == "This photo has more than 50 megapixels: send a smaller one."
    assert growth < 10 * 2**20


def test_normalise_photo_refuses_a_webp_bomb_without_decoding() -> None:
    # One small frame on a canvas of 12,000 by 12,000.
    frame = bytes(6) + struct.pack("<I", 95)[:3] + struct.pack("<I", 63)[:3] + bytes(4)
    frame += encode(make_room(), "WEBP")[12:]
    sides = struct.pack("<I", 11_999)[:3] * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes([2, 0, 0, 0]) + sides
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body += b"ANMF" + struct.pack("<I", len(frame)) + frame

    message, growth = refuse_elsewhere(b"RIFF" + struct.pack("<I", len(body)) + body)

    assert message == "This photo has more than 50 megapixels: send a smaller one."
    assert growth < 10 * 2**20


def corruptions(seed: int, *, count: int) -> Iterator[bytes]:
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    room = make_room(64, 48)
    exif = Image.Exif()
    exif[0x0112] = 6
    files = [
        encode(room, "JPEG", exif=exif, icc_profile=make_display_p3()),
        encode(room, "JPEG", progressive=True, xmp=b"<x:xmpmeta/>"),
        encode(room, "MPO", save_all=True, append_images=[room]),
        encode(room, "PNG", exif=exif, icc_profile=make_display_p3()),
        encode(room.convert("P"), "PNG", transparency=0),
        encode(room, "PNG", save_all=True, append_images=[make_room(64, 48, mode="L")]),
        encode(room, "WEBP", exif=exif, icc_profile=make_display_p3()),
        encode(room.convert("RGBA"), "WEBP", lossless=True),
    ]
    for _ in range(count):
        content = bytearray(chance.choice(files))
        for _ in range(chance.randint(1, 8)):
            # Headers, where most of the reading is, are hit more often than pixels.
            at = chance.randrange(chance.choice([40, 200, len(content)]))
            at = min(at, len(content) - 1)
            match chance.randrange(4):
                case 0:
                    content[at] = chance.randrange(256)
                case 1:
                    content[at : at + 4] = chance.choice([b"\xff\xff\xff\xff", bytes(4)])
                case 2:
                    del content[at : at + chance.randint(1, 30)]
                case 3:
                    content[at:at] = content[at : at + chance.randint(1, 30)]
        yield bytes(content)


def test_corrupt_files_are_refused_or_read() -> None:
    refused = 0
    for content in corruptions(20261123, count=300):
        try:
            normalise_photo(content)
        except PhotoRefused:
            refused += 1

    assert 100 < refused < 300


def test_corrupt_pictures_are_refused_or_finished() -> None:
    finished = 0
    for content in corruptions(7, count=300):
        with suppress(PictureRefused):
            mark_as_generated(content)
        with suppress(PictureRefused):
            finish_picture(content, **UNASKED | {"aspect_ratio": "1:1"})
            make_thumbnail(content)
            finished += 1

    assert 0 < finished < 200


# read_picture


@pytest.mark.parametrize(
    ("file_format", "facts"),
    [("JPEG", ("jpeg", "image/jpeg", ".jpg")), ("PNG", ("png", "image/png", ".png")),
     ("WEBP", ("webp", "image/webp", ".webp"))],
)  # fmt: skip
def test_read_picture_returns_facts(file_format: str, facts: tuple[str, str, str]) -> None:
    content = encode(make_room(), file_format)

    assert read_picture(content, max_pixels=96 * 64) == Picture(
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
        read_picture(content[:-missing], max_pixels=10_000)


@pytest.mark.parametrize("content", [b"", b"<html>502</html>", encode(make_room(), "GIF")])
def test_read_picture_refuses_another_kind_of_file(content: bytes) -> None:
    with pytest.raises(PictureRefused, match="not a JPEG, PNG or WebP"):
        read_picture(content, max_pixels=10_000)


def test_read_picture_refuses_too_many_pixels() -> None:
    with pytest.raises(PictureRefused, match=r"more than 0\.006 megapixels"):
        read_picture(encode(make_room()), max_pixels=6_000)


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
    assert read_picture(picture.content, max_pixels=10**6) == picture


def test_finish_picture_removes_the_models_metadata() -> None:
    content = encode(make_room(), "JPEG", comment=b"prompt: a sofa", icc_profile=make_display_p3())

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
     (make_room(), "WEBP", {"xmp": b"<old/>", "icc_profile": make_display_p3()})],
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
    assert read_picture(marked, max_pixels=10_000).format == file_format.lower()


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


def test_mark_as_generated_puts_xmp_behind_jfif() -> None:
    marked = mark_as_generated(encode(make_room(), "JPEG"))

    assert marked[2:4] == b"\xff\xe0"
    assert marked[20:22] == b"\xff\xe1"


def test_mark_as_generated_declares_the_transparency_of_a_plain_webp() -> None:
    content = encode(Image.new("RGBA", (9, 9), (9, 9, 9, 0)), "WEBP", lossless=True, exact=True)
    assert content[12:16] == b"VP8L"

    assert mark_as_generated(content)[20] == 0x10 | 0x04


def test_mark_as_generated_refuses_a_webp_bomb() -> None:
    # 14 bits each of width and height less one.
    content = bytearray(encode(make_room(), "WEBP", lossless=True))
    content[21:25] = b"\xff\xff\xff\x0f"

    with pytest.raises(PictureRefused, match="damaged"):
        mark_as_generated(bytes(content))


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
