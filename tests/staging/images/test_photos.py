"""Photos as they come: of every format, turned, animated, with metadata; and what came of them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pillow_heif
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from staging.images import MAX_SIDE, Original, normalise_photo
from tests.staging.image_files import PHOTO_FORMATS, decode, encode, make_room, quarters


@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
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
@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
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


@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
def test_normalise_photo_removes_where_it_was_taken(file_format: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Nokia"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    words = PngInfo()
    words.add_text("Comment", "my house")
    if file_format == "TIFF":
        exif[0x010E] = "my house"
    more = {"pnginfo": words} if file_format == "PNG" else {"xmp": b"<x:xmpmeta>my house"}
    content = encode(make_room(), file_format, exif=exif, **more)
    assert all(word in content for word in (b"Nokia", b"my house"))

    clean = normalise_photo(content).content

    assert not decode(clean).getexif()
    assert all(word not in clean for word in (b"Nokia", b"my house", b"Exif", b"xmp"))


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


@pytest.mark.parametrize("orientation", [3, 6])
def test_normalise_photo_turns_a_heic_by_its_boxes_alone(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    upright = encode(make_room(), "HEIF", exif=exif)
    # Tag 0x0112, of type short, once: its value.
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00"
    claimed = upright.replace(entry + b"\1", entry + bytes([orientation]))
    assert (b"irot" in claimed, claimed != upright) == (False, True)

    assert quarters(normalise_photo(claimed).content) == "rgby"


def test_normalise_photo_takes_the_primary_picture_of_a_heic() -> None:
    burst = pillow_heif.from_pillow(Image.new("RGB", (64, 64), "black"))
    burst.add_from_pillow(make_room())
    content = BytesIO()
    burst.save(content, primary_index=1, quality=95)

    assert quarters(normalise_photo(content.getvalue()).content) == "rgby"


def test_normalise_photo_reads_heics_in_many_threads() -> None:
    contents = [encode(make_room(96 + 8 * number, 64), "HEIF") for number in range(8)]
    alone = [normalise_photo(content) for content in contents]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(normalise_photo, contents * 5))

    assert together == alone * 5


@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
def test_normalise_photo_tells_what_came(file_format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encode(make_room(), file_format, exif=exif)
    name = {"HEIF": "heic"}.get(file_format, file_format.lower())

    told = normalise_photo(content).original

    assert told == Original(format=name, width=64, height=96, size=len(content))


def test_normalise_photo_reads_a_file_from_its_beginning() -> None:
    content = encode(make_room(), "JPEG")
    file = BytesIO(content)
    file.seek(40)

    assert normalise_photo(file) == normalise_photo(content)


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


@pytest.mark.parametrize(("size", "small"), [((96, 64), (96, 64)), ((1600, 1067), (480, 320))])
def test_normalise_photo_makes_a_thumbnail(size: tuple[int, int], small: tuple[int, int]) -> None:
    photo = normalise_photo(encode(make_room(*size), "JPEG"))

    thumbnail = decode(photo.thumbnail)
    assert (thumbnail.format, thumbnail.size, decode(photo.content).size) == ("WEBP", small, size)
    assert quarters(photo.thumbnail) == "rgby"
