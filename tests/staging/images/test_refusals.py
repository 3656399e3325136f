"""Files that are no photo, or a damaged one, or too large, are refused in a sentence."""

import random
import struct
from collections.abc import Iterator
from contextlib import suppress

import pytest
from PIL import Image

from staging.images import MAX_BYTES, PhotoRefused, PictureRefused, normalise_photo
from staging.images.pictures import finish_picture, make_thumbnail, mark_as_generated
from tests.staging.image_files import (
    PHOTO_FORMATS,
    encode,
    make_bomb,
    make_profile,
    make_room,
    normalise_elsewhere,
)

SEND = "send a JPEG, PNG, WebP, HEIC, AVIF or TIFF."
UNREADABLE = f"This file is not an image that we can read: {SEND}"
DRAWING = f"An SVG is a drawing, not a photo: {SEND}"
ARCHIVE = "This file is a ZIP archive: unpack it and send its photos, or send it as a batch."
DOCUMENT = f"This file is a PDF: export the photo from it and {SEND}"
FILM = f"This file is a video: save a frame of it as a picture, and {SEND}"
DAMAGED = "This photo is damaged or incomplete: export it again and send the new file."


def too_many(megapixels: int, rule: str) -> str:
    return f"This photo has {megapixels}.0 megapixels; {rule}: send a smaller one."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"hello", UNREADABLE),
        (b"RIFF\x10\0\0\0WAVEfmt ", UNREADABLE),
        (b"<?xml version='1.0'?><html/>", UNREADABLE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", DRAWING),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a plan -->\n<svg width='9'/>", DRAWING),
        (b"PK\x03\x04\x14\0\0\0\x08\0", ARCHIVE),
        (b"%PDF-1.7\n", DOCUMENT),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", FILM),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", FILM),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81", FILM),
        (b"RIFF\x10\0\0\0AVI LIST", FILM),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), DAMAGED),
        (b"\xff\xd8\xff\xe0" + bytes(200), DAMAGED),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", DAMAGED),
        (b"\0\0\0\x18ftypheic" + bytes(300), DAMAGED),
    ],
)
def test_normalise_photo_says_what_is_wrong_with_a_file(content: bytes, sentence: str) -> None:
    with pytest.raises(PhotoRefused) as refused:
        normalise_photo(content)

    assert str(refused.value) == sentence


def test_normalise_photo_refuses_an_empty_file() -> None:
    with pytest.raises(PhotoRefused, match="empty"):
        normalise_photo(b"")


def test_normalise_photo_refuses_too_many_bytes() -> None:
    with pytest.raises(PhotoRefused, match=r"has 100\.5 MB; we take at most 100 MB"):
        normalise_photo(encode(make_room()) + bytes(MAX_BYTES + 2**19 - 500))


@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.5, 0.9, 0.99, -24])
def test_normalise_photo_refuses_a_truncated_file(file_format: str, part: float) -> None:
    content = encode(Image.effect_noise((200, 150), 80).convert("RGB"), file_format)

    with pytest.raises(PhotoRefused):
        normalise_photo(content[: int(part if part < 0 else len(content) * part)])


def test_normalise_photo_refuses_a_truncated_progressive_jpeg() -> None:
    content = encode(Image.effect_noise((200, 150), 80), "JPEG", progressive=True)

    with pytest.raises(PhotoRefused, match="damaged or incomplete"):
        normalise_photo(content[: len(content) // 2])


# Pillow itself would warn at 100 and refuse at 200.
@pytest.mark.parametrize("megapixels", [60, 100, 200])
def test_normalise_photo_refuses_a_bomb_without_decoding(megapixels: int) -> None:
    bomb = make_bomb(10_000, megapixels * 100)
    assert len(bomb) < 30_000

    message, growth, _ = normalise_elsewhere(bomb)

    assert message == too_many(megapixels, "a PNG may have 52")
    assert growth < 10 * 2**20


def test_normalise_photo_refuses_a_webp_bomb_without_decoding() -> None:
    # One small frame on a canvas of 12,000 by 12,000.
    frame = bytes(6) + struct.pack("<I", 95)[:3] + struct.pack("<I", 63)[:3] + bytes(4)
    frame += encode(make_room(), "WEBP")[12:]
    sides = struct.pack("<I", 11_999)[:3] * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes([2, 0, 0, 0]) + sides
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body += b"ANMF" + struct.pack("<I", len(frame)) + frame

    message, growth, _ = normalise_elsewhere(b"RIFF" + struct.pack("<I", len(body)) + body)

    assert message == too_many(144, "a WebP may have 27")
    assert growth < 10 * 2**20


@pytest.fixture(scope="module")
def heic() -> bytes:
    """A HEIC of nine million pixels: encoding it takes two seconds."""
    return encode(Image.new("RGB", (3000, 3000), "grey"), "HEIF", quality=10)


def with_sides(heic: bytes, width: int, height: int) -> bytes:
    """Return a HEIC whose boxes tell another size (`ispe`) than its coded picture has."""
    at = heic.index(b"ispe") + 8
    return heic[:at] + struct.pack(">II", width, height) + heic[at + 8 :]


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ((12_000, 12_000), too_many(144, "a HEIC that is not in 4:2:0 may have 32")),
        # The picture itself has nine million pixels: it is not decoded to find that out.
        ((64, 48), DAMAGED),
    ],
)
def test_normalise_photo_refuses_a_heic_bomb_without_decoding(
    heic: bytes, told: tuple[int, int], sentence: str
) -> None:
    message, growth, _ = normalise_elsewhere(with_sides(heic, *told))

    assert message == sentence
    assert growth < 10 * 2**20


def corruptions(seed: int, *, count: int) -> Iterator[bytes]:
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    room = make_room(64, 48)
    exif = Image.Exif()
    exif[0x0112] = 6
    files = [
        encode(room, "JPEG", exif=exif, icc_profile=make_profile()),
        encode(room, "JPEG", progressive=True, xmp=b"<x:xmpmeta/>"),
        encode(room, "MPO", save_all=True, append_images=[room]),
        encode(room, "PNG", exif=exif, icc_profile=make_profile()),
        encode(room.convert("P"), "PNG", transparency=0),
        encode(room, "PNG", save_all=True, append_images=[make_room(64, 48, mode="L")]),
        encode(room, "WEBP", exif=exif, icc_profile=make_profile()),
        encode(room.convert("RGBA"), "WEBP", lossless=True),
        encode(room, "HEIF", exif=exif, icc_profile=make_profile()),
        encode(room, "HEIF", exif=exif, tile_size=32),
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
            finish_picture(
                content, aspect_ratio="1:1", output_format=None, quality=None, disclosure=None
            )
            make_thumbnail(content)
            finished += 1

    assert 0 < finished < 200
