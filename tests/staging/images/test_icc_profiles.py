"""ICC profiles of HDR curves are told from those of photos."""

import struct
from collections.abc import Callable

import pytest
from PIL import Image, ImageCms

from staging.images import PhotoRefused, normalise_photo
from staging.images.icc_profiles import find_hdr_curve
from tests.staging.colour_files import hlg, pq
from tests.staging.image_files import (
    PHOTO_FORMATS,
    encode,
    make_cmyk_profile,
    make_grey_profile,
    make_profile,
)


def cicp(transfer: int) -> bytes:
    return b"cicp\0\0\0\0" + bytes([9, transfer, 0, 1])


def name_of_version_2(name: str) -> bytes:
    text = name.encode() + b"\0"
    body = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    return body + bytes(-len(body) % 4)


def name_of_version_4(name: str) -> bytes:
    text = name.encode("utf-16-be")
    body = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    return body + bytes(-len(body) % 4)


def table(curve: Callable[[float], float]) -> bytes:
    values = [round(min(max(curve(place / 1023), 0), 1) * 65535) for place in range(1024)]
    return b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *values)


def with_curve(curve: Callable[[float], float]) -> bytes:
    return make_profile(tags=dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), table(curve)))


NAMES = [
    ("Rec. ITU-R BT.2100 PQ", "PQ"),
    ("Rec. 2100 PQ", "PQ"),
    ("Rec2020 Gamut with PQ Transfer", "PQ"),
    ("ITUR_2100_PQ_FULL", "PQ"),
    ("RGB_D65_202_Rel_PeQ", "PQ"),
    ("Display P3; SMPTE ST 2084 PQ", "PQ"),
    ("Rec. ITU-R BT.2100 HLG", "HLG"),
    ("Rec2100HlgFull", "HLG"),
    ("RGB_D65_202_Rel_HLG", "HLG"),
    ("Display P3", None),
    ("Rec. ITU-R BT.2020-1", None),
    ("EPQ-3 print", None),
]


@pytest.mark.parametrize("of_version", [name_of_version_2, name_of_version_4])
@pytest.mark.parametrize(("name", "curve"), NAMES)
def test_find_hdr_curve_by_name(
    name: str, curve: str | None, of_version: Callable[[str], bytes]
) -> None:
    assert find_hdr_curve(make_profile(tags={b"desc": of_version(name)})) == curve


@pytest.mark.parametrize(("transfer", "curve"), [(16, "PQ"), (18, "HLG"), (13, None), (1, None)])
def test_find_hdr_curve_by_code_points(transfer: int, curve: str | None) -> None:
    assert find_hdr_curve(make_profile(tags={b"cicp": cicp(transfer)})) == curve


def test_find_hdr_curve_by_what_it_makes_of_grey() -> None:
    assert find_hdr_curve(with_curve(pq)) == "PQ"
    assert find_hdr_curve(with_curve(hlg)) == "HLG"


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2, 2.6, 3.0])
def test_find_hdr_curve_finds_none_in_profiles_of_photos(gamma: float) -> None:
    assert find_hdr_curve(make_profile(gamma=gamma)) is None
    assert find_hdr_curve(make_grey_profile(gamma)) is None


def test_find_hdr_curve_finds_none_in_a_printers_dark_grey() -> None:
    printer = make_profile(gamma=4).replace(b"mntrRGB ", b"prtrRGB ")

    assert find_hdr_curve(make_profile(gamma=4)) == "HLG"
    assert find_hdr_curve(printer) is None


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"junk",
        bytes(600),
        make_profile()[:200],
        make_cmyk_profile(),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        make_profile(tags={b"cicp": b"cicp"}),
        make_profile()[:128] + b"\xff" * 400,
    ],
)
def test_find_hdr_curve_finds_none_in_others_and_broken_ones(profile: bytes) -> None:
    assert find_hdr_curve(profile) is None


@pytest.mark.parametrize("file_format", PHOTO_FORMATS)
@pytest.mark.parametrize(
    ("profile", "curve"),
    [
        (make_profile(tags={b"cicp": cicp(16)}), "PQ"),
        (make_profile(tags={b"desc": name_of_version_4("Rec. 2100 HLG")}), "HLG"),
        (with_curve(pq), "PQ"),
    ],
)
def test_normalise_photo_refuses_a_profile_of_hdr(
    file_format: str, profile: bytes, curve: str
) -> None:
    photo = encode(Image.new("RGB", (32, 32), "grey"), file_format, icc_profile=profile)

    with pytest.raises(PhotoRefused, match=rf"This photo is HDR \({curve}\): export it as an SDR"):
        normalise_photo(photo)
