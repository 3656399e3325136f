from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Show, picture


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
