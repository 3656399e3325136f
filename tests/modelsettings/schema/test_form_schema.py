import copy
from collections.abc import Iterator
from typing import Any

import pytest

from modelsettings.schema.flattening import JSON
from modelsettings.schema.form_schema import form_document, form_schema, read_form
from modelsettings.schema.parameters import LARGEST_INTEGER
from tests.modelsettings.widget import submit

PARAMETERS: JSON = {
    "fast": {"type": "boolean", "default": True},
    "switch": {"type": "boolean"},
    "quality": {"type": "integer", "minimum": 1, "maximum": 100, "default": 80},
    "seed": {"type": "integer"},
    "scale": {"type": "number"},
    "format": {"type": "string", "enum": ["webp", "png"], "default": "webp"},
    "scheduler": {"type": "string", "enum": ["DDIM", "K_EULER"]},
    "level": {"type": "integer", "enum": [0, 2, 6], "default": 2},
    "negative": {"type": "string", "default": "blurry"},
    "note": {"type": "string"},
    "loras": {"type": "array", "items": {"type": "string"}},
    "weights": {"type": "array", "items": {"type": "number"}, "default": [0.5]},
    "styles": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
    "limit": {"anyOf": [{"type": "string", "enum": ["auto"]}, {"type": "integer"}]},
    "either": {"type": ["integer", "string"]},
    "free": {"type": "object"},
    "records": {"type": "array", "items": {"type": "object"}},
    "place": {
        "type": "object",
        "properties": {"x": {"type": "integer"}, "name": {"type": "string"}},
    },
}
SCHEMA: JSON = {
    "type": "object",
    "properties": {name: {"title": name, **prop} for name, prop in PARAMETERS.items()},
    "additionalProperties": False,
}
DEFAULTS: JSON = {
    "fast": True,
    "quality": 80,
    "format": "webp",
    "level": 2,
    "negative": "blurry",
    "weights": [0.5],
}


def words_of(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from words_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from words_of(value)


def field(name: str, stored: Any = None) -> JSON:
    document = {} if stored is None else {name: stored}
    drawn: JSON = form_schema(SCHEMA, document)["properties"][name]
    return drawn


def choices_of(drawn: JSON) -> list[tuple[str, Any]]:
    return [(choice["title"], choice["value"]) for choice in drawn["choices"]]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"fast": False, "quality": 1, "level": 0},
        {"switch": True},
        {"switch": False},
        {"seed": 0},
        {"seed": LARGEST_INTEGER, "scale": 0.1},
        {"scheduler": "DDIM", "note": "hello"},
        {"negative": ""},
        {"note": ""},
        {"loras": []},
        {"loras": ["a", ""]},
        {"weights": []},
        {"styles": ["a", "b"]},
        {"styles": ["a", "left the enum"]},
        {"format": "left the enum"},
        {"scheduler": "left the enum"},
        {"level": 5},
        {"limit": "auto"},
        {"limit": 5},
        {"limit": "left the enum"},
        {"either": 5},
        {"either": "five"},
        {"place": {"x": 1}},
        {"place": {"x": 0, "name": ""}},
        {"place": {}},
        {"free": {}},
        {"free": {"a": [1, {"b": None}]}},
        {"records": []},
        {"records": [{"a": "x"}, {}]},
        {"loras": [{"path": "a"}]},
        {"note": "one\ntwo"},
    ],
    ids=str,
)
def test_form_of_an_untouched_page_means_the_stored_document(change: JSON) -> None:
    stored = {**DEFAULTS, **change}

    sent = submit(form_schema(SCHEMA, stored), form_document(SCHEMA, stored))

    assert read_form(SCHEMA, sent, stored=stored) == stored


def test_form_schema_has_no_word_that_the_widget_stumbles_on() -> None:
    words = set(words_of(form_schema(SCHEMA, DEFAULTS)))

    assert words & {"default", "additionalProperties", "enum", "required", "anyOf"} == set()


def test_form_schema_changes_nothing_it_is_given() -> None:
    schema, stored = copy.deepcopy(SCHEMA), {"format": "gif", "styles": ["c"]}

    drawn = form_schema(schema, stored)
    for prop in drawn["properties"].values():
        prop["choices"] = prop["items"] = None

    assert (schema, stored) == (SCHEMA, {"format": "gif", "styles": ["c"]})


def test_form_schema_marks_what_is_deprecated() -> None:
    prop = {"title": "Steps", "type": "integer", "deprecated": True}

    drawn = form_schema({"properties": {"steps": prop}}, {})["properties"]["steps"]

    assert drawn["title"] == "Steps (deprecated)"
    assert "Deprecated:" in drawn["help_text"]


def test_form_schema_keeps_the_order() -> None:
    assert list(form_schema(SCHEMA, {})["properties"]) == list(PARAMETERS)


@pytest.mark.parametrize(
    ("name", "stored", "expected"),
    [
        ("format", "png", [("webp", "webp"), ("png", "png")]),
        (
            "format",
            "gif",
            [("webp", "webp"), ("png", "png"), ("gif (no longer allowed)", "gif")],
        ),
        ("scheduler", None, [("unset", ""), ("DDIM", "DDIM"), ("K_EULER", "K_EULER")]),
        ("level", 5, [("0", 0), ("2", 2), ("6", 6), ("5 (no longer allowed)", 5)]),
        ("level", 2.0, [("0", 0), ("2", 2), ("6", 6)]),
        ("switch", True, [("unset", ""), ("on", "on"), ("off", "off")]),
    ],
)
def test_form_schema_lists_choices(name: str, stored: Any, expected: list[Any]) -> None:
    assert choices_of(field(name, stored)) == expected


def test_form_schema_lists_what_left_the_enum_of_a_list() -> None:
    assert choices_of(field("styles", ["a", "c"])["items"]) == [
        ("a", "a"),
        ("b", "b"),
        ("c (no longer allowed)", "c"),
    ]


@pytest.mark.parametrize(
    ("stored", "kind"), [(None, "string"), ("auto", "string"), (5, "integer"), ([], "string")]
)
def test_form_schema_draws_one_of_several_kinds_by_the_stored_value(stored: Any, kind: str) -> None:
    assert field("limit", stored)["type"] == kind


def test_form_schema_gives_text_lines() -> None:
    assert field("note")["widget"] == "textarea"
    assert "widget" not in field("loras", ["a"])["items"]
    assert field("loras", ["a\nb"])["items"]["widget"] == "textarea"


@pytest.mark.parametrize("name", ["free", "records"])
def test_form_schema_draws_objects_as_json(name: str) -> None:
    drawn = field(name)

    assert (drawn["type"], drawn["widget"]) == ("string", "textarea")
    assert drawn["help_text"].endswith("Written as JSON.")


def test_form_document_writes_json_legibly() -> None:
    drawn = form_document(SCHEMA, {"records": [{"a": 1}], "place": {"x": 1}})

    assert drawn == {"records": '[\n  {\n    "a": 1\n  }\n]', "place": {"x": 1}}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('{"a": 9007199254740993}', {"a": 9007199254740993}),
        ("", None),
        ("  ", "  "),
        ("{a: 1}", "{a: 1}"),
        ("[" * 9999, "[" * 9999),
    ],
)
def test_read_form_reads_json(written: str, meant: Any) -> None:
    assert read_form(SCHEMA, {"free": written}, stored={}).get("free") == meant


@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        ({"seed": None}, {}),
        ({"scale": None}, {}),
        ({"note": ""}, {}),
        ({"scheduler": ""}, {}),
        ({"switch": ""}, {}),
        ({"loras": []}, {}),
        ({"place": {"x": None, "name": ""}}, {}),
        ({"place": {"x": 5, "name": ""}}, {"place": {"x": 5}}),
        ({"seed": 0}, {"seed": 0}),
        ({"switch": "off"}, {"switch": False}),
        ({"switch": "on"}, {"switch": True}),
        ({"fast": False}, {"fast": False}),
        ({"quality": None}, {"quality": None}),
        ({"negative": ""}, {"negative": ""}),
        ({"weights": []}, {"weights": []}),
        ({"unknown": ""}, {"unknown": ""}),
    ],
    ids=str,
)
def test_read_form_tells_unset_from_empty(submitted: JSON, expected: JSON) -> None:
    stored = {"seed": 42, "note": "x", "loras": ["a"], "switch": True, "place": {"x": 1}}

    assert read_form(SCHEMA, submitted, stored=stored) == expected
