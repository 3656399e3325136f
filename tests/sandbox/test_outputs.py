from __future__ import annotations

import httpx

from tests.sandbox.conftest import Finish, Show, as_uri, photo, picture


def test_outputs_have_seeds_of_their_own(show: Show) -> None:
    three = show({"num_outputs": 3})

    assert len(set(three)) == 3
    assert three[1] == show({"seed": 2})[0]


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
