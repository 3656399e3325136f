from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image, ImageChops

from tests.sandbox.conftest import as_uri, photo

Make = Callable[..., dict[str, Any]]
Finish = Callable[[dict[str, Any]], dict[str, Any]]
Show = Callable[[dict[str, Any]], list[bytes]]


def picture(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.fixture
def show(create: Make, finish: Finish) -> Show:
    """Run the tests' model on a photo of 300 by 200, and download what it made."""

    def run(given: dict[str, Any]) -> list[bytes]:
        over = finish(create({"seed": 1, **given}))
        assert over["status"] == "succeeded", over["error"]
        return [httpx.get(address).content for address in over["output"]]

    return run


def test_same_input_gives_the_same_bytes(show: Show) -> None:
    assert show({}) == show({})


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 2},
        {"prompt": "a traditional living room"},
        {"prompt": "a modern bedroom"},
        {"guidance": 9},
        {"output_quality": 20},
    ],
    ids=str,
)
def test_changed_parameter_can_be_seen(show: Show, changed: dict[str, Any]) -> None:
    assert show(changed) != show({})


@pytest.mark.parametrize(("name", "kind"), [("webp", "WEBP"), ("jpg", "JPEG"), ("png", "PNG")])
def test_output_format(show: Show, name: str, kind: str) -> None:
    assert picture(show({"output_format": name})[0]).format == kind


@pytest.mark.parametrize(
    ("ratio", "size"),
    [("match_input_image", (300, 200)), ("1:1", (200, 200)), ("16:9", (300, 169))],
)
def test_aspect_ratio(show: Show, ratio: str, size: tuple[int, int]) -> None:
    assert picture(show({"aspect_ratio": ratio})[0]).size == size


def test_outputs_have_seeds_of_their_own(show: Show) -> None:
    three = show({"num_outputs": 3})

    assert len(set(three)) == 3
    assert three[1] == show({"seed": 2})[0]


def test_photo_stays_where_no_furniture_is(show: Show) -> None:
    made = picture(show({"output_format": "png"})[0]).convert("RGB")
    difference = ImageChops.difference(made, picture(photo()).convert("RGB"))

    corner = difference.crop((0, 0, 60, 40)).getextrema()
    assert corner == ((0, 0), (0, 0), (0, 0))
    assert difference.crop((60, 100, 240, 190)).getbbox() is not None


def test_single_output_is_one_address(api: httpx.Client, finish: Finish) -> None:
    version = api.get("/v1/models/jane/single").json()["latest_version"]["id"]
    given = {
        "prompt": "x",
        "images": [as_uri(photo())],
        "size": "custom",
        "width": 96,
        "height": 64,
    }

    created = api.post("/v1/predictions", json={"version": version, "input": given})
    over = finish(created.json())

    assert picture(httpx.get(over["output"]).content).size == (96, 64)


def test_sequential_images(api: httpx.Client, finish: Finish) -> None:
    given = {"prompt": "x", "sequential_image_generation": "auto", "max_images": 3}

    created = api.post("/v1/models/acme/burst/predictions", json={"input": given})

    assert len(finish(created.json())["output"]) == 3


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://example.com/room.jpg", "Could not fetch"),
        ("http://127.0.0.1:9/room.jpg", "Could not fetch"),
        ("data:image/png;base64,AAAA", "not a picture"),
    ],
)
def test_unreadable_photo_fails(create: Make, finish: Finish, address: str, words: str) -> None:
    over = finish(create({"image": address}))

    assert over["status"] == "failed"
    assert words in over["error"]


def test_photo_from_our_own_files(api: httpx.Client, create: Make, finish: Finish) -> None:
    kept = api.post("/v1/files", files={"content": ("a.jpg", photo(), "image/jpeg")}).json()

    over = finish(create({"image": kept["urls"]["get"], "seed": 1}))

    assert picture(httpx.get(over["output"][0]).content).size == (300, 200)
