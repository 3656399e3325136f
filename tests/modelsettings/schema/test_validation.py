from collections.abc import Mapping
from typing import Any

import pytest

from modelsettings.schema.flattening import JSON
from modelsettings.schema.validation import SettingsRefused, SettingsValidator

PARAMETERS: JSON = {
    "quality": {"type": "integer", "minimum": 1, "maximum": 100, "default": 80},
    "seed": {"type": "integer"},
    "scale": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 20},
    "step": {"type": "number", "multipleOf": 0.5},
    "fast": {"type": "boolean", "default": True},
    "format": {"type": "string", "enum": ["webp", "png"], "default": "webp"},
    "level": {"type": "integer", "enum": [0, 2, 6]},
    "flag": {"type": "boolean", "enum": [True]},
    "note": {"type": "string", "minLength": 2, "maxLength": 10, "pattern": "^[a-z]*$"},
    "sizes": {
        "type": "array",
        "items": {"type": "integer"},
        "minItems": 1,
        "maxItems": 2,
        "uniqueItems": True,
        "default": [1],
    },
    "limit": {"anyOf": [{"type": "integer"}, {"type": "string", "enum": ["auto"]}]},
    "place": {"type": "object", "properties": {"x": {"type": "integer"}}},
    "either": {"type": ["integer", "string"]},
}
SCHEMA: JSON = {"type": "object", "properties": PARAMETERS, "additionalProperties": False}
DEFAULTS: JSON = {"quality": 80, "fast": True, "format": "webp", "sizes": [1]}


def nested(deep: int) -> Any:
    value: Any = 1
    for _ in range(deep):
        value = [value]
    return value


def refusal_of(values: Any) -> Mapping[str, list[str]]:
    with pytest.raises(SettingsRefused) as refused:
        SettingsValidator(SCHEMA).clean(values)
    return refused.value.errors


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, DEFAULTS),
        ({"quality": 55}, {**DEFAULTS, "quality": 55}),
        ({"quality": 55.0}, {**DEFAULTS, "quality": 55}),
        ({"seed": -0.0}, {**DEFAULTS, "seed": 0}),
        ({"seed": 42}, {**DEFAULTS, "seed": 42}),
        ({"seed": None}, DEFAULTS),
        ({"scale": 5}, {**DEFAULTS, "scale": 5}),
        ({"note": "abc"}, {**DEFAULTS, "note": "abc"}),
        ({"limit": "auto"}, {**DEFAULTS, "limit": "auto"}),
        ({"place": {"x": 1, "y": None}}, {**DEFAULTS, "place": {"x": 1, "y": None}}),
        ({"level": 2.0}, {**DEFAULTS, "level": 2}),
    ],
    ids=str,
)
def test_clean_returns_the_whole_document(values: JSON, expected: JSON) -> None:
    assert SettingsValidator(SCHEMA).clean(values) == expected


def test_clean_stores_a_whole_number_as_an_integer() -> None:
    assert type(SettingsValidator(SCHEMA).clean({"quality": 5.0})["quality"]) is int
    assert type(SettingsValidator(SCHEMA).clean({"scale": 5.0})["scale"]) is float


def test_clean_keeps_the_order_of_the_schema() -> None:
    found = SettingsValidator(SCHEMA).clean({"note": "ab", "format": "png", "seed": 1})

    assert list(found) == ["quality", "seed", "fast", "format", "note", "sizes"]


def test_clean_shares_no_default_between_documents() -> None:
    validator = SettingsValidator(SCHEMA)

    validator.clean({})["sizes"].append(99)

    assert validator.clean({}) == DEFAULTS


def test_clean_leaves_the_values_it_is_given() -> None:
    values = {"seed": None, "quality": 5.0}

    SettingsValidator(SCHEMA).clean(values)

    assert values == {"seed": None, "quality": 5.0}


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("quality", 120, "quality: 120 is more than the maximum of 100."),
        ("quality", 0, "quality: 0 is less than the minimum of 1."),
        ("quality", "5", 'quality: "5" is text, not a whole number.'),
        ("quality", 5.5, "quality: 5.5 is a number, not a whole number."),
        ("quality", True, "quality: true is a truth value, not a whole number."),
        ("quality", None, "quality: null is not a value here; its default is 80."),
        ("quality", [1], "quality: [1] is a list, not a whole number."),
        ("quality", {}, "quality: {} is an object, not a whole number."),
        ("sizes", None, "sizes: null is not a value here; its default is [1]."),
        ("format", None, 'format: null is not a value here; its default is "webp".'),
        ("fast", 1, "fast: 1 is a number, not true or false."),
        ("fast", "true", 'fast: "true" is text, not true or false.'),
        ("format", "gif", 'format: "gif" is not one of webp, png.'),
        ("format", "", 'format: "" is not one of webp, png.'),
        ("format", "PNG", 'format: "PNG" is not one of webp, png.'),
        ("level", 3, "level: 3 is not one of 0, 2, 6."),
        ("flag", False, "flag: false is not one of true."),
        ("note", "a", "note: it is shorter than 2 characters."),
        ("note", "a" * 11, "note: it is longer than 10 characters."),
        ("note", "AB", 'note: "AB" is not written in the form that this model takes.'),
        ("note", 5, "note: 5 is a number, not text."),
        ("scale", 0, "scale: 0 is not more than 0."),
        ("scale", 20, "scale: 20 is not less than 20."),
        ("step", 0.3, "step: 0.3 is not a multiple of 0.5."),
        ("sizes", [], "sizes: it has fewer than 1 entries."),
        ("sizes", [1, 2, 3], "sizes: it has more than 2 entries."),
        ("sizes", [1, 1], "sizes: it holds an entry twice."),
        ("sizes", [1, "a"], 'sizes.1: "a" is text, not a whole number.'),
        ("place", {"x": "a"}, 'place.x: "a" is text, not a whole number.'),
        ("limit", 1.5, "limit: 1.5 is of none of the kinds that are allowed."),
        ("either", 1.5, "either: 1.5 is a number, not a whole number or text."),
        ("scale", float("nan"), "scale: nan is not a number that can be sent."),
        ("scale", float("inf"), "scale: inf is not a number that can be sent."),
        ("seed", float("-inf"), "seed: -inf is not a number that can be sent."),
        (
            "seed",
            10**400,
            "seed: a number of more than 60 digits is not a number that can be sent.",
        ),
        (
            "sizes",
            [10**400],
            "sizes: a number of more than 60 digits is not a number that can be sent.",
        ),
        ("sizes", [float("nan")], "sizes: nan is not a number that can be sent."),
        ("place", {"x": {"y": float("inf")}}, "place: inf is not a number that can be sent."),
        (
            "quality",
            10**300,
            "quality: a number of more than 60 digits is more than the maximum of 100.",
        ),
        ("sizes", nested(22), "sizes: it is nested more than 20 deep."),
        ("sizes", nested(900), "sizes: it is nested more than 20 deep."),
        ("note", "a\0b", "note: it holds the character NUL, which cannot be stored."),
        ("place", {"a\0": 1}, "place: it holds the character NUL, which cannot be stored."),
        ("sizes", ["\0"], "sizes: it holds the character NUL, which cannot be stored."),
        (
            "note",
            "\ud800",
            "note: it holds half a character (a lone surrogate), which cannot be sent.",
        ),
        (
            "place",
            {"x": ["\udfff"]},
            "place: it holds half a character (a lone surrogate), which cannot be sent.",
        ),
        ("sizes", (1,), "sizes: tuple is not a value of JSON."),
        ("sizes", [b"x"], "sizes: bytes is not a value of JSON."),
        ("seed", "x" * 100, f'seed: "{"x" * 59}… is text, not a whole number.'),
    ],
    ids=lambda value: str(value)[:40].encode("ascii", "backslashreplace").decode(),
)
def test_clean_refuses_in_a_sentence(key: str, value: Any, sentence: str) -> None:
    assert refusal_of({key: value}) == {key: [sentence]}


@pytest.mark.parametrize("value", [[2**53], [[-(2**53)]], [{"a": 2**60}]])
def test_clean_refuses_a_whole_number_in_a_list_that_would_be_rounded(value: Any) -> None:
    schema: JSON = {"type": "object", "properties": {"sizes": {"type": "array"}}}

    with pytest.raises(SettingsRefused, match="is beyond 9007199254740991, and would be rounded"):
        SettingsValidator(schema).clean({"sizes": value})
    kept = {"sizes": [2**53 - 1]}
    assert SettingsValidator(schema).clean(kept) == kept


def test_clean_refuses_an_unknown_key_and_names_the_known_ones() -> None:
    known = ", ".join(PARAMETERS)

    assert refusal_of({"qualty": 5, "seed": 1}) == {
        "qualty": [f'"qualty" is not a parameter of this model; its parameters are: {known}.']
    }


def test_clean_refuses_an_unknown_key_even_where_it_is_null() -> None:
    assert list(refusal_of({"gone": None})) == ["gone"]


def test_clean_cuts_a_long_key_in_its_sentence_alone() -> None:
    ((key, (sentence,)),) = refusal_of({"k" * 10_000: 1}).items()

    assert key == "k" * 10_000
    assert sentence.startswith(f'"{"k" * 59}… is not a parameter of this model')


def test_clean_writes_half_a_character_of_a_key_so_that_it_can_be_sent() -> None:
    ((key, (sentence,)),) = refusal_of({"k\ud800": 1}).items()

    assert key == "k\\ud800"
    assert sentence.startswith('"k\\ud800" is not a parameter')


def test_clean_names_every_error_at_once() -> None:
    assert refusal_of({"quality": 120, "format": "gif", "fast": None}) == {
        "quality": ["quality: 120 is more than the maximum of 100."],
        "format": ['format: "gif" is not one of webp, png.'],
        "fast": ["fast: null is not a value here; its default is true."],
    }


def test_clean_names_several_errors_of_one_key() -> None:
    assert refusal_of({"note": "A"}) == {
        "note": [
            "note: it is shorter than 2 characters.",
            'note: "A" is not written in the form that this model takes.',
        ]
    }


@pytest.mark.parametrize("values", [{f"k{at}": 1 for at in range(5000)}, {"sizes": ["a"] * 5000}])
def test_clean_does_not_answer_a_flood_with_a_flood(values: JSON) -> None:
    errors = refusal_of(values)

    assert sum(len(sentences) for sentences in errors.values()) == 50


@pytest.mark.parametrize(
    ("values", "kind"),
    [([], "a list"), ("{}", "text"), (None, "null"), (5, "a number"), (True, "a truth value")],
)
def test_clean_refuses_what_is_no_object(values: Any, kind: str) -> None:
    assert refusal_of(values) == {"": [f"Settings are an object, not {kind}."]}


def test_refusal_says_all_sentences_in_its_message() -> None:
    with pytest.raises(SettingsRefused) as refused:
        SettingsValidator(SCHEMA).clean({"quality": 120, "seed": "x"})

    assert str(refused.value) == (
        'quality: 120 is more than the maximum of 100. seed: "x" is text, not a whole number.'
    )


def test_clean_of_a_model_without_parameters() -> None:
    validator = SettingsValidator({"type": "object", "properties": {}})

    assert validator.clean({}) == {}
    with pytest.raises(SettingsRefused, match="its parameters are: none"):
        validator.clean({"x": 1})
