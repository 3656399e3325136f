"""Reads the OpenAPI schema that a model publishes."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import jsonschema_rs

JSON = dict[str, Any]

# What JSON Schema and Cog say about one property that has a meaning here; the rest is dropped.
_KEYWORDS = (
    "type", "title", "description", "default", "enum", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "format", "minItems", "maxItems", "uniqueItems", "required", "additionalProperties",
    "writeOnly", "x-order", "x-cog-secret",
)  # fmt: skip
_WHOLE = ("default", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_SECRET_NAME = re.compile(
    r"(^|_)(api_?key|api_?token|access_token|auth_token|hf_token|secret|password)$"
)
_AUDIO_OR_VIDEO = {"mp3", "wav", "ogg", "flac", "mp4", "webm", "gif", "mov", "m4a"}
_PICTURE_HINTS = re.compile(
    r"image|img|picture|photo|width|height|aspect_ratio|size|guidance|inference_steps|negative_prompt"
)
_AUDIO_HINTS = re.compile(r"audio|song|duration|music|speaker|voice|sample_rate")


class SchemaRefused(ValueError):
    """A published schema that cannot be used; the message names the property."""


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """What `GET /v1/models/{owner}/{name}` answers, as far as it is used here."""

    slug: str
    description: str
    version: str
    openapi: JSON
    is_official: bool
    source: str

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a catalogue file or a live answer.

        Raises SchemaRefused where the identity, the version or its schema is missing.
        """
        version = document.get("latest_version")
        if not document.get("owner") or not document.get("name"):
            raise SchemaRefused("The published model has no owner or no name.")
        if not isinstance(version, dict) or not isinstance(version.get("openapi_schema"), dict):
            raise SchemaRefused("The published model has no latest_version with an openapi_schema.")
        return cls(
            slug=f"{document['owner']}/{document['name']}",
            description=document.get("description") or "",
            version=version.get("id") or "",
            openapi=version["openapi_schema"],
            is_official=bool(document.get("is_official")),
            source=document.get("x-restage-source", ""),
        )


def digest(openapi: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of the schema written canonically."""
    canonical = json.dumps(openapi, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def flatten(openapi: Mapping[str, Any]) -> JSON:
    """Return the input schema: references inlined, null marked, properties in `x-order`.

    A property that may be null carries `x-nullable` and a type without null: in settings, absence
    is the only way to say nothing. A default that its own bounds refuse is dropped.

    Raises SchemaRefused when a reference is missing or runs in a circle, or a property's schema is
    not a JSON Schema.
    """
    components = _components(openapi)
    source = components.get("Input")
    if not isinstance(source, dict):
        raise SchemaRefused("The schema has no components.schemas.Input.")
    properties, required = source.get("properties") or {}, source.get("required") or []
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise SchemaRefused("The properties of Input are not an object, or required is not a list.")
    inlined = {
        name: _usable(name, _inline(part, components, path=(name,)))
        for name, part in properties.items()
    }
    names = sorted(inlined, key=lambda name: _place(inlined[name]))
    return {
        "type": "object",
        "properties": {name: inlined[name] for name in names},
        "required": [name for name in required if name in inlined],
        "additionalProperties": False,
    }


def is_secret(name: str, prop: Mapping[str, Any]) -> bool:
    """Say whether an input is a secret, by its mark or by its name."""
    marked = prop.get("x-cog-secret") or prop.get("format") == "password" or prop.get("writeOnly")
    return bool(marked) or bool(_SECRET_NAME.search(name))


def is_address(prop: Mapping[str, Any]) -> bool:
    """Say whether an input takes a file's address, or a list of them."""
    return prop.get("format") == "uri" or (
        prop.get("type") == "array" and (prop.get("items") or {}).get("format") == "uri"
    )


def makes_pictures(openapi: Mapping[str, Any]) -> bool:
    """Say whether the model answers with pictures, as far as its schema tells.

    Cog publishes *an address* or *a list of addresses*, whatever the file is, so the inputs decide
    between pictures and sound.
    """
    components = _components(openapi)
    try:
        output = _inline(components.get("Output") or {}, components, path=("Output",))
    except SchemaRefused:
        return False
    if not is_address(output):
        return False
    inputs = flatten(openapi)["properties"]
    formats = {
        str(choice)
        for name, prop in inputs.items()
        if name.endswith("output_format")
        for choice in prop.get("enum", ())
    }
    if formats & _AUDIO_OR_VIDEO:
        return False
    if any(_AUDIO_HINTS.search(name) for name in inputs):
        return False
    return any(_PICTURE_HINTS.search(name) for name in inputs)


def _components(openapi: Mapping[str, Any]) -> JSON:
    schemas = (openapi.get("components") or {}).get("schemas")
    return schemas if isinstance(schemas, dict) else {}


def _inline(node: Any, components: JSON, *, path: tuple[str, ...]) -> JSON:
    """Return the node without `$ref`, `allOf` or null; `path` is where we are, for the errors."""
    if not isinstance(node, dict):
        raise SchemaRefused(f"{path[0]}: its schema is not an object.")
    for key in ("enum", "allOf", "anyOf", "oneOf"):
        if not isinstance(node.get(key, []), list):
            raise SchemaRefused(f"{path[0]}: its {key} is not a list.")
    merged: JSON = {}
    for part in [*_referenced(node, components, path), *node.get("allOf", ())]:
        merged |= _inline(part, components, path=_deeper(path, part))
    variants = node.get("anyOf") or node.get("oneOf")
    if variants:
        merged |= _join_variants(variants, components, path=path)
    own = {key: node[key] for key in _KEYWORDS if key in node}
    if "const" in node:
        own["enum"] = [node["const"]]
    merged |= own
    if isinstance(node.get("items"), dict):
        merged["items"] = _inline(node["items"], components, path=_deeper(path, node["items"]))
    if isinstance(node.get("properties"), dict):
        merged["properties"] = {
            name: _inline(part, components, path=_deeper(path, part))
            for name, part in node["properties"].items()
        }
    if node.get("nullable"):
        merged["x-nullable"] = True
    return _without_null(_with_numeric_bounds(merged))


def _referenced(node: JSON, components: JSON, path: tuple[str, ...]) -> list[JSON]:
    reference = node.get("$ref")
    if reference is None:
        return []
    name = str(reference).rpartition("/")[2]
    if name not in components:
        raise SchemaRefused(f"{path[0]}: {reference} is not among the schema's components.")
    return [components[name]]


def _deeper(path: tuple[str, ...], part: Any) -> tuple[str, ...]:
    if len(path) > 30:
        raise SchemaRefused(f"{path[0]}: its references run in a circle.")
    return (*path, str(part.get("$ref", "")) if isinstance(part, dict) else "")


def _join_variants(variants: list[Any], components: JSON, *, path: tuple[str, ...]) -> JSON:
    """Join `anyOf`: null becomes a mark, one variant is itself, several stay alternatives."""
    inlined = [_inline(part, components, path=_deeper(path, part)) for part in variants]
    given = [part for part in inlined if part.get("type") != "null"]
    joined: JSON = {"x-nullable": True} if len(given) < len(inlined) else {}
    if len(given) == 1:
        return given[0] | joined
    return {"anyOf": given} | joined


def _without_null(prop: JSON) -> JSON:
    """Move null out of type, enum and default into the mark `x-nullable`."""
    kind = prop.get("type")
    if isinstance(kind, list):
        # A type of null alone stays: it is one of several variants, or a property without values.
        kinds = [one for one in kind if one != "null"] or ["null"]
        if len(kinds) < len(kind):
            prop["x-nullable"] = True
        prop["type"] = kinds[0] if len(kinds) == 1 else kinds
    if None in prop.get("enum", ()):
        choices = [choice for choice in prop.pop("enum") if choice is not None]
        prop |= {"enum": choices, "x-nullable": True} if choices else {"type": "null"}
    if "enum" in prop and "type" not in prop:
        kinds = sorted({type_of(choice) for choice in prop["enum"]})
        prop["type"] = kinds[0] if len(kinds) == 1 else kinds
    if "default" in prop and prop["default"] is None:
        del prop["default"]
    return prop


def _with_numeric_bounds(prop: JSON) -> JSON:
    """Turn draft 4's `exclusiveMinimum: true` (OpenAPI 3.0) into the number of later drafts."""
    for exclusive, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(prop.get(exclusive), bool) and prop.pop(exclusive) and plain in prop:
            prop[exclusive] = prop.pop(plain)
    return prop


def _place(prop: JSON) -> float:
    order = prop.get("x-order")
    return order if isinstance(order, int | float) else 1000


def type_of(value: Any) -> str:
    """Return JSON Schema's name for the type of a value."""
    names: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return names.get(type(value), "array" if isinstance(value, list) else "object")


def _usable(name: str, prop: JSON) -> JSON:
    """Return the property, checked; its default is dropped where its own schema refuses it."""
    try:
        validator = jsonschema_rs.Draft202012Validator(prop)
    except (jsonschema_rs.ValidationError, ValueError) as error:
        sentence = str(error).splitlines()[0]
        raise SchemaRefused(f"{name}: its schema is not a JSON Schema ({sentence}).") from error
    if "default" in prop and not validator.is_valid(prop["default"]):
        prop = {key: value for key, value in prop.items() if key != "default"}
    if prop.get("type") == "integer":
        # JSON knows one kind of number: 5.0 is a whole one.
        prop |= {key: int(prop[key]) for key in _WHOLE if is_whole_float(prop.get(key))}
    return prop


def is_whole_float(value: Any) -> bool:
    """Say whether a value is a whole number written with a point, such as 5.0."""
    return isinstance(value, float) and value.is_integer()
