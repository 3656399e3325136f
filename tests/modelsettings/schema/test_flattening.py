from typing import Any

import pytest

from modelsettings.schema.flattening import JSON, SchemaRefused, flatten
from modelsettings.schema.published import digest, is_secret
from tests.modelsettings.acme import openapi

SIZE: JSON = {"title": "size", "type": "string", "enum": ["1K", "2K"], "description": "Sizes."}
TREE: JSON = {"type": "object", "properties": {"branch": {"$ref": "#/components/schemas/Tree"}}}
TO_SIZE: JSON = {"$ref": "#/components/schemas/Size"}


def flat(prop: Any, name: str = "x", **components: Any) -> Any:
    """Return one property as flatten leaves it, less its place."""
    found = flatten(openapi({name: prop}, components=components))["properties"][name]
    return {key: value for key, value in found.items() if key != "x-order"}


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        pytest.param(
            {"allOf": [TO_SIZE], "description": "How large.", "default": "2K"},
            {**SIZE, "description": "How large.", "default": "2K"},
            id="allOf of a reference",
        ),
        pytest.param(TO_SIZE, SIZE, id="reference"),
        pytest.param(
            {"enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}, id="inline enum"
        ),
        pytest.param({"enum": [1, 2]}, {"type": "integer", "enum": [1, 2]}, id="enum of integers"),
        pytest.param(
            {"enum": [0.5, 1.5]}, {"type": "number", "enum": [0.5, 1.5]}, id="enum of numbers"
        ),
        pytest.param({"enum": [True]}, {"type": "boolean", "enum": [True]}, id="enum of booleans"),
        pytest.param(
            {"enum": [1, "auto"]},
            {"type": ["integer", "string"], "enum": [1, "auto"]},
            id="enum of several types",
        ),
        pytest.param({"const": "fixed"}, {"type": "string", "enum": ["fixed"]}, id="const"),
        pytest.param(
            {"oneOf": [{"const": "a"}, {"const": "b"}]},
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["b"]}]},
            id="oneOf",
        ),
        pytest.param(
            {
                "anyOf": [{"type": "integer"}, {"type": "string", "enum": ["auto"]}],
                "default": "auto",
            },
            {
                "anyOf": [{"type": "integer"}, {"type": "string", "enum": ["auto"]}],
                "default": "auto",
            },
            id="several variants",
        ),
        pytest.param(
            {"type": ["integer", "string"]}, {"type": ["integer", "string"]}, id="several types"
        ),
        pytest.param({"type": ["integer"]}, {"type": "integer"}, id="a list of one type"),
        pytest.param(
            {"type": "array", "items": {"type": "string", "format": "uri"}, "default": []},
            {"type": "array", "items": {"type": "string", "format": "uri"}, "default": []},
            id="array of uri",
        ),
        pytest.param(
            {"type": "array", "items": TO_SIZE},
            {"type": "array", "items": SIZE},
            id="array of a reference",
        ),
        pytest.param(
            {"type": "object", "properties": {"size": TO_SIZE}, "required": ["size"]},
            {"type": "object", "properties": {"size": SIZE}, "required": ["size"]},
            id="object",
        ),
        pytest.param(
            {"type": "number", "minimum": 0, "exclusiveMinimum": True, "exclusiveMaximum": False},
            {"type": "number", "exclusiveMinimum": 0},
            id="draft 4 exclusiveMinimum",
        ),
        pytest.param(
            {"type": "number", "maximum": 1, "exclusiveMaximum": True},
            {"type": "number", "exclusiveMaximum": 1},
            id="draft 4 exclusiveMaximum",
        ),
        pytest.param(
            {"type": "integer", "default": 5.0, "minimum": 0.0, "maximum": 10.0},
            {"type": "integer", "default": 5, "minimum": 0, "maximum": 10},
            id="integers written with a point",
        ),
        pytest.param(
            {"type": "string", "example": "x", "deprecated": 1},
            {"type": "string", "deprecated": True},
            id="the rest",
        ),
    ],
)
def test_flatten_inlines(prop: JSON, expected: JSON) -> None:
    assert flat(prop, Size=SIZE) == expected


@pytest.mark.parametrize(
    "prop",
    [
        {"type": "string", "nullable": True},
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"oneOf": [{"type": "null"}, {"type": "string"}]},
        {"anyOf": [{"type": "string"}, {"type": ["null"]}]},
        {"anyOf": [{"type": "string"}, {"const": None}]},
        {"anyOf": [{"type": "string"}, {"enum": [None]}]},
        {"allOf": [{"type": "string", "nullable": True}]},
        {"type": "string", "nullable": True, "default": None},
    ],
    ids=str,
)
def test_flatten_marks_null_in_every_spelling(prop: JSON) -> None:
    assert flat(prop) == {"type": "string", "x-nullable": True}


@pytest.mark.parametrize(
    "prop",
    [
        {"enum": ["1K", "2K", None]},
        {"anyOf": [{"enum": ["1K", "2K"]}, {"type": "null"}]},
        {"anyOf": [{"$ref": "#/components/schemas/Bare"}, {"type": "null"}], "default": None},
    ],
    ids=str,
)
def test_flatten_takes_null_out_of_an_enum(prop: JSON) -> None:
    bare = {"type": "string", "enum": ["1K", "2K"]}

    assert flat(prop, Bare=bare) == {**bare, "x-nullable": True}


@pytest.mark.parametrize(
    "prop",
    [
        {"type": "integer", "minimum": 1, "maximum": 4, "default": 9},
        {"type": "string", "enum": ["a", "b"], "default": "c"},
        {"type": "string", "default": 5},
        {"type": "string", "default": None},
        {"type": "number", "default": float("nan")},
        {"anyOf": [{"type": "string"}, {"type": "integer"}], "default": 0.5},
    ],
    ids=str,
)
def test_flatten_drops_a_default_that_its_own_schema_refuses(prop: JSON) -> None:
    assert flat(prop) == {key: value for key, value in prop.items() if key != "default"}


@pytest.mark.parametrize("default", ["", 0, False, []])
def test_flatten_keeps_a_default_that_is_empty(default: Any) -> None:
    assert flat({"default": default}) == {"default": default}


def test_flatten_makes_integers_of_whole_numbers_with_a_point() -> None:
    found = flat({"type": "integer", "default": 5.0, "minimum": 0.0, "maximum": 10.0})

    assert [type(found[key]) for key in ("default", "minimum", "maximum")] == [int, int, int]


def test_flatten_orders_properties_by_x_order_and_the_rest_last() -> None:
    inputs = {
        "last": {"x-order": None},
        "word": {"x-order": "0"},
        "second": {"x-order": 1},
        "first": {"x-order": 0.5},
    }

    assert list(flatten(openapi(inputs))["properties"]) == ["first", "second", "last", "word"]


def test_flatten_keeps_python_keywords_as_names() -> None:
    names = ["class", "lambda", "from", "None", "self", "import", "__class__", "items"]

    found = flatten(
        openapi({name: {"type": "string"} for name in names}, required=["from", "gone"])
    )

    assert list(found["properties"]) == names
    assert found["required"] == ["from"]


@pytest.mark.parametrize(
    "source", [{}, {"properties": {}}, {"properties": None, "required": None}], ids=str
)
def test_flatten_without_properties(source: JSON) -> None:
    assert flatten({"components": {"schemas": {"Input": source}}}) == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": False,
    }


def test_flatten_carries_many_parameters_and_long_descriptions() -> None:
    inputs = {f"p{place}": {"type": "string", "description": "ä" * 5000} for place in range(70)}

    found = flatten(openapi(inputs))["properties"]

    assert list(found) == list(inputs)
    assert found["p69"]["description"] == "ä" * 5000


@pytest.mark.parametrize(
    ("prop", "sentence"),
    [
        (
            {"$ref": "#/components/schemas/Gone"},
            "x: #/components/schemas/Gone is not among the schema's components.",
        ),
        ({"$ref": "#/components/schemas/Loop"}, "x: its references run in a circle."),
        ({"$ref": "#/components/schemas/Tree"}, "x: its references run in a circle."),
        (
            {"anyOf": [{"$ref": "#/components/schemas/Loop"}, {"type": "null"}]},
            "x: its references run in a circle.",
        ),
        (
            {"type": "string", "pattern": "("},
            'x: its schema is not a JSON Schema ("(" is not a "regex").',
        ),
        ("text", "x: its schema is not an object."),
        ({"enum": "abc"}, "x: its enum is not a list."),
        ({"allOf": {}}, "x: its allOf is not a list."),
        ({"anyOf": "x"}, "x: its anyOf is not a list."),
        ({"oneOf": 1}, "x: its oneOf is not a list."),
    ],
    ids=str,
)
def test_flatten_refuses_and_names_the_property(prop: Any, sentence: str) -> None:
    loop = {"allOf": [{"$ref": "#/components/schemas/Loop"}]}

    with pytest.raises(SchemaRefused) as refused:
        flat(prop, Loop=loop, Tree=TREE)

    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "prop",
    [{"type": "nonsense"}, {"minimum": "low"}, {"enum": []} | {"multipleOf": 0}, {"maxLength": -1}],
    ids=str,
)
def test_flatten_refuses_what_is_no_json_schema(prop: JSON) -> None:
    with pytest.raises(SchemaRefused, match=r"^x: its schema is not a JSON Schema"):
        flat(prop)


@pytest.mark.parametrize(
    "source", [None, [], {"properties": ["x"]}, {"required": True}, {"required": "image"}], ids=str
)
def test_flatten_refuses_an_input_of_another_shape(source: Any) -> None:
    with pytest.raises(SchemaRefused):
        flatten({"components": {"schemas": {"Input": source}}})


def test_flatten_leaves_the_published_schema_alone() -> None:
    schema = openapi({"x": {"type": ["integer", "null"], "default": 5.0, "enum": [5, None]}})
    before = digest(schema)

    flatten(schema)

    assert digest(schema) == before


@pytest.mark.parametrize("mark", ["x-cog-secret", "writeOnly"])
def test_flatten_keeps_the_mark_of_a_secret(mark: str) -> None:
    assert is_secret("key", flat({"type": "string", mark: True}, "key"))
