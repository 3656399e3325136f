from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from sandbox.drawing import draw_staged_room

SIZE = (300, 200)


def draw(photo: Image.Image | None, **changes: str | int) -> Image.Image:
    prompt, seed = str(changes.get("prompt", "a modern living room")), int(changes.get("seed", 1))
    variation = str(changes.get("variation", ""))
    return draw_staged_room(photo, size=SIZE, prompt=prompt, seed=seed, variation=variation)


@pytest.fixture
def wall() -> Image.Image:
    return Image.new("RGB", SIZE, (214, 206, 196))


def test_photo_stays_where_no_furniture_is(wall: Image.Image) -> None:
    difference = ImageChops.difference(draw(wall), wall)

    assert difference.crop((0, 0, 60, 40)).getbbox() is None
    assert difference.crop((60, 100, 240, 190)).getbbox() is not None


def test_same_arguments_give_the_same_picture(wall: Image.Image) -> None:
    assert draw(wall) == draw(wall)


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 2},
        {"prompt": "a traditional living room"},
        {"prompt": "a modern bedroom"},
        {"variation": "guidance 9"},
    ],
    ids=str,
)
def test_each_argument_can_be_seen(wall: Image.Image, changed: dict[str, str | int]) -> None:
    assert draw(wall, **changed) != draw(wall)


def test_without_a_photo_a_room_is_drawn(wall: Image.Image) -> None:
    assert draw(None).size == SIZE
    assert draw(None) != draw(wall)
