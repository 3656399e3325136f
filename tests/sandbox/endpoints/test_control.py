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


def test_published_schema_decides_what_is_refused(api: httpx.Client) -> None:
    model = api.get("/v1/models/acme/burst").json() | {"name": "drifting", "is_official": True}
    asked = {"input": {"prompt": "a sofa", "size": 3}}
    run = "/v1/models/acme/drifting/predictions"
    size = {"type": "integer", "maximum": 4}
    inputs = {"prompt": {"type": "string"}, "size": size}
    schema = {"components": {"schemas": {"Input": {"properties": inputs}}}}
    model["latest_version"] = {"id": "1" * 64, "openapi_schema": schema}
    api.post("/_sandbox/models", json=model)
    before = api.post(run, json=asked).status_code

    size["maximum"] = 2
    api.post("/_sandbox/models", json=model)
    refused = api.post(run, json=asked)
    api.post("/_sandbox/models", json=model | {"x-sandbox-refusals": "fastapi"})
    in_other_words = api.post(run, json=asked)

    words = "Must be less than or equal to 2"
    assert (before, refused.status_code, in_other_words.status_code) == (201, 422, 422)
    assert refused.json()["invalid_fields"] == [
        {"type": "number_lte", "field": "input.size", "description": words}
    ]
    assert in_other_words.json()["detail"] == [
        {
            "loc": ["body", "input", "size"],
            "msg": "ensure this value is less than or equal to 2",
            "type": "number_lte",
        }
    ]
    assert "x-sandbox-refusals" not in api.get("/v1/models/acme/drifting").json()


def test_earlier_version_runs_on_under_its_own_schema(api: httpx.Client) -> None:
    model = api.get("/v1/models/acme/burst").json() | {"name": "versions", "is_official": False}
    for number, maximum in (("1" * 64, 4), ("2" * 64, 2)):
        inputs = {"size": {"type": "integer", "maximum": maximum}}
        schema = {"components": {"schemas": {"Input": {"properties": inputs}}}}
        model["latest_version"] = {"id": number, "openapi_schema": schema}
        api.post("/_sandbox/models", json=model)

    answers = {
        number[0]: api.post(
            "/v1/predictions",
            json={"version": f"acme/versions:{number}", "input": {"size": 3}},
        ).status_code
        for number in ("1" * 64, "2" * 64, "3" * 64)
    }

    assert answers == {"1": 201, "2": 422, "3": 422}
    assert api.get("/v1/models/acme/versions").json()["latest_version"]["id"] == "2" * 64
