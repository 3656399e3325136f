from __future__ import annotations

import httpx

from tests.sandbox.conftest import Make


def test_record_counts_requests(api: httpx.Client, create: Make) -> None:
    created = create(webhook="https://receiver.invalid/")
    api.get("/v1/predictions/nothing")

    record = api.get("/_sandbox/record").json()

    assert record["requests"] == {"create": 1, "get": 1}
    assert [(p["id"], p["webhook"]) for p in record["predictions"]] == [
        (created["id"], "https://receiver.invalid/")
    ]


def test_published_model_replaces_the_old(api: httpx.Client) -> None:
    old = api.get("/v1/models/acme/burst").json()

    api.post("/_sandbox/models", json={**old, "description": "Another."})

    assert api.get("/v1/models/acme/burst").json()["description"] == "Another."
