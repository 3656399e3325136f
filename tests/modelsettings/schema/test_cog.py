"""What Cog has published over the years, and what nobody should: each is read, or refused by name.

The table of spellings that are read goes through all that a schema meets: roles, settings schema,
validator, form.
"""

import json
import time
from typing import Any

import pytest

from modelsettings.schema import flattening
from modelsettings.schema.flattening import JSON, SchemaRefused, flatten
from modelsettings.schema.form_schema import form_document, form_schema, read_form
from modelsettings.schema.parameters import Tuning, settings_schema
from modelsettings.schema.published import PublishedModel, makes_pictures
from modelsettings.schema.roles import RoleRefused, choose_roles, find_roles, role_choices
from modelsettings.schema.validation import SettingsRefused, SettingsValidator
from tests.modelsettings.acme import PICTURE, openapi
from tests.modelsettings.acme import published as publish
from tests.modelsettings.widget import submit

COMPONENTS: JSON = {
    "Size": {"title": "size", "type": "string", "enum": ["1K", "2K"]},
    "Steps": {"title": "steps", "type": "integer", "enum": [1, 2, 4]},
    "Scale": {"type": "number", "enum": [0.5, 1.0]},
    "Switch": {"type": "boolean", "enum": [True, False]},
    "Address": PICTURE,
}


def to(name: str) -> JSON:
    return {"$ref": f"#/components/schemas/{name}"}


def validator_of(prop: Any, name: str = "x") -> SettingsValidator:
    """Return the validator of a model's settings whose only own parameter is this one."""
    schema = openapi({"image": PICTURE, name: prop}, components=COMPONENTS)
    flat = flatten(schema)
    settings = settings_schema(
        flat, roles={"image": "image"}, makes_pictures=False, tuning=Tuning()
    )
    return SettingsValidator(settings)


# What Cog wrote: a value that is taken, one that is refused, the default that holds.
SPELLINGS: dict[str, tuple[JSON, Any, Any, JSON]] = {
    "enum as allOf": ({"allOf": [to("Size")], "default": "1K"}, "2K", "3K", {"x": "1K"}),
    "enum inline": ({"type": "string", "enum": ["a", "b"], "default": "b"}, "a", "c", {"x": "b"}),
    "enum without a type": ({"enum": ["a", "b"]}, "a", "c", {}),
    "enum by reference alone": (to("Size"), "1K", "3K", {}),
    "integers as enum": ({"allOf": [to("Steps")], "default": 4}, 2, 3, {"x": 4}),
    "numbers as enum": ({"allOf": [to("Scale")], "default": 1.0}, 0.5, 0.7, {"x": 1.0}),
    "booleans as enum": ({"allOf": [to("Switch")], "default": True}, False, "no", {"x": True}),
    "enum whose type is not its choices'": ({"type": "string", "enum": [1, 2]}, 2, "2", {}),
    "nullable": ({"type": "integer", "nullable": True}, 1, "1", {}),
    "type with null": ({"type": ["integer", "null"], "default": None}, 1, "1", {}),
    "anyOf with null": ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1, "1", {}),
    "enum in anyOf with null": ({"anyOf": [to("Size"), {"type": "null"}]}, "1K", "3K", {}),
    "enum with null": ({"enum": ["a", None], "default": None}, "a", "b", {}),
    "anyOf of two kinds": (
        {"anyOf": [{"type": "integer"}, {"type": "string"}], "default": "auto"},
        5,
        0.5,
        {"x": "auto"},
    ),
    "array of uri": (
        {"type": "array", "items": PICTURE, "default": []},
        ["https://a.example/b.png"],
        [1],
        {"x": []},
    ),
    "array of enum": ({"type": "array", "items": to("Size")}, ["1K"], ["3K"], {}),
    "default out of range": ({"type": "integer", "maximum": 4, "default": 9}, 4, 5, {}),
    "default out of its enum": ({"allOf": [to("Size")], "default": "8K"}, "1K", "8K", {}),
    "default of another type": ({"type": "integer", "default": "five"}, 5, "five", {}),
    "default beyond a browser": ({"type": "integer", "default": 10**400}, 5, 10**400, {}),
    "default of no type beyond a double": ({"default": 10**400}, 5, 10**400, {}),
    "default of numbers beyond a double": (
        {"type": "array", "default": [10**400]},
        [5],
        [10**400],
        {},
    ),
    "bounds beyond a browser": ({"type": "integer", "minimum": -(10**400)}, 5, 2**60, {}),
    "title that is no text": ({"type": "integer", "title": 5, "description": ["x"]}, 5, "5", {}),
    "format that is no text": ({"type": "string", "format": 5}, "a", 5, {}),
    "required at the property": ({"type": "string", "required": True}, "a", 5, {}),
    "pattern of Python's": ({"type": "string", "pattern": r"(?P<a>\d+)\Z"}, "abc", 5, {}),
    "pattern": ({"type": "string", "pattern": "^[a-z]+$"}, "abc", "5", {}),
    "allOf of two objects": (
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"]},
            ]
        },
        {"a": 1, "b": 2},
        {"b": 2},
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("prop", "good", "bad", "defaults"), SPELLINGS.values(), ids=SPELLINGS.keys()
)
def test_spelling_is_read(prop: JSON, good: Any, bad: Any, defaults: JSON) -> None:
    validator = validator_of(prop)

    assert validator.clean({}) == defaults
    assert validator.clean({"x": good}) == {"x": good}
    with pytest.raises(SettingsRefused) as refused:
        validator.clean({"x": bad})
    assert list(refused.value.errors) == ["x"]


@pytest.mark.parametrize(
    ("prop", "good", "defaults"),
    [(prop, good, defaults) for prop, good, _, defaults in SPELLINGS.values()],
    ids=SPELLINGS.keys(),
)
def test_spelling_survives_an_untouched_form(prop: JSON, good: Any, defaults: JSON) -> None:
    schema = validator_of(prop).schema
    for stored in (defaults, {"x": good}):
        sent = submit(form_schema(schema, stored), form_document(schema, stored))

        assert read_form(schema, sent, stored=stored) == stored


@pytest.mark.parametrize(
    "name",
    ["class", "lambda", "None", "self", "größe", "画像", "with space", "a.b", "x-1", "$ref", "a/b"],
)
def test_name_is_read(name: str) -> None:
    validator = validator_of({"type": "integer", "default": 3}, name)

    assert validator.clean({}) == {name: 3}
    with pytest.raises(SettingsRefused) as refused:
        validator.clean({name: "three"})
    assert list(refused.value.errors) == [name]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "One of the inputs has an empty name."),
        ("a\0b", r"a\x00b: its name is too long or cannot be printed."),
        ("\x1b[31m", r"\x1b[31m: its name is too long or cannot be printed."),
        ("n" * 201, f"{'n' * 60}: its name is too long or cannot be printed."),
    ],
)
def test_name_is_refused(name: str, sentence: str) -> None:
    with pytest.raises(SchemaRefused) as refused:
        flatten(openapi({name: {"type": "integer"}}))

    assert str(refused.value) == sentence


@pytest.mark.parametrize("prop", [{"enum": []}, {"type": "string", "enum": [], "default": "a"}])
def test_enum_without_choices_stays_unset(prop: JSON) -> None:
    validator = validator_of(prop)

    assert validator.clean({}) == {}
    with pytest.raises(SettingsRefused):
        validator.clean({"x": "a"})


@pytest.mark.parametrize("mark", [True, 1, "yes"])
def test_secret_stays_secret_however_it_is_marked(mark: Any) -> None:
    assert "x" not in validator_of({"type": "string", "writeOnly": mark}).schema["properties"]


def input_of(source: Any, **components: Any) -> list[str]:
    schema = {"components": {"schemas": {"Input": source, **COMPONENTS, **components}}}
    return list(flatten(schema)["properties"])


def test_input_may_be_all_of_two_components() -> None:
    base = {"properties": {"a": {"type": "string"}}, "required": ["a", "gone"]}
    source = {"allOf": [to("Base"), {"properties": {"b": {"type": "string"}}}], "required": ["b"]}
    schema = {"components": {"schemas": {"Input": source, "Base": base}}}

    found = flatten(schema)

    assert (list(found["properties"]), found["required"]) == (["a", "b"], ["a", "b"])


def test_input_may_be_a_reference() -> None:
    assert input_of(to("Real"), Real={"properties": {"a": {}}}) == ["a"]


def test_required_may_hold_anything() -> None:
    assert flatten(
        {
            "components": {
                "schemas": {"Input": {"properties": {"a": {}}, "required": [["a"], None, "a", "a"]}}
            }
        }
    )["required"] == ["a"]


@pytest.mark.parametrize("order", ["0", None, [], float("nan"), 10**400, -1, True])
def test_order_may_be_anything(order: Any) -> None:
    inputs = {"a": {"x-order": order}, "b": {"x-order": 1}, "c": {"x-order": 1}}

    assert sorted(input_of({"properties": inputs})) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ({}, "The schema has no components.schemas.Input."),
        ({"components": []}, "The schema has no components.schemas.Input."),
        ({"components": {"schemas": "x"}}, "The schema has no components.schemas.Input."),
        (
            {"components": {"schemas": {"Input": {"anyOf": [{}, {}]}}}},
            "Input: it is one of several schemas, which no form can ask for.",
        ),
        (
            {"components": {"schemas": {"Input": to("Input")}}},
            "Input: its references run in a circle.",
        ),
        (openapi({"x": True}), "x: its schema is not an object."),
        (openapi({"x": None}), "x: its schema is not an object."),
        (
            openapi({f"p{place}": {} for place in range(10_000)}),
            "It has 10,000 inputs; 500 are the most.",
        ),
    ],
)
def test_schema_is_refused(schema: JSON, sentence: str) -> None:
    with pytest.raises(SchemaRefused) as refused:
        flatten(schema)

    assert str(refused.value) == sentence


@pytest.mark.parametrize("how", ["allOf", "anyOf"])
def test_references_that_fan_out_are_bounded(how: str) -> None:
    fan = {f"L{level}": {how: [to(f"L{level + 1}")] * 4} for level in range(12)}
    components = {**fan, "L12": {"type": "string"}}
    schema = openapi({"fine": {}, "wide": to("L0")}, components=components)
    begin = time.perf_counter()

    with pytest.raises(SchemaRefused) as refused:
        flatten(schema)

    assert str(refused.value) == "wide: its schema unfolds to more than 50,000 parts."
    assert time.perf_counter() - begin < 30


def test_choices_that_are_repeated_without_end_are_bounded() -> None:
    many = {"enum": [f"choice {number}" for number in range(2000)]}

    with pytest.raises(SchemaRefused, match=r"^p24: its schema unfolds to more than 50,000 parts"):
        flatten(
            openapi({f"p{place}": to("Many") for place in range(500)}, components={"Many": many})
        )


def test_references_of_input_that_fan_out_are_bounded() -> None:
    fan = {f"L{level}": {"allOf": [to(f"L{level + 1}")] * 4} for level in range(12)}

    with pytest.raises(SchemaRefused, match=r"^Input: its schema unfolds to more than 50,000"):
        input_of(to("L0"), **fan, L12={"properties": {"a": {}}})


def test_a_circle_that_fans_out_ends_at_once() -> None:
    loop = {"anyOf": [to("Loop")] * 8, "properties": {"a": to("Loop")}}

    with pytest.raises(SchemaRefused, match=r"^x: its references run in a circle\.$"):
        flatten(openapi({"x": to("Loop")}, components={"Loop": loop}))


def test_deep_nesting_is_refused_by_name() -> None:
    prop: JSON = {"type": "string"}
    for _ in range(200):
        prop = {"type": "array", "items": prop}

    with pytest.raises(SchemaRefused, match=r"^x: its schema is nested more than 30 deep\.$"):
        flatten(openapi({"x": prop}))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (PICTURE, True),
        (to("Address"), True),
        ({"allOf": [to("Address")]}, True),
        ({"anyOf": [PICTURE, {"type": "null"}]}, True),
        ({"anyOf": [PICTURE, {"type": "array", "items": PICTURE}]}, True),
        ({"type": "array", "items": to("Address")}, True),
        ({"anyOf": [PICTURE, {"type": "string"}]}, False),
        ({"type": "object", "properties": {"image": PICTURE}}, False),
        ({"anyOf": 5}, False),
        (to("Output"), False),
        (5, False),
    ],
    ids=str,
)
def test_output_is_a_picture(output: Any, expected: bool) -> None:
    schema = openapi({"image": PICTURE}, output=output, components=COMPONENTS)

    assert makes_pictures(schema) is expected


@pytest.mark.parametrize(
    ("prop", "fault"),
    [
        ({"description": "a\0b"}, "x.description: it holds NUL or half a character"),
        ({"default": "\ud800"}, "x.default: it holds NUL or half a character"),
        ({"minimum": float("inf")}, "x.minimum: inf is not a number of JSON."),
        ({"a\0b": 1}, "x.a name: it holds NUL or half a character"),
    ],
    ids=str,
)
def test_what_no_database_stores_is_refused(prop: JSON, fault: str) -> None:
    with pytest.raises(SchemaRefused, match=fault.replace(".", r"\.")):
        PublishedModel.from_json(publish({"x": prop}))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"owner": "a b"}, "a b/stager is not a model's name: owner/name."),
        ({"name": "x" * 300}, "is not a model's name: owner/name."),
        ({"owner": ["x"]}, "is not a model's name: owner/name."),
    ],
)
def test_identity_is_refused(change: JSON, sentence: str) -> None:
    with pytest.raises(SchemaRefused) as refused:
        PublishedModel.from_json(publish({}) | change)

    assert sentence in str(refused.value)


@pytest.mark.parametrize("version", [5, "x" * 65, "a\nb"])
def test_version_is_refused(version: Any) -> None:
    document = publish({})
    document["latest_version"]["id"] = version

    with pytest.raises(SchemaRefused, match="The id of the latest_version is not a version's"):
        PublishedModel.from_json(document)


def test_description_that_is_no_text_is_none() -> None:
    assert PublishedModel.from_json(publish({}) | {"description": {"en": "x"}}).description == ""


def test_seventy_parameters_with_long_descriptions_are_read() -> None:
    inputs = {f"p{at}": {"type": "string", "description": "ä" * 5000} for at in range(70)}

    model = PublishedModel.from_json(json.loads(json.dumps(publish(inputs))))

    assert len(flatten(model.openapi)["properties"]) == 70


ROLE_INPUTS: JSON = {
    "photo_of_room": PICTURE,
    "mask": PICTURE,
    "many": {"type": "array", "items": PICTURE},
    "either": {"anyOf": [PICTURE, {"type": "string"}]},
    "wish": {"type": "string"},
    "style": {"type": "string", "enum": ["a"]},
    "seed": {"type": "integer"},
    "openai_api_key": {"type": "string"},
}


def test_role_choices_are_those_that_can_take_it() -> None:
    flat = flatten(openapi(ROLE_INPUTS))

    assert role_choices(flat, "image") == ["photo_of_room", "mask", "many", "either"]
    assert role_choices(flat, "prompt") == ["wish"]


def test_roles_are_corrected_and_taken_away() -> None:
    flat = flatten(openapi(ROLE_INPUTS))

    assert find_roles(flat) == {"image": "photo_of_room"}
    corrected = choose_roles(flat, known={}, corrections={"image": "many", "prompt": "wish"})
    assert corrected == {"image": "many", "prompt": "wish"}
    assert choose_roles(flat, known={"prompt": "gone"}, corrections={"image": ""}) == {}
    assert choose_roles(flat, known={"image": "mask"}, corrections={"image": None}) == {
        "image": "mask"
    }


@pytest.mark.parametrize(
    ("corrections", "sentence"),
    [
        (
            {"image": "seed"},
            "seed cannot take the image: it is no input that takes an address, or a list of them "
            "(photo_of_room, mask, many, either).",
        ),
        (
            {"image": "gone"},
            "gone cannot take the image: it is not among its inputs "
            "(photo_of_room, mask, many, either).",
        ),
        (
            {"prompt": "style"},
            "style cannot take the prompt: it is no input that takes free text (wish).",
        ),
        (
            {"prompt": "openai_api_key"},
            "openai_api_key cannot take the prompt: it is no input that takes free text (wish).",
        ),
    ],
)
def test_role_is_refused(corrections: JSON, sentence: str) -> None:
    with pytest.raises(RoleRefused) as refused:
        choose_roles(flatten(openapi(ROLE_INPUTS)), known={}, corrections=corrections)

    assert str(refused.value) == sentence


def test_read_input_is_as_published() -> None:
    properties, required = flattening.read_input(openapi({"x": {"default": 5}}, required=["x"]))

    assert (properties["x"]["default"], required) == (5, ["x"])
