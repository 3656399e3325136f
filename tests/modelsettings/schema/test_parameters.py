import copy
from typing import Any

import pytest

from modelsettings.schema.delivery import DELIVERY_PARAMETERS, Delivery, split
from modelsettings.schema.flattening import JSON, flatten
from modelsettings.schema.parameters import Tuning, defaults, settings_schema
from modelsettings.schema.roles import find_roles
from modelsettings.schema.validation import SettingsValidator
from tests.modelsettings.acme import PICTURE, STAGER_DEFAULTS, STAGER_INPUTS, openapi

LARGEST = 9007199254740991
ROLES: JSON = {"image": PICTURE, "prompt": {"type": "string"}}


def schema_of(inputs: JSON, *, makes_pictures: bool = True, **tuning: Any) -> JSON:
    flat = flatten(openapi(inputs))
    return settings_schema(
        flat, roles=find_roles(flat), makes_pictures=makes_pictures, tuning=Tuning(**tuning)
    )


def added_by_us(schema: JSON) -> list[str]:
    properties = schema["properties"].items()
    return [name for name, prop in properties if prop.get("x-applied-by") == "restage"]


def test_settings_schema_whole() -> None:
    schema = schema_of({**ROLES, "seed": {"type": "integer"}, "hf_token": {"type": "string"}})

    assert schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "seed": {
                "type": "integer",
                "title": "Seed",
                "minimum": -LARGEST,
                "maximum": LARGEST,
                "x-order": 0,
            },
            **{
                name: {
                    "title": name.replace("_", " ").capitalize(),
                    **prop,
                    "x-applied-by": "restage",
                    "x-order": place,
                }
                for place, (name, prop) in enumerate(DELIVERY_PARAMETERS.items(), start=1)
            },
        },
    }


def test_settings_schema_of_a_model_without_pictures_has_no_delivery() -> None:
    assert list(schema_of({"steps": {}}, makes_pictures=False)["properties"]) == ["steps"]


@pytest.mark.parametrize("name", DELIVERY_PARAMETERS)
def test_settings_schema_leaves_away_what_the_model_has(name: str) -> None:
    own = {"type": "string", "enum": ["webp", "png", "jpg"], "default": "png"}

    schema = schema_of({**ROLES, name: own})

    assert added_by_us(schema) == [one for one in DELIVERY_PARAMETERS if one != name]
    assert schema["properties"][name]["default"] == "png"


def test_settings_schema_shows_one_knob_where_the_model_has_another_name() -> None:
    inputs = {**ROLES, "max_images": {"type": "integer", "default": 1}}

    assert "num_outputs" in schema_of(inputs)["properties"]
    assert (
        "num_outputs" not in schema_of(inputs, native={"num_outputs": "max_images"})["properties"]
    )


def test_settings_schema_adds_what_only_the_overlay_knows() -> None:
    schema = schema_of({**ROLES}, native={"num_outputs": "max_images"})

    assert "num_outputs" in schema["properties"]


@pytest.mark.parametrize(
    ("offered", "expected", "ours"),
    [
        (["png"], ["png", "webp", "jpg"], ["webp", "jpg"]),
        (["jpeg", "png"], ["jpeg", "png", "webp"], ["webp"]),
        (["webp", "jpg", "png"], ["webp", "jpg", "png"], None),
        (["webp", "jpeg", "png"], ["webp", "jpeg", "png"], None),
        (["png", {}], ["png", {}, "webp", "jpg"], ["webp", "jpg"]),
    ],
)
def test_settings_schema_widens_the_models_formats(
    offered: list[Any], expected: list[Any], ours: list[str] | None
) -> None:
    schema = schema_of({**ROLES, "output_format": {"type": "string", "enum": offered}})

    found = schema["properties"]["output_format"]
    assert (found["enum"], found.get("x-restage-choices")) == (expected, ours)


@pytest.mark.parametrize(
    "prop",
    [{"type": "string"}, {"type": "integer", "enum": [1, 2]}, {"type": "string", "enum": []}],
)
def test_settings_schema_leaves_formats_alone_that_are_no_choice(prop: JSON) -> None:
    found = schema_of({**ROLES, "output_format": prop})["properties"]["output_format"]

    assert found == {**prop, "title": "Output format", "x-order": 0} | found
    assert "x-restage-choices" not in found


@pytest.mark.parametrize(
    ("prop", "low", "high"),
    [
        ({}, -LARGEST, LARGEST),
        ({"minimum": 0}, 0, LARGEST),
        ({"maximum": 10}, -LARGEST, 10),
        ({"minimum": 1, "maximum": 4}, 1, 4),
        ({"minimum": 0, "maximum": 2**64 - 1}, 0, LARGEST),
        ({"minimum": -(2**63)}, -LARGEST, LARGEST),
        ({"exclusiveMinimum": 0}, None, LARGEST),
        ({"exclusiveMaximum": 9}, -LARGEST, None),
        ({"enum": [1, 2]}, None, None),
    ],
    ids=str,
)
def test_settings_schema_holds_integers_to_what_a_browser_carries(
    prop: JSON, low: int | None, high: int | None
) -> None:
    found = schema_of({"n": {"type": "integer", **prop}})["properties"]["n"]

    assert (found.get("minimum"), found.get("maximum")) == (low, high)


def test_settings_schema_drops_a_default_that_no_browser_carries() -> None:
    schema = schema_of({"n": {"type": "integer", "default": 2**60}}, makes_pictures=False)

    assert SettingsValidator(schema).clean({}) == {}


@pytest.mark.parametrize(
    ("required", "overlay", "expected"),
    [((), {}, {}), (("n",), {}, {"n": 5}), ((), {"n": 7}, {"n": 7})],
    ids=["unset as it comes", "required", "with a staging default"],
)
def test_settings_schema_leaves_what_is_deprecated_unset(
    required: tuple[str, ...], overlay: JSON, expected: JSON
) -> None:
    inputs = {"n": {"type": "integer", "default": 5, "deprecated": True}}

    schema = settings_schema(
        flatten(openapi(inputs, required=required)),
        roles={},
        makes_pictures=False,
        tuning=Tuning(defaults=overlay),
    )

    assert schema["properties"]["n"]["deprecated"] is True
    assert defaults(schema) == expected


def test_settings_schema_leaves_numbers_without_bounds() -> None:
    found = schema_of({"n": {"type": "number"}})["properties"]["n"]

    assert found == {"type": "number", "title": "N", "x-order": 0}


def test_settings_schema_takes_staging_defaults_and_notes_from_the_overlay() -> None:
    inputs = {**ROLES, "safety": {"type": "integer", "enum": [0, 2, 6], "default": 6}}

    schema = schema_of(
        inputs, defaults={"safety": 2, "output_quality": 95}, notes={"safety": "At most 2."}
    )

    assert schema["properties"]["safety"] == {
        "type": "integer",
        "enum": [0, 2, 6],
        "default": 2,
        "title": "Safety",
        "x-note": "At most 2.",
        "x-order": 0,
    }
    assert defaults(schema)["output_quality"] == 95


def test_settings_schema_changes_nothing_it_is_given() -> None:
    flat = flatten(openapi({**STAGER_INPUTS, "output_format": {"type": "string", "enum": ["png"]}}))
    ours = copy.deepcopy(DELIVERY_PARAMETERS)
    before = copy.deepcopy(flat)

    settings_schema(flat, roles={}, makes_pictures=True, tuning=Tuning(defaults={"num_outputs": 3}))

    assert flat == before
    assert ours == DELIVERY_PARAMETERS


def test_defaults_of_the_stager() -> None:
    assert defaults(schema_of(STAGER_INPUTS)) == STAGER_DEFAULTS


# What three kinds of models have of the delivery parameters.
OWN_ALL: JSON = {
    **ROLES,
    "num_outputs": {"type": "integer", "default": 2, "maximum": 4},
    "aspect_ratio": {"type": "string", "enum": ["1:1", "4:3"], "default": "4:3"},
    "output_format": {"type": "string", "enum": ["webp", "png", "jpg"], "default": "webp"},
    "output_quality": {"type": "integer", "minimum": 0, "maximum": 100, "default": 80},
}
OWN_FORMAT: JSON = {
    **ROLES,
    "output_format": {"type": "string", "enum": ["jpeg", "png"], "default": "png"},
}
OWN_JPEG_ONLY: JSON = {
    **ROLES,
    "output_format": {"type": "string", "enum": ["jpeg"], "default": "jpeg"},
    "output_quality": {"type": "integer", "minimum": 0, "maximum": 100, "default": 80},
}
OWN_NONE: JSON = {**ROLES, "steps": {"type": "integer", "default": 4}}
OWN_TEXT_FORMAT: JSON = {**ROLES, "output_format": {"type": "string", "default": "svg"}}
OWN_UNSET_QUALITY: JSON = {**OWN_ALL, "output_quality": {"type": "integer"}}
OWN_SIZE: JSON = {**ROLES, "number_of_images": {"type": "integer", "default": 1}}


@pytest.mark.parametrize(
    ("inputs", "values", "sent", "delivery"),
    [
        pytest.param(
            OWN_ALL,
            {},
            {
                "num_outputs": 2,
                "aspect_ratio": "4:3",
                "output_format": "webp",
                "output_quality": 80,
            },
            Delivery(),
            id="the model does all itself",
        ),
        pytest.param(
            OWN_ALL,
            {"disclosure": "Virtually staged", "output_quality": 0},
            {"num_outputs": 2, "aspect_ratio": "4:3", "output_format": "png", "output_quality": 0},
            Delivery(output_format="webp", output_quality=1, disclosure="Virtually staged"),
            id="a label makes us encode, from a lossless picture",
        ),
        pytest.param(
            OWN_NONE,
            {},
            {"steps": 4},
            Delivery(output_format="webp", output_quality=90),
            id="we do all",
        ),
        pytest.param(
            OWN_NONE,
            {
                "num_outputs": 3,
                "aspect_ratio": "16:9",
                "output_format": "jpg",
                "output_quality": 55,
                "disclosure": "Staged",
            },
            {"steps": 4},
            Delivery(3, "16:9", "jpg", 55, "Staged"),
            id="we do all, each changed",
        ),
        pytest.param(
            OWN_FORMAT,
            {},
            {"output_format": "png"},
            Delivery(),
            id="its own lossless format needs no encoder",
        ),
        pytest.param(
            OWN_FORMAT,
            {"output_format": "webp"},
            {"output_format": "png"},
            Delivery(output_format="webp", output_quality=90),
            id="a format that we add",
        ),
        pytest.param(
            OWN_FORMAT,
            {"output_format": "jpeg", "output_quality": 70},
            {"output_format": "png"},
            Delivery(output_format="jpeg", output_quality=70),
            id="its own lossy format, with a quality that is ours",
        ),
        pytest.param(
            OWN_FORMAT,
            {"aspect_ratio": "1:1"},
            {"output_format": "png"},
            Delivery(aspect_ratio="1:1", output_format="png", output_quality=90),
            id="a crop that is ours",
        ),
        pytest.param(
            OWN_JPEG_ONLY,
            {"output_format": "webp"},
            {"output_format": "jpeg", "output_quality": 80},
            Delivery(output_format="webp", output_quality=80),
            id="no lossless format to ask for",
        ),
        pytest.param(
            OWN_TEXT_FORMAT,
            {"aspect_ratio": "1:1"},
            {"output_format": "svg"},
            Delivery(aspect_ratio="1:1", output_quality=90),
            id="a format that we cannot write keeps the picture's own",
        ),
        pytest.param(
            OWN_UNSET_QUALITY,
            {"disclosure": "Staged"},
            {"num_outputs": 2, "aspect_ratio": "4:3", "output_format": "png"},
            Delivery(output_format="webp", disclosure="Staged"),
            id="a quality of its own that is unset",
        ),
        pytest.param(
            OWN_UNSET_QUALITY,
            {"disclosure": "Staged", "output_quality": 400},
            {
                "num_outputs": 2,
                "aspect_ratio": "4:3",
                "output_format": "png",
                "output_quality": 400,
            },
            Delivery(output_format="webp", output_quality=100, disclosure="Staged"),
            id="a quality of its own beyond our encoder's",
        ),
    ],
)
def test_split(inputs: JSON, values: JSON, sent: JSON, delivery: Delivery) -> None:
    schema = schema_of(inputs)
    document = SettingsValidator(schema).clean(values)

    assert split(schema, document) == (sent, delivery)


def test_split_where_a_parameter_has_another_name() -> None:
    inputs = {**ROLES, "number_of_images": {"type": "integer", "default": 1}}
    inputs["compression"] = {"type": "integer", "default": 90}
    native = {"num_outputs": "number_of_images", "output_quality": "compression"}
    schema = schema_of(inputs, native=native)

    found = split(schema, SettingsValidator(schema).clean({"number_of_images": 4}))

    assert found == (
        {"number_of_images": 4, "compression": 90},
        Delivery(num_outputs=1, output_format="webp", output_quality=90),
    )


def test_split_leaves_the_document_alone() -> None:
    schema = schema_of(OWN_FORMAT)
    document = SettingsValidator(schema).clean({"output_format": "webp"})

    split(schema, document)

    assert document == {**defaults(schema), "output_format": "webp"}


def test_delivery_survives_being_stored() -> None:
    delivery = Delivery(3, "16:9", "jpg", 55, "Staged")

    assert Delivery.from_json(delivery.to_json()) == delivery
