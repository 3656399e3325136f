"""Builds the settings schema: the parameters that an operator may tune, and their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modelsettings.schema import delivery
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import is_secret

# What a browser's JavaScript can carry without rounding (ECMA-262, Number.MAX_SAFE_INTEGER).
LARGEST_INTEGER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Tuning:
    """What we know of a model beyond its published schema (see `catalog/overlay.toml`).

    `native` names the model's own parameter for a delivery parameter that has another name there;
    `defaults` are staging defaults, and `notes` are warnings that the published prose gives, both
    by parameter.
    """

    native: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


def settings_schema(
    flat: JSON, *, roles: Mapping[str, str], makes_pictures: bool, tuning: Tuning
) -> JSON:
    """Return the input schema less roles and secrets, plus the delivery parameters.

    Every property has `title` and `x-order`. `x-applied-by` marks a parameter that Restage carries
    out; `x-restage-choices` lists the choices that Restage adds to a model's own `output_format`;
    `x-delivers` names the delivery parameter that a model's own parameter stands for. What the
    model has `deprecated` is unset as it comes.
    """
    taken = set(roles.values())
    properties = {
        name: _bounded(dict(prop))
        for name, prop in flat["properties"].items()
        if name not in taken and not is_secret(name, prop)
    }
    if makes_pictures:
        properties |= delivery.complete(properties, taken=taken, native=tuning.native)
        for parameter, name in tuning.native.items():
            if name in properties:
                properties[name]["x-delivers"] = parameter
    for order, (name, prop) in enumerate(properties.items()):
        if prop.get("deprecated") and name not in flat["required"]:
            # Without a default it is stored, and sent, only where it was set.
            prop.pop("default", None)
        if name in tuning.defaults:
            prop["default"] = tuning.defaults[name]
        if name in tuning.notes:
            prop["x-note"] = tuning.notes[name]
        prop["title"] = title_of(name)
        prop["x-order"] = order
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def title_of(name: str) -> str:
    """Return what pages call a parameter.

    >>> title_of("output_quality")
    'Output quality'
    """
    ours: JSON = delivery.DELIVERY_PARAMETERS.get(name, {})
    return ours.get("title") or name.replace("_", " ").capitalize()


def defaults(schema: JSON) -> JSON:
    """Return the document that holds each parameter's default."""
    return {
        name: prop["default"] for name, prop in schema["properties"].items() if "default" in prop
    }


def _bounded(prop: JSON) -> JSON:
    """Hold an integer to what a browser can carry; drop a default beyond it."""
    if prop.get("type") == "integer" and "enum" not in prop:
        if "exclusiveMinimum" not in prop:
            prop["minimum"] = max(prop.get("minimum", -LARGEST_INTEGER), -LARGEST_INTEGER)
        if "exclusiveMaximum" not in prop:
            prop["maximum"] = min(prop.get("maximum", LARGEST_INTEGER), LARGEST_INTEGER)
        if abs(prop.get("default", 0)) > LARGEST_INTEGER:
            del prop["default"]
    return prop
