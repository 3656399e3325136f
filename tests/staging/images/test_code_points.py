"""Colours by code points of ITU-T H.273: cICP of PNG, nclx of HEIF and AVIF."""

from io import BytesIO

import pytest
from PIL import Image

from staging.images.code_points import CodePoints, read_code_points
from tests.staging.colour_files import (
    BT_2020,
    DISPLAY_P3,
    PHOTO,
    PIXEL,
    PNG,
    SRGB,
    Curve,
    Matrix,
    in_srgb,
    kept,
    make_heic,
    nclx,
    power,
    srgb_curve,
    with_chunks,
)
from tests.staging.image_files import encode, is_near


@pytest.mark.parametrize(
    ("points", "space", "curve"),
    [
        ((1, 13, 0, 1), SRGB, srgb_curve),
        ((1, 1, 0, 1), SRGB, srgb_curve),
        ((12, 13, 0, 1), DISPLAY_P3, srgb_curve),
        ((12, 6, 0, 1), DISPLAY_P3, srgb_curve),
        ((12, 4, 0, 1), DISPLAY_P3, power(2.2)),
        ((9, 14, 0, 1), BT_2020, srgb_curve),
        ((9, 8, 0, 1), BT_2020, power(1)),
        ((1, 8, 0, 1), SRGB, power(1)),
        ((1, 4, 0, 1), SRGB, power(2.2)),
        ((1, 5, 0, 1), SRGB, power(2.8)),
        ((2, 2, 0, 1), SRGB, srgb_curve),
        ((200, 13, 0, 1), SRGB, srgb_curve),
    ],
)
def test_cicp_names_primaries_and_curve(
    points: tuple[int, int, int, int], space: Matrix, curve: Curve
) -> None:
    content = with_chunks(PNG, cICP=bytes(points))

    assert is_near(kept(content), in_srgb(PIXEL, space, curve), by=3)


def test_cicp_widens_a_narrow_range() -> None:
    content = with_chunks(encode(Image.new("RGB", (64, 64), (235, 16, 126))), cICP=b"\1\15\0\0")

    # (126 - 16) * 255 / 219
    assert is_near(kept(content), (255, 0, 128), by=3)


def test_cicp_converts_grey() -> None:
    content = with_chunks(encode(Image.new("L", (64, 64), 55)), cICP=bytes([1, 8, 0, 1]))

    assert is_near(kept(content), in_srgb((55, 55, 55), SRGB, power(1)), by=1)


@pytest.mark.parametrize(
    ("primaries", "transfer", "space", "curve"),
    [
        (1, 13, SRGB, srgb_curve),
        (1, 1, SRGB, srgb_curve),
        (2, 2, SRGB, srgb_curve),
        (12, 13, DISPLAY_P3, srgb_curve),
        (12, 1, DISPLAY_P3, srgb_curve),
        (9, 14, BT_2020, srgb_curve),
        (9, 8, BT_2020, power(1)),
        (1, 8, SRGB, power(1)),
        (1, 4, SRGB, power(2.2)),
        (12, 5, DISPLAY_P3, power(2.8)),
    ],
)
def test_nclx_names_primaries_and_curve(
    primaries: int, transfer: int, space: Matrix, curve: Curve
) -> None:
    content = encode(PHOTO, "HEIF", color_primaries=primaries, transfer_characteristics=transfer)

    assert is_near(kept(content), in_srgb(PIXEL, space, curve), by=4)


def test_read_code_points_of_an_avif() -> None:
    assert read_code_points(BytesIO(encode(PHOTO, "AVIF"))) == CodePoints(1, 13, 6, True)


def test_read_code_points_of_the_primary_picture_alone() -> None:
    content = make_heic(PHOTO, gain_map=Image.new("L", (32, 32)), gain_map_colours=[nclx(9, 16)])

    assert read_code_points(BytesIO(content)) is None


CICP = with_chunks(PNG, cICP=b"\x0c\x0d\0\1")
NCLX = make_heic(PHOTO, colours=[nclx(12, 13)])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff",
        CICP[:40],
        NCLX[:60],
        # A checksum that is wrong, a chunk behind the pixels, and QuickTime's own box.
        CICP.replace(b"cICP\x0c", b"cICP\x09"),
        PNG[:-12] + CICP[33:49] + PNG[-12:],
        NCLX.replace(b"colrnclx", b"colrnclc"),
    ],
)
def test_read_code_points_finds_none_in_what_is_broken(content: bytes) -> None:
    assert read_code_points(BytesIO(content)) is None
