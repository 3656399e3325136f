"""Each keyword with each of its changes: what is found, and whether a stored value is refused."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from modelsettings.schema.comparison import UNSET
from modelsettings.schema.flattening import JSON, flatten
from modelsettings.schema.property_drift import compare_properties
from modelsettings.schema.severities import SEVERITIES, Effect, Severity, severity_of
from modelsettings.schema.validation import SettingsRefused, SettingsValidator
from tests.modelsettings.acme import openapi

ADDED, REMOVED, TIGHTENED, LOOSENED, CHANGED = Effect
TEXT: JSON = {"type": "string"}
WHOLE: JSON = {"type": "integer"}
NUMBER: JSON = {"type": "number"}
LIST: JSON = {"type": "array"}
TEXTS: JSON = {"type": "array", "items": TEXT}
OBJECT: JSON = {"type": "object"}
CLOSED: JSON = {"type": "object", "additionalProperties": False}


class Example(NamedTuple):
    """A change; `refused` is a value that the old schema takes and the new one does not."""

    old: JSON
    new: JSON
    refused: Any = UNSET


# Replicate checks a format, reads null and knows a secret; the validator does none of it.
UNCHECKED = {"format", "secret"}
# Keywords that are read over all inputs or of the model: `test_drift` has them.
OF_THE_MODEL = {"order", "input", "role", "output", "version", "price_unit"}
EXAMPLES = {
    ("type", ADDED): Example({}, TEXT, 5),
    ("type", REMOVED): Example(TEXT, {}),
    ("type", TIGHTENED): Example(NUMBER, WHOLE, 0.5),
    ("type", LOOSENED): Example(WHOLE, NUMBER),
    ("type", CHANGED): Example(TEXT, WHOLE, "5"),
    ("format", ADDED): Example(TEXT, TEXT | {"format": "uri"}),
    ("format", REMOVED): Example(TEXT | {"format": "uri"}, TEXT),
    ("format", CHANGED): Example(TEXT | {"format": "uri"}, TEXT | {"format": "date"}),
    ("enum", ADDED): Example(TEXT, TEXT | {"enum": ["a"]}, "b"),
    ("enum", REMOVED): Example(TEXT | {"enum": ["a"]}, TEXT),
    ("enum", TIGHTENED): Example(TEXT | {"enum": ["a", "b"]}, TEXT | {"enum": ["a"]}, "b"),
    ("enum", LOOSENED): Example(TEXT | {"enum": ["a"]}, TEXT | {"enum": ["a", "b"]}),
    ("minimum", ADDED): Example(NUMBER, NUMBER | {"minimum": 1}, 0),
    ("minimum", REMOVED): Example(NUMBER | {"minimum": 1}, NUMBER),
    ("minimum", TIGHTENED): Example(NUMBER | {"minimum": 1}, NUMBER | {"minimum": 2}, 1),
    ("minimum", LOOSENED): Example(NUMBER | {"exclusiveMinimum": 1}, NUMBER | {"minimum": 1}),
    ("maximum", ADDED): Example(NUMBER, NUMBER | {"maximum": 1}, 2),
    ("maximum", REMOVED): Example(NUMBER | {"maximum": 1}, NUMBER),
    ("maximum", TIGHTENED): Example(NUMBER | {"maximum": 100}, NUMBER | {"maximum": 70}, 80),
    ("maximum", LOOSENED): Example(NUMBER | {"maximum": 70}, NUMBER | {"maximum": 100}),
    ("exclusiveMinimum", ADDED): Example(NUMBER, NUMBER | {"exclusiveMinimum": 1}, 1),
    ("exclusiveMinimum", REMOVED): Example(NUMBER | {"exclusiveMinimum": 1}, NUMBER),
    ("exclusiveMinimum", TIGHTENED): Example(
        NUMBER | {"minimum": 1}, NUMBER | {"exclusiveMinimum": 1}, 1
    ),
    ("exclusiveMinimum", LOOSENED): Example(
        NUMBER | {"exclusiveMinimum": 1}, NUMBER | {"exclusiveMinimum": 0}
    ),
    ("exclusiveMaximum", ADDED): Example(NUMBER, NUMBER | {"exclusiveMaximum": 1}, 1),
    ("exclusiveMaximum", REMOVED): Example(NUMBER | {"exclusiveMaximum": 1}, NUMBER),
    ("exclusiveMaximum", TIGHTENED): Example(
        NUMBER | {"maximum": 1}, NUMBER | {"exclusiveMaximum": 1}, 1
    ),
    ("exclusiveMaximum", LOOSENED): Example(
        NUMBER | {"exclusiveMaximum": 1}, NUMBER | {"exclusiveMaximum": 2}
    ),
    ("multipleOf", ADDED): Example(WHOLE, WHOLE | {"multipleOf": 8}, 4),
    ("multipleOf", REMOVED): Example(WHOLE | {"multipleOf": 8}, WHOLE),
    ("multipleOf", TIGHTENED): Example(WHOLE | {"multipleOf": 8}, WHOLE | {"multipleOf": 16}, 8),
    ("multipleOf", LOOSENED): Example(NUMBER | {"multipleOf": 0.5}, NUMBER | {"multipleOf": 0.1}),
    ("multipleOf", CHANGED): Example(WHOLE | {"multipleOf": 8}, WHOLE | {"multipleOf": 12}, 8),
    ("minLength", ADDED): Example(TEXT, TEXT | {"minLength": 1}, ""),
    ("minLength", REMOVED): Example(TEXT | {"minLength": 1}, TEXT),
    ("minLength", TIGHTENED): Example(TEXT | {"minLength": 1}, TEXT | {"minLength": 2}, "a"),
    ("minLength", LOOSENED): Example(TEXT | {"minLength": 2}, TEXT | {"minLength": 1}),
    ("maxLength", ADDED): Example(TEXT, TEXT | {"maxLength": 1}, "ab"),
    ("maxLength", REMOVED): Example(TEXT | {"maxLength": 1}, TEXT),
    ("maxLength", TIGHTENED): Example(TEXT | {"maxLength": 2}, TEXT | {"maxLength": 1}, "ab"),
    ("maxLength", LOOSENED): Example(TEXT | {"maxLength": 1}, TEXT | {"maxLength": 2}),
    ("pattern", ADDED): Example(TEXT, TEXT | {"pattern": "^a"}, "b"),
    ("pattern", REMOVED): Example(TEXT | {"pattern": "^a"}, TEXT),
    ("pattern", CHANGED): Example(TEXT | {"pattern": "^a"}, TEXT | {"pattern": "^b"}, "a"),
    ("items", ADDED): Example(LIST, TEXTS, [5]),
    ("items", REMOVED): Example(TEXTS, LIST),
    ("minItems", ADDED): Example(LIST, LIST | {"minItems": 1}, []),
    ("minItems", REMOVED): Example(LIST | {"minItems": 1}, LIST),
    ("minItems", TIGHTENED): Example(LIST | {"minItems": 1}, LIST | {"minItems": 2}, [1]),
    ("minItems", LOOSENED): Example(LIST | {"minItems": 2}, LIST | {"minItems": 1}),
    ("maxItems", ADDED): Example(LIST, LIST | {"maxItems": 1}, [1, 2]),
    ("maxItems", REMOVED): Example(LIST | {"maxItems": 1}, LIST),
    ("maxItems", TIGHTENED): Example(LIST | {"maxItems": 2}, LIST | {"maxItems": 1}, [1, 2]),
    ("maxItems", LOOSENED): Example(LIST | {"maxItems": 1}, LIST | {"maxItems": 2}),
    ("uniqueItems", ADDED): Example(LIST, LIST | {"uniqueItems": True}, [1, 1]),
    ("uniqueItems", REMOVED): Example(LIST | {"uniqueItems": True}, LIST),
    ("properties", ADDED): Example(OBJECT, OBJECT | {"properties": {"a": TEXT}}, {"a": 5}),
    ("properties", REMOVED): Example(OBJECT | {"properties": {"a": TEXT}}, OBJECT),
    ("properties", TIGHTENED): Example(
        CLOSED | {"properties": {"a": TEXT, "b": TEXT}},
        CLOSED | {"properties": {"a": TEXT}},
        {"b": "x"},
    ),
    ("properties", LOOSENED): Example(
        CLOSED | {"properties": {"a": TEXT}}, CLOSED | {"properties": {"a": TEXT, "b": TEXT}}
    ),
    ("additionalProperties", ADDED): Example(OBJECT, CLOSED, {"a": 1}),
    ("additionalProperties", REMOVED): Example(CLOSED, OBJECT),
    ("additionalProperties", TIGHTENED): Example(
        OBJECT | {"additionalProperties": TEXT}, CLOSED, {"a": "b"}
    ),
    ("additionalProperties", LOOSENED): Example(CLOSED, OBJECT | {"additionalProperties": TEXT}),
    ("additionalProperties", CHANGED): Example(
        OBJECT | {"additionalProperties": TEXT},
        OBJECT | {"additionalProperties": WHOLE},
        {"a": "b"},
    ),
    ("required", ADDED): Example(OBJECT, OBJECT | {"required": ["a"]}, {}),
    ("required", REMOVED): Example(OBJECT | {"required": ["a"]}, OBJECT),
    ("default", ADDED): Example(WHOLE, WHOLE | {"default": 1}),
    ("default", REMOVED): Example(WHOLE | {"default": 1}, WHOLE),
    ("default", CHANGED): Example(WHOLE | {"default": 1}, WHOLE | {"default": 2}),
    ("nullable", ADDED): Example(WHOLE, WHOLE | {"nullable": True}),
    ("nullable", REMOVED): Example({"type": ["integer", "null"]}, WHOLE),
    ("deprecated", ADDED): Example(WHOLE, WHOLE | {"deprecated": True}),
    ("deprecated", REMOVED): Example(WHOLE | {"deprecated": True}, WHOLE),
    ("secret", ADDED): Example(TEXT, TEXT | {"x-cog-secret": True}),
    ("secret", REMOVED): Example(TEXT | {"format": "password"}, TEXT),
    ("title", ADDED): Example(WHOLE, WHOLE | {"title": "Count"}),
    ("title", REMOVED): Example(WHOLE | {"title": "Count"}, WHOLE),
    ("title", CHANGED): Example(WHOLE | {"title": "Count"}, WHOLE | {"title": "Number"}),
    ("description", ADDED): Example(WHOLE, WHOLE | {"description": "How many."}),
    ("description", REMOVED): Example(WHOLE | {"description": "How many."}, WHOLE),
    ("description", CHANGED): Example(
        WHOLE | {"description": "How many."}, WHOLE | {"description": "How much."}
    ),
}
# Changes that cannot be: what is there or not is neither tighter nor looser, and so on.
WITHOUT_ORDER = {
    "format", "pattern", "default", "title", "description",
}  # fmt: skip
MARKS = {"uniqueItems", "nullable", "deprecated", "secret", "required"}
ORDERED = {
    "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength",
    "maxLength", "minItems", "maxItems", "properties",
}  # fmt: skip
IMPOSSIBLE = {
    *((key, effect) for key in WITHOUT_ORDER for effect in (TIGHTENED, LOOSENED)),
    *((key, effect) for key in MARKS for effect in (TIGHTENED, LOOSENED, CHANGED)),
    *((key, CHANGED) for key in ORDERED),
    # What differs between two entries is found under its own keyword.
    *(("items", effect) for effect in (TIGHTENED, LOOSENED, CHANGED)),
}


def flat(prop: JSON) -> JSON:
    """Return a property as it is flattened, under a name of its own."""
    found: JSON = flatten(openapi({"thing": prop}))["properties"]["thing"]
    return found


def takes(prop: JSON, value: Any) -> bool:
    validator = SettingsValidator({"type": "object", "properties": {"thing": flat(prop)}})
    try:
        validator.clean({"thing": value})
    except SettingsRefused:
        return False
    return True


def values() -> Iterator[Any]:
    """Yield values of every kind, around the bounds and lengths of the examples."""
    yield from (
        True,
        False,
        "",
        "a",
        "b",
        "ab",
        "abc",
        "https://a.example/b",
        [],
        {},
        0.1,
        0.5,
        1.5,
    )
    yield from (-1, 0, 1, 2, 4, 8, 12, 16, 24, 70, 71, 80, 100, 101)
    yield from ([1], [1, 1], [1, 2], [1, 2, 3], ["a"], ["a", "a"], {"a": "x"}, {"a": 1}, {"b": "x"})


@pytest.mark.parametrize("effect", Effect)
@pytest.mark.parametrize("keyword", sorted(SEVERITIES.keys() - OF_THE_MODEL))
def test_compare_properties_finds_every_change_of_every_keyword(
    keyword: str, effect: Effect
) -> None:
    if (keyword, effect) in IMPOSSIBLE:
        assert (keyword, effect) not in EXAMPLES
        return
    example = EXAMPLES[keyword, effect]

    found = compare_properties("thing", flat(example.old), flat(example.new))

    assert [(change.keyword, change.effect) for change in found] == [(keyword, effect)]


@pytest.mark.parametrize(("keyword", "effect"), EXAMPLES, ids=" ".join)
def test_what_breaks_refuses_a_stored_value_and_nothing_else_does(
    keyword: str, effect: Effect
) -> None:
    old, new, refused = EXAMPLES[keyword, effect]
    taken = [value for value in values() if takes(old, value)]

    if severity_of(keyword, effect) is Severity.BREAKS and keyword not in UNCHECKED:
        assert takes(old, refused)
        assert not takes(new, refused)
    else:
        assert refused is UNSET
        assert taken
        assert [value for value in taken if not takes(new, value)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (WHOLE | {"exclusiveMinimum": 0}, WHOLE | {"minimum": 1}),
        (WHOLE | {"exclusiveMaximum": 10}, WHOLE | {"maximum": 9}),
        (WHOLE | {"multipleOf": 1}, WHOLE),
        (TEXT | {"minLength": 0}, TEXT),
        (LIST | {"minItems": 0}, LIST),
        (OBJECT | {"additionalProperties": True}, OBJECT),
        (LIST | {"uniqueItems": False}, LIST),
        (WHOLE | {"deprecated": False}, WHOLE),
        (WHOLE | {"default": 5}, WHOLE | {"default": 5.0}),
        (NUMBER | {"maximum": 1}, NUMBER | {"maximum": 1.0}),
        (WHOLE | {"title": "Thing"}, WHOLE),
        (TEXT | {"enum": ["a"], "description": "An enumeration."}, TEXT | {"enum": ["a"]}),
        ({"anyOf": [WHOLE, {"type": "null"}]}, WHOLE | {"nullable": True}),
        ({"type": ["integer", "string"]}, {"type": ["string", "integer"]}),
        ({"anyOf": [TEXT, WHOLE]}, {"anyOf": [WHOLE, TEXT | {"title": "Text"}]}),
        (TEXT | {"enum": ["a", "b"]}, TEXT | {"enum": ["b", "a"]}),
        ({"allOf": [TEXT | {"enum": ["a"], "title": "thing"}]}, TEXT | {"enum": ["a"]}),
        (NUMBER | {"minimum": 1, "exclusiveMinimum": 0}, NUMBER | {"minimum": 1}),
    ],
    ids=str,
)
def test_compare_properties_sees_through_the_writing(old: JSON, new: JSON) -> None:
    assert compare_properties("thing", flat(old), flat(new)) == []
    assert compare_properties("thing", flat(new), flat(old)) == []


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        (TEXT, {"anyOf": [TEXT, WHOLE]}, LOOSENED),
        ({"anyOf": [TEXT, WHOLE]}, TEXT, TIGHTENED),
        ({"anyOf": [TEXT, WHOLE]}, {"anyOf": [TEXT, {"type": "boolean"}]}, CHANGED),
        ({"anyOf": [TEXT | {"enum": ["a"]}, WHOLE]}, {"anyOf": [TEXT, WHOLE]}, LOOSENED),
        ({"anyOf": [WHOLE, LIST]}, {"anyOf": [WHOLE | {"maximum": 5}, LIST]}, TIGHTENED),
    ],
    ids=str,
)
def test_compare_properties_of_several_kinds(old: JSON, new: JSON, effect: Effect) -> None:
    found = compare_properties("thing", flat(old), flat(new))

    assert [(change.keyword, change.effect) for change in found] == [("type", effect)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            LIST | {"items": TEXT},
            LIST | {"items": TEXT | {"maxLength": 5}},
            ("maxLength", ADDED, ("entries",)),
        ),
        (
            OBJECT | {"properties": {"width": WHOLE}},
            OBJECT | {"properties": {"width": WHOLE | {"maximum": 5}}},
            ("maximum", ADDED, ("width",)),
        ),
        (
            LIST | {"items": OBJECT | {"properties": {"width": WHOLE}}},
            LIST | {"items": OBJECT | {"properties": {"width": TEXT}}},
            ("type", CHANGED, ("entries", "width")),
        ),
    ],
    ids=["entries", "part", "part of entries"],
)
def test_compare_properties_says_where_inside(
    old: JSON, new: JSON, expected: tuple[str, Effect, tuple[str, ...]]
) -> None:
    found = compare_properties("thing", flat(old), flat(new))

    assert [(change.keyword, change.effect, change.part) for change in found] == [expected]


def test_compare_properties_shows_no_secret() -> None:
    key = TEXT | {"x-cog-secret": True}

    found = compare_properties(
        "thing", flat(key | {"default": "sk-1"}), flat(key | {"default": "sk-2"})
    )

    assert found == []
