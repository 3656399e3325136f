from typing import Any

import pytest

from modelsettings.schema.comparison import UNSET
from modelsettings.schema.flattening import JSON
from modelsettings.schema.parameters import LARGEST_INTEGER
from modelsettings.schema.words import allowed_in_words, explain, kind_in_words, value_in_words


@pytest.mark.parametrize(
    ("prop", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "array"}, "list of anything"),
        ({"type": "array", "items": {"type": "string", "format": "uri"}}, "list of addresses"),
        ({"type": ["integer", "string"]}, "whole number or text"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number or nothing"),
    ],
    ids=str,
)
def test_kind_in_words(prop: JSON, words: str) -> None:
    assert kind_in_words(prop) == words


@pytest.mark.parametrize(
    ("prop", "words"),
    [
        ({}, ""),
        ({"enum": ["webp", ""]}, 'webp, ""'),
        ({"enum": []}, "none"),
        ({"minimum": 0, "exclusiveMaximum": 1}, "at least 0, less than 1"),
        ({"multipleOf": 8}, "a multiple of 8"),
        # A range hid the multiple.
        ({"minimum": 64, "maximum": 2048, "multipleOf": 8}, "64 to 2048, a multiple of 8"),
        ({"minLength": 1, "maxLength": 60}, "1 or more characters; 60 or fewer characters"),
    ],
    ids=str,
)
def test_allowed_in_words(prop: JSON, words: str) -> None:
    assert allowed_in_words(prop) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(UNSET, "unset"), (True, "on"), (False, "off"), ("", '""'), (0, "0"), ("x", "x"), ([], "[]")],
)
def test_value_in_words(value: Any, words: str) -> None:
    assert value_in_words(value) == words


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        ({}, "Empty: unset."),
        ({"description": "How fine", "default": 80}, "How fine. As it came: 80."),
        ({"description": "Really?", "default": True}, "Really? As it came: on."),
        ({"default": ""}, 'As it came: "".'),
        ({"default": []}, "As it came: an empty list."),
        ({"default": 0}, "As it came: 0."),
        ({"minimum": 1, "maximum": 4, "default": 1}, "1 to 4. As it came: 1."),
        ({"minimum": 0, "default": 1}, "At least 0. As it came: 1."),
        ({"maximum": 0, "default": 0}, "At most 0. As it came: 0."),
        (
            {"exclusiveMinimum": 0, "maximum": 1, "default": 1},
            "More than 0. At most 1. As it came: 1.",
        ),
        ({"exclusiveMaximum": 1}, "Less than 1. Empty: unset."),
        ({"minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER}, "Empty: unset."),
        ({"minimum": 0, "maximum": LARGEST_INTEGER}, "At least 0. Empty: unset."),
        (
            {"default": 1, "x-note": "Has no effect", "x-applied-by": "restage"},
            "Has no effect. As it came: 1. Carried out by Restage.",
        ),
        (
            {"deprecated": True},
            "Empty: unset. Deprecated: its provider advises against it, and may remove it.",
        ),
        (
            {"default": "png", "x-restage-choices": ["webp", "jpg"]},
            "As it came: png. webp, jpg: encoded by Restage.",
        ),
    ],
    ids=str,
)
def test_explain_in_sentences(prop: JSON, expected: str) -> None:
    assert explain(prop) == expected


def test_explain_keeps_a_long_description() -> None:
    assert explain({"description": "ä" * 5000}) == f"{'ä' * 5000}. Empty: unset."
