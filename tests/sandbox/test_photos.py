from __future__ import annotations

import httpx
import pytest

from tests.sandbox.conftest import Finish, Make, photo, picture


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
