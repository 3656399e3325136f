from __future__ import annotations

import io

import httpx
import pytest
from PIL import Image, UnidentifiedImageError

from tests.sandbox.conftest import Finish, Make


@pytest.mark.parametrize(
    ("deed", "status"), [("missing_output", 404), ("redirect_output", 302), ("html_output", 200)]
)
def test_output_address_misbehaves(
    api: httpx.Client, create: Make, finish: Finish, deed: str, status: int
) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": deed})

    answer = httpx.get(finish(create())["output"][0])

    assert answer.status_code == status
    assert answer.headers.get("content-type") != "image/webp"


def test_broken_output_is_no_whole_picture(api: httpx.Client, create: Make, finish: Finish) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "broken_output"})
    answer = httpx.get(finish(create({"output_format": "png"}))["output"][0])

    with pytest.raises((OSError, SyntaxError, UnidentifiedImageError)):
        Image.open(io.BytesIO(answer.content)).load()
