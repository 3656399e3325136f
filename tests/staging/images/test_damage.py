"""Photos that viewers show whole are taken, whatever else is broken in their files."""

import struct
import zlib
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from staging.images import PhotoRefused, PictureRefused, normalise_photo
from staging.images.pictures import read_picture
from tests.staging.image_files import (
    encode,
    heif_box,
    make_profile,
    make_room,
    png_chunk,
    quarters,
)

DAMAGED = "This photo is damaged or incomplete: export it again and send the new file."


def segment(kind: int, body: bytes, *, length: int | None = None) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, (len(body) if length is None else length) + 2) + body


def in_jpeg(added: bytes, **options: object) -> bytes:
    content = encode(make_room(), "JPEG", **options)
    return content[:2] + added + content[2:]


def in_png(added: bytes) -> bytes:
    content = encode(make_room(), "PNG")
    return content[:33] + added + content[33:]


def wrong_sum(kind: bytes, body: bytes) -> bytes:
    return png_chunk(kind, body)[:-4] + b"\0\1\2\3"


BOMB = zlib.compress(bytes(60_000_000), 9)
EXIF = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"


def cases() -> Iterator[tuple[str, bytes]]:
    yield "zTXt bomb", in_png(png_chunk(b"zTXt", b"a\0\0" + BOMB))
    yield "iTXt bomb", in_png(png_chunk(b"iTXt", b"a\0\1\0\0\0" + BOMB))
    yield "many texts", in_png(png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(900_000))) * 100)
    yield "iCCP bomb", in_png(png_chunk(b"iCCP", b"a\0\0" + BOMB))
    yield "broken iCCP", in_png(png_chunk(b"iCCP", b"a\0\0junk"))
    yield "sum of text", in_png(wrong_sum(b"tEXt", b"a\0b"))
    yield "sum of profile", in_png(wrong_sum(b"iCCP", b"a\0\0" + zlib.compress(make_profile())))
    yield "short gAMA", in_png(png_chunk(b"gAMA", b"\0"))
    yield "broken eXIf", in_png(png_chunk(b"eXIf", b"junk"))
    yield "broken acTL", in_png(png_chunk(b"acTL", b"\0"))
    yield "no IEND", encode(make_room(), "PNG")[:-12]
    yield "half an IEND", encode(make_room(), "PNG")[:-5]
    yield "behind IEND", encode(make_room(), "PNG") + b"junk" * 9

    yield "broken EXIF", in_jpeg(segment(0xE1, EXIF))
    yield "EXIF cut short", in_jpeg(segment(0xE1, b"Exif\0\0MM"))
    yield "broken XMP", in_jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmp\xff"))
    yield "broken MPO", in_jpeg(segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\xff\xff\xff"))
    yield "broken ICC", in_jpeg(segment(0xE2, b"ICC_PROFILE\0\1\1" + b"junk" * 50))
    yield "half an ICC", in_jpeg(segment(0xE2, b"ICC_PROFILE\0\1\3" + make_profile()))
    yield "ICC without number", in_jpeg(segment(0xE2, b"ICC_PROFILE\0"))
    yield "broken Photoshop", in_jpeg(segment(0xED, b"Photoshop 3.0\x008BIM\3\xed\xff\0"))
    yield "length too small", in_jpeg(segment(0xE5, b"c" * 90, length=20))
    yield "length too large", in_jpeg(segment(0xE5, b"c" * 90, length=120))
    yield "length of nothing", in_jpeg(segment(0xE5, b"", length=-2))
    yield "between segments", in_jpeg(segment(0xE5, b"c") + b"junk")
    for progressive in (False, True):
        whole = encode(make_room(), "JPEG", progressive=progressive, restart_marker_blocks=4)
        yield f"no EOI {progressive}", whole[:-2]
        yield f"half an EOI {progressive}", whole[:-1]
        yield f"zeros for EOI {progressive}", whole[:-2] + bytes(5000)
        yield f"behind EOI {progressive}", whole + b"junk" * 5000

    webp = encode(make_room(), "WEBP", exif=EXIF, icc_profile=b"junk")
    yield "RIFF one longer", webp[:4] + struct.pack("<I", len(webp) - 7) + webp[8:]
    yield "RIFF one shorter", webp[:4] + struct.pack("<I", len(webp) - 9) + webp[8:]
    yield "behind RIFF", webp + b"junk" * 9
    yield "zeros behind RIFF", webp + bytes(99_000)
    yield "EXIF without its end", webp[:-5]
    for name in ("HEIF", "AVIF"):
        exif = Image.Exif()
        exif[0x010F] = "Nokia"
        content = encode(make_room(), name, exif=exif)
        at = content.index(b"Nokia")
        yield f"behind {name}", content + b"junk" * 9
        yield f"zeros behind {name}", content + bytes(99)
        yield f"EXIF in {name}", content[: at - 26] + b"\xff" * 22 + content[at - 4 :]


@pytest.mark.parametrize("content", [pytest.param(made, id=name) for name, made in cases()])
def test_normalise_photo_takes_what_viewers_show_whole(content: bytes) -> None:
    assert quarters(normalise_photo(content).content) == "rgby"


def with_film(file_format: str) -> bytes:
    """A picture with a film behind it, as telephones write them, that fills the file."""
    return encode(make_room(), file_format) + heif_box(b"mpvd", bytes(98 * 2**20))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: with_film("HEIF"), id="HEIC"),
        pytest.param(lambda: with_film("AVIF"), id="AVIF"),
        # Layers, or further pages.
        pytest.param(lambda: encode(make_room(), "TIFF") + bytes(98 * 2**20), id="TIFF"),
        pytest.param(lambda: in_png(png_chunk(b"iCCP", b"a\0\0" + bytes(95 * 2**20))), id="iCCP"),
        pytest.param(lambda: in_png(png_chunk(b"eXIf", bytes(95 * 2**20))), id="eXIf"),
    ],
)
def test_normalise_photo_takes_a_small_picture_in_a_large_file(make: Callable[[], bytes]) -> None:
    assert quarters(normalise_photo(make()).content) == "rgby"


def noise(file_format: str, **options: object) -> bytes:
    return encode(Image.effect_noise((200, 150), 80).convert("RGB"), file_format, **options)


def without_a_restart() -> bytes:
    content = noise("JPEG", restart_marker_blocks=5)
    begin, end = content.index(b"\xff\xd3"), content.index(b"\xff\xd4")
    return content[:begin] + content[end:]


def with_flipped_pixels() -> bytes:
    content = bytearray(noise("PNG"))
    content[len(content) // 2] ^= 0x10
    return bytes(content)


def without_last_scan() -> bytes:
    content = noise("JPEG", progressive=True)
    return content[: content.rindex(b"\xff\xda")]


@pytest.mark.parametrize(
    "make",
    [
        *(
            pytest.param(lambda cut=cut, p=p: noise("JPEG", progressive=p)[:-cut], id=f"{cut} {p}")
            for cut in (12, 100, 9000)
            for p in (False, True)
        ),
        pytest.param(lambda: noise("JPEG")[:-100] + b"\xff\xd9", id="with another end"),
        pytest.param(lambda: noise("JPEG")[:-100] + bytes(5000), id="zeros for pixels"),
        pytest.param(without_last_scan, id="a scan"),
        pytest.param(lambda: without_last_scan() + b"\xff\xd9", id="a scan, with an end"),
        pytest.param(without_a_restart, id="a restart"),
        pytest.param(with_flipped_pixels, id="PNG's checksum"),
        pytest.param(lambda: noise("PNG")[:-24], id="PNG's last bytes of pixels"),
        pytest.param(lambda: noise("WEBP")[:-2], id="WebP's last bytes"),
        pytest.param(lambda: noise("AVIF")[:-2], id="AVIF's last bytes"),
        pytest.param(lambda: noise("HEIF")[:-20], id="HEIC's last bytes"),
    ],
)
def test_normalise_photo_refuses_what_lacks_pixels(make: Callable[[], bytes]) -> None:
    with pytest.raises(PhotoRefused) as refused:
        normalise_photo(make())

    assert str(refused.value) == DAMAGED


def with_bytes(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def without_a_size(file_format: str) -> bytes:
    """The box of the picture's sides, cut in two: its first half has no room for them."""
    content = encode(make_room(), file_format)
    at = content.index(b"ispe") - 4
    cut = with_bytes(content, at, struct.pack(">I", 12))
    return with_bytes(cut, at + 12, struct.pack(">I4s", 8, b"free"))


def with_sampling(factors: int, *, mode: str) -> bytes:
    """A JPEG with restarts whose components are sampled 0 times."""
    content = encode(make_room().convert(mode), "JPEG", restart_marker_blocks=4)
    for component in range(len(Image.new(mode, (1, 1)).getbands())):
        at = content.index(b"\xff\xc0") + 11 + 3 * component
        content = with_bytes(content, at, bytes([factors]))
    return content


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(without_a_size("HEIF"), id="HEIC without a size"),
        pytest.param(without_a_size("AVIF"), id="AVIF without a size"),
        *(
            pytest.param(with_sampling(factors, mode=mode), id=f"{mode} {factors:02x}")
            for factors in (0x00, 0x01, 0x10)
            for mode in ("RGB", "L")
        ),
    ],
)
def test_normalise_photo_refuses_numbers_that_cannot_be(content: bytes) -> None:
    with pytest.raises(PhotoRefused) as refused:
        normalise_photo(content)

    assert str(refused.value) == DAMAGED


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_read_picture_refuses_one_without_its_end(file_format: str) -> None:
    """A download that broke off, which can be tried again."""
    content = encode(make_room(), file_format)

    with pytest.raises(PictureRefused, match="damaged or incomplete"):
        read_picture(content[:-2])


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
def test_normalise_photo_survives_any_flipped_byte(file_format: str) -> None:
    content = encode(make_room(32, 32), file_format)
    for at in range(0, len(content), 1 + len(content) // 250):
        changed = bytearray(content)
        changed[at] ^= 0xFF
        try:
            photo = normalise_photo(bytes(changed))
        except PhotoRefused:
            continue
        assert photo.width * photo.height > 0
