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
