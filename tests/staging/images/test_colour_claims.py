"""Colours that a file names without an ICC profile, and what holds where it says several things."""

import pytest
from PIL import Image

from staging.images import PhotoRefused, PictureRefused, normalise_photo
from staging.images.pictures import finish_picture, make_thumbnail
from tests.staging.colour_files import (
    ADOBE_RGB,
    BT_2020,
    DISPLAY_P3,
    PHOTO,
    PIXEL,
    PNG,
    SRGB,
    Pixel,
    box,
    chrm,
    gama,
    iccp,
    in_srgb,
    kept,
    make_exif,
    make_heic,
    nclx,
    power,
    with_chunks,
)
from tests.staging.image_files import (
    PHOTO_FORMATS,
    decode,
    encode,
    is_near,
    make_cmyk_profile,
    make_profile,
)

IN_ADOBE_RGB = in_srgb(PIXEL, ADOBE_RGB, power(563 / 256))
IN_P3 = in_srgb(PIXEL, DISPLAY_P3)

R03 = make_exif(space=65535, index="R03")
SRGB_CHRM = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3_CHRM = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
ADOBE_CHRM = (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


def test_in_srgb_is_right() -> None:
    assert is_near(IN_ADOBE_RGB, (162, 121, 88), by=1)
    assert in_srgb(PIXEL, SRGB) == PIXEL


@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
@pytest.mark.parametrize(
    ("space", "index", "expected"),
    [
        (65535, "R03", IN_ADOBE_RGB),
        (2, "R03", IN_ADOBE_RGB),
        (2, None, IN_ADOBE_RGB),
        (None, "R03", IN_ADOBE_RGB),
        (1, None, PIXEL),
        (1, "R98", PIXEL),
        (65535, "R98", PIXEL),
        (2, "R98", PIXEL),
        (65535, None, PIXEL),
        (1, "R03", PIXEL),
        (None, "THM", PIXEL),
    ],
)
def test_exif_alone_names_adobe_rgb(
    file_format: str, space: int | None, index: str | None, expected: Pixel
) -> None:
    exif = make_exif(space=space, index=index)

    assert is_near(kept(encode(PHOTO, file_format, exif=exif)), expected, by=3)


def test_exif_whose_text_is_of_another_type_is_read_all_the_same() -> None:
    content = encode(PHOTO, "JPEG", exif=R03)
    text = b"\0\1\0\2\0\0\0\4R03\0"
    assert content.count(text) == 1

    # 2 is text, 7 bytes of no type.
    content = content.replace(text, text.replace(b"\0\2", b"\0\7"))

    assert is_near(kept(content), IN_ADOBE_RGB, by=3)


def test_exif_converts_grey_too() -> None:
    grey = Image.new("L", (64, 64), 100)

    # 100 / 255 to the power of 2.2 is 0.1275, which is 100 in sRGB too; at 20 the curves part.
    assert is_near(kept(encode(grey, exif=R03)), (100, 100, 100), by=1)
    dark = encode(Image.new("L", (64, 64), 20), exif=R03)
    assert is_near(kept(dark), in_srgb((20, 20, 20), ADOBE_RGB, power(563 / 256)), by=1)
    assert not is_near(kept(dark), (20, 20, 20), by=2)


def test_exif_says_nothing_of_inks() -> None:
    inks = Image.new("CMYK", (64, 64), (105, 135, 165, 0))

    assert is_near(kept(encode(inks, "JPEG", quality=100, exif=R03)), PIXEL, by=3)


@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
def test_an_icc_profile_wins_over_exif(file_format: str) -> None:
    content = encode(PHOTO, file_format, exif=R03, icc_profile=make_profile(gamma=2.2))

    assert is_near(kept(content), in_srgb(PIXEL, DISPLAY_P3, power(2.2)), by=3)
    assert not is_near(kept(content), IN_ADOBE_RGB, by=3)


@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
@pytest.mark.parametrize(
    "profile", [b"junk", make_profile()[:200], bytes(600), make_cmyk_profile()]
)
def test_a_broken_or_strange_profile_leaves_the_word_to_exif(
    file_format: str, profile: bytes
) -> None:
    content = encode(PHOTO, file_format, exif=R03, icc_profile=profile)

    assert is_near(kept(content), IN_ADOBE_RGB, by=3)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        # Alone, by each other, and both; the gamma of sRGB's own curve, near it, and no gamma.
        ({"gAMA": gama(1.0)}, in_srgb(PIXEL, SRGB, power(1))),
        ({"gAMA": gama(1 / 1.8)}, in_srgb(PIXEL, SRGB, power(1.8))),
        ({"gAMA": gama(1 / 2.6)}, in_srgb(PIXEL, SRGB, power(2.6))),
        ({"cHRM": chrm(*P3_CHRM)}, IN_P3),
        ({"gAMA": gama(0.45455), "cHRM": chrm(*P3_CHRM)}, in_srgb(PIXEL, DISPLAY_P3, power(2.2))),
        ({"gAMA": gama(0.45455), "cHRM": chrm(*ADOBE_CHRM)}, in_srgb(PIXEL, ADOBE_RGB, power(2.2))),
        ({"gAMA": gama(1 / 1.8), "cHRM": chrm(*P3_CHRM)}, in_srgb(PIXEL, DISPLAY_P3, power(1.8))),
        ({"gAMA": gama(0.45455)}, PIXEL),
        ({"gAMA": gama(0.45)}, PIXEL),
        ({"gAMA": gama(0.45455), "cHRM": chrm(*SRGB_CHRM)}, PIXEL),
        ({"cHRM": chrm(*SRGB_CHRM)}, PIXEL),
        # Absurd ones are passed over, each for itself.
        ({"gAMA": gama(0)}, PIXEL),
        ({"gAMA": gama(0.0001)}, PIXEL),
        ({"gAMA": b"\xff\xff\xff\xff"}, PIXEL),
        ({"cHRM": bytes(32)}, PIXEL),
        ({"cHRM": b"\xff" * 32}, PIXEL),
        ({"cHRM": chrm(0.9, 0.05, *P3_CHRM[2:])}, PIXEL),
        ({"cHRM": chrm(0.3, 0.0, *P3_CHRM[2:])}, PIXEL),
        ({"cHRM": chrm(*[0.3127, 0.329] * 4)}, PIXEL),
        ({"cHRM": chrm(0.15, 0.5, *P3_CHRM[2:])}, PIXEL),
        # The white of no lamp, between primaries of all colours.
        ({"cHRM": chrm(0.3, 0.00001, 1, 0, 0, 1, 0, 0)}, PIXEL),
        ({"cHRM": chrm(0.6, 0.39999, 1, 0, 0, 1, 0, 0)}, PIXEL),
        ({"gAMA": gama(0), "cHRM": chrm(*P3_CHRM)}, IN_P3),
        ({"gAMA": gama(1.0), "cHRM": bytes(32)}, in_srgb(PIXEL, SRGB, power(1))),
    ],
)
def test_older_chunks_name_gamma_and_primaries(chunks: dict[str, bytes], expected: Pixel) -> None:
    assert is_near(kept(with_chunks(PNG, **chunks)), expected, by=3)


@pytest.mark.parametrize(
    "chunks",
    [
        {"gAMA": gama(0.45455)},
        {"gAMA": gama(0.45)},
        {"gAMA": gama(0.45455), "cHRM": chrm(0.3127, 0.3291, 0.6485, 0.3309, 0.3, 0.6, 0.15, 0.06)},
    ],
)
def test_older_chunks_near_srgb_mean_its_curve_in_dark_tones_too(chunks: dict[str, bytes]) -> None:
    dark = encode(Image.new("RGB", (64, 64), (8, 8, 8)))

    # A gamma of 2.2 would make it (1, 1, 1).
    assert is_near(kept(with_chunks(dark, **chunks)), (8, 8, 8), by=1)


LINEAR = gama(1.0)
BY_PROFILE = in_srgb(PIXEL, DISPLAY_P3, power(2.2))
CICP_P3 = bytes([12, 13, 0, 1])


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ({"iCCP": iccp(make_profile()), "cICP": bytes([1, 8, 0, 1])}, BY_PROFILE),
        ({"iCCP": iccp(make_profile()), "sRGB": b"\0", "gAMA": LINEAR}, BY_PROFILE),
        ({"iCCP": iccp(b"junk"), "cICP": CICP_P3}, IN_P3),
        ({"iCCP": iccp(b"junk"), "gAMA": LINEAR}, in_srgb(PIXEL, SRGB, power(1))),
        ({"iCCP": iccp(b"junk"), "sRGB": b"\0", "gAMA": LINEAR}, PIXEL),
        ({"cICP": CICP_P3, "sRGB": b"\0", "gAMA": LINEAR}, IN_P3),
        ({"cICP": bytes([1, 13, 0, 1]), "gAMA": LINEAR}, PIXEL),
        ({"cICP": bytes([2, 2, 0, 1]), "gAMA": LINEAR}, in_srgb(PIXEL, SRGB, power(1))),
        # A PNG has no matrix, and the chunk four bytes.
        ({"cICP": bytes([12, 13, 6, 1]), "gAMA": LINEAR}, in_srgb(PIXEL, SRGB, power(1))),
        ({"cICP": bytes([12, 13, 0]), "gAMA": LINEAR}, in_srgb(PIXEL, SRGB, power(1))),
        ({"sRGB": b"\0", "gAMA": LINEAR, "cHRM": chrm(*P3_CHRM)}, PIXEL),
    ],
)  # fmt: skip
def test_the_stronger_chunk_wins(chunks: dict[str, bytes], expected: Pixel) -> None:
    assert is_near(kept(with_chunks(PNG, **chunks)), expected, by=3)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ({}, IN_ADOBE_RGB),
        ({"sRGB": b"\0"}, PIXEL),
        ({"gAMA": gama(0.45455)}, PIXEL),
        ({"cICP": CICP_P3}, IN_P3),
        ({"cICP": bytes([1, 13, 0, 1])}, PIXEL),
    ],
)
def test_a_chunk_of_colours_wins_over_exif(chunks: dict[str, bytes], expected: Pixel) -> None:
    content = with_chunks(encode(PHOTO, exif=R03), **chunks)

    assert is_near(kept(content), expected, by=3)


def icc_box(profile: bytes) -> bytes:
    return box(b"colr", b"prof", profile)


def test_an_icc_profile_wins_over_nclx() -> None:
    content = make_heic(PHOTO, colours=[nclx(9, 8), icc_box(make_profile())])

    assert is_near(kept(content), in_srgb(PIXEL, DISPLAY_P3, power(2.2)), by=4)


def test_a_broken_icc_profile_leaves_the_word_to_nclx() -> None:
    content = make_heic(PHOTO, colours=[icc_box(b"junk" * 20), nclx(9, 8)])

    assert is_near(kept(content), in_srgb(PIXEL, BT_2020, power(1)), by=4)


def test_nclx_wins_over_exif_where_it_is_not_what_every_encoder_says() -> None:
    usual = encode(PHOTO, "HEIF", exif=R03, color_primaries=1, transfer_characteristics=13)
    wide = encode(PHOTO, "HEIF", exif=R03, color_primaries=12, transfer_characteristics=13)

    assert is_near(kept(usual), IN_ADOBE_RGB, by=4)
    assert is_near(kept(wide), IN_P3, by=4)


HDR_FILES = [
    (with_chunks(PNG, cICP=bytes([9, 16, 0, 1])), "PQ"),
    (with_chunks(PNG, cICP=bytes([9, 18, 0, 1])), "HLG"),
    (with_chunks(PNG, cICP=bytes([1, 16, 0, 0])), "PQ"),
    (with_chunks(PNG, cICP=bytes([9, 16, 9, 1])), "PQ"),
    (with_chunks(PNG, cICP=bytes([9, 16, 0, 1]), iCCP=iccp(make_profile())), "PQ"),
    (with_chunks(PNG, iCCP=iccp(make_profile(), name="ITUR_2100_PQ_FULL")), "PQ"),
    (with_chunks(PNG, cICP=bytes([9, 18, 0, 1]), sRGB=b"\0", gAMA=gama(0.45455)), "HLG"),
    (encode(PHOTO, "HEIF", color_primaries=9, transfer_characteristics=16), "PQ"),
    (encode(PHOTO, "HEIF", color_primaries=9, transfer_characteristics=18), "HLG"),
    (encode(PHOTO, "HEIF", color_primaries=12, transfer_characteristics=16), "PQ"),
    (make_heic(PHOTO, colours=[nclx(9, 18), icc_box(make_profile())]), "HLG"),
]


@pytest.mark.parametrize(("content", "curve"), HDR_FILES)
def test_photos_of_an_hdr_curve_are_refused(content: bytes, curve: str) -> None:
    with pytest.raises(PhotoRefused) as refused:
        normalise_photo(content)

    assert str(refused.value) == (
        f"This photo is HDR ({curve}):"
        " export it as an SDR JPEG in sRGB or Display P3 and send that."
    )


def test_a_heic_with_a_gain_map_is_the_picture_under_it() -> None:
    # The map itself is of an HDR curve, which is nothing to the picture.
    content = make_heic(
        PHOTO,
        colours=[nclx(12, 13)],
        gain_map=Image.new("L", (32, 32), 200),
        gain_map_colours=[nclx(9, 16)],
    )

    assert is_near(kept(content), IN_P3, by=4)


def test_a_jpeg_with_a_gain_map_is_the_picture_under_it() -> None:
    """An Ultra HDR JPEG: the map stands behind the picture, whose XMP tells of it."""
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        b' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        b' xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/></rdf:RDF>'
        b"</x:xmpmeta>"
    )
    gain_map = Image.new("L", (32, 32), 200)
    content = encode(PHOTO, "MPO", save_all=True, append_images=[gain_map], xmp=xmp, quality=95,
                     icc_profile=make_profile())  # fmt: skip
    assert b"hdrgm" in content

    assert is_near(kept(content), in_srgb(PIXEL, DISPLAY_P3, power(2.2)), by=3)


def test_finish_picture_keeps_a_picture_of_hdr_and_a_thumbnail_is_made_of_it() -> None:
    content = with_chunks(PNG, cICP=bytes([9, 16, 0, 1]))

    picture = finish_picture(
        content, aspect_ratio=None, output_format=None, quality=None, disclosure=None
    )

    assert picture.content == content
    thumbnail = decode(make_thumbnail(content).content)
    assert is_near(thumbnail.getpixel((16, 16)), in_srgb(PIXEL, BT_2020))


def test_finish_picture_refuses_to_encode_a_picture_of_hdr_again() -> None:
    content = with_chunks(PNG, cICP=bytes([9, 16, 0, 1]))

    with pytest.raises(PictureRefused) as refused:
        finish_picture(
            content, aspect_ratio=None, output_format="webp", quality=None, disclosure=None
        )

    assert str(refused.value) == (
        "The model's output is HDR (PQ), which we keep as it comes, but cannot crop, label or"
        " convert."
    )
