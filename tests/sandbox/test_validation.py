from __future__ import annotations

import httpx
import pytest

from tests.sandbox.conftest import STAGER


def test_input_says_what_is_wrong(api: httpx.Client) -> None:
    answer = api.post(STAGER, json={"input": {"prompt": "x", "output_format": "gif"}})

    words = 'input.output_format must be one of the following: "webp", "jpg", "png"'
    field = {"type": "enum", "field": "input.output_format", "description": words}
    assert answer.status_code == 422
    assert answer.json() == {
        "title": "Input validation failed",
        "detail": f"- input.output_format: {words}\n",
        "status": 422,
        "invalid_fields": [field],
    }


@pytest.mark.parametrize(
    ("given", "kind", "field"),
    [
        ({}, "required", "input"),
        ({"prompt": "x", "num_outputs": 5}, "number_lte", "input.num_outputs"),
        ({"prompt": "x", "num_outputs": 0}, "number_gte", "input.num_outputs"),
        ({"prompt": "x", "num_outputs": "two"}, "invalid_type", "input.num_outputs"),
        ({"prompt": "x", "num_outputs": None}, "invalid_type", "input.num_outputs"),
        ({"prompt": "x", "image": "not an address"}, "format", "input.image"),
        ({"prompt": "x", "colour": 1}, "additional_property_not_allowed", "input"),
    ],
)
def test_input_is_refused(
    api: httpx.Client, given: dict[str, object], kind: str, field: str
) -> None:
    invalid = api.post(STAGER, json={"input": given}).json()["invalid_fields"]

    assert [(one["type"], one["field"]) for one in invalid] == [(kind, field)]


def test_null_is_taken_where_nullable(api: httpx.Client) -> None:
    answer = api.post(STAGER, json={"input": {"prompt": "x", "seed": None}})

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("given", "loc", "msg"),
    [
        ({}, ["prompt"], "field required"),
        (
            {"prompt": "x", "num_outputs": 5},
            ["num_outputs"],
            "ensure this value is less than or equal to 4",
        ),
        (
            {"prompt": "x", "num_outputs": 0},
            ["num_outputs"],
            "ensure this value is greater than or equal to 1",
        ),
        ({"prompt": "x", "num_outputs": "two"}, ["num_outputs"], "value is not a valid integer"),
        (
            {"prompt": "x", "output_format": "gif"},
            ["output_format"],
            "value is not a valid enumeration member; permitted: 'webp', 'jpg', 'png'",
        ),
        ({"prompt": "x", "colour": 1}, ["colour"], "extra fields not permitted"),
    ],
)
def test_input_is_refused_as_fastapi_does(
    api: httpx.Client, given: dict[str, object], loc: list[str], msg: str
) -> None:
    published = api.get("/v1/models/acme/stager").json()
    api.post("/_sandbox/models", json=published | {"x-sandbox-refusals": "fastapi"})

    answer = api.post(STAGER, json={"input": given})

    api.post("/_sandbox/models", json=published)
    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert (error["loc"], error["msg"]) == (["body", "input", *loc], msg)
