"""Checks an input against its model's schema, and names the mistakes in Replicate's words.

The wording and the `type` names are those of the Go library that Replicate's answers show
(docs/replicate-facts/http.md, "Errors", names the four types that were seen).
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any

import jsonschema_rs

from sandbox.problems import Problem

Document = dict[str, Any]


class InputSchema:
    """A model's Input, flattened to one JSON Schema."""

    def __init__(self, schemas: Document, *, speaks_fastapi: bool = False) -> None:
        self._speaks_fastapi = speaks_fastapi
        source = schemas.get("Input") or {}
        items = (source.get("properties") or {}).items()
        ordered = sorted(items, key=lambda item: item[1].get("x-order", 10_000))
        self.properties: dict[str, Document] = {
            name: _flatten(declared, schemas=schemas) for name, declared in ordered
        }
        self.required: list[str] = source.get("required") or []

    @property
    def defaults(self) -> Document:
        """The published defaults, which the model uses for parameters that were not sent."""
        return {k: p["default"] for k, p in self.properties.items() if p.get("default") is not None}

    def check(self, given: Document, *, refuse_unknown: bool) -> None:
        """Raise the 422 that names every invalid field.

        Whether Replicate refuses unknown keys is not established (docs/replicate-facts/http.md,
        "Creating a prediction"). The sandbox refuses them unless `refuse_unknown` is false, so that
        a client sends only keys of the schema.
        """
        invalid = [f for error in self._validator.iter_errors(given) for f in _fields(error)]
        if not refuse_unknown or not self.properties:
            invalid = [f for f in invalid if f["type"] != "additional_property_not_allowed"]
        if invalid and self._speaks_fastapi:
            raise invalid_by_fastapi(invalid)
        if invalid:
            raise invalid_input(invalid)

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        schema = {
            "type": "object",
            "properties": {k: _checkable(p) for k, p in self.properties.items()},
            "required": self.required,
            "additionalProperties": False,
        }
        return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def invalid_input(invalid: list[dict[str, str]]) -> Problem:
    """Return the 422 that lists these fields."""
    lines = [f"- {field['field']}: {field['description']}\n" for field in invalid]
    return Problem(
        422,
        title="Input validation failed",
        detail="".join(lines),
        extra={"invalid_fields": invalid},
    )


def invalid_by_fastapi(invalid: list[dict[str, str]]) -> Problem:
    """Return the 422 that a model's own server answers: FastAPI's form, pydantic 1's words.

    >>> invalid_by_fastapi([_field("required", "input", "prompt is required")])
    422 {"detail": [{"loc": ["body", "input", "prompt"], "msg": "field required", …}]}
    """
    return Problem(422, extra={"detail": [_as_fastapi(field) for field in invalid]})


def _as_fastapi(field: dict[str, str]) -> Document:
    path, description = field["field"].split("."), field["description"]
    match field["type"]:
        case "required":
            path.append(description.removesuffix(" is required"))
            msg = "field required"
        case "additional_property_not_allowed":
            path.append(description.split(" ")[2])
            msg = "extra fields not permitted"
        case "enum":
            _, _, listed = description.partition(" must be one of the following: ")
            permitted = listed.replace('"', "'")
            msg = f"value is not a valid enumeration member; permitted: {permitted}"
        case "invalid_type":
            wanted = re.sub(r"Invalid type\. Expected: (\w+).*", r"\1", description)
            msg = f"value is not a valid {wanted}"
        case "string_lte" | "string_gte" as kind:
            end = "most" if kind == "string_lte" else "least"
            msg = f"ensure this value has at {end} {description.rsplit(' ', 1)[1]} characters"
        case _:
            msg = description.replace("Must be", "ensure this value is")
    return {"loc": ["body", *path], "msg": msg, "type": field["type"]}


def check_keys(body: Document, *, allowed: set[str]) -> None:
    """Raise the 422 for an unknown key at the top of a request's body."""
    unknown = sorted(body.keys() - allowed)
    if unknown:
        raise invalid_input([_unknown_key("(root)", key) for key in unknown])


def _flatten(declared: Document, *, schemas: Document) -> Document:
    """Inline `allOf: [{"$ref": …}]`, the way Cog publishes an enum."""
    flat = {k: v for k, v in declared.items() if k not in ("allOf", "anyOf", "$ref")}
    parts = [*declared.get("allOf", ()), *([declared] if "$ref" in declared else ())]
    for part in parts:
        target = schemas.get(str(part.get("$ref", "")).rsplit("/", 1)[-1]) or {}
        flat = {**target, **flat}
    for part in declared.get("anyOf", ()):
        # Newer Cog writes an optional value as "this or null".
        if part.get("type") == "null":
            flat["nullable"] = True
        else:
            flat = {**_flatten(part, schemas=schemas), **flat}
    return flat


CHECKED = (
    *("type", "enum", "minimum", "maximum", "format", "items", "minItems", "maxItems"),
    *("minLength", "maxLength", "pattern", "multipleOf"),
)


def _checkable(declared: Document) -> Document:
    """Turn an OpenAPI 3.0 property into JSON Schema: `nullable` becomes a second type."""
    rules = {key: declared[key] for key in CHECKED if key in declared}
    if rules.get("format") not in (None, "uri"):
        del rules["format"]
    if isinstance(rules.get("items"), dict):
        rules["items"] = _checkable(rules["items"])
    if declared.get("nullable"):
        rules["type"] = [rules.get("type", "string"), "null"]
        if "enum" in rules:
            rules["enum"] = [*rules["enum"], None]
    return rules


def _fields(error: jsonschema_rs.ValidationError) -> list[dict[str, str]]:
    """Write one error of the validator as Replicate's `invalid_fields`."""
    where = ".".join(["input", *map(str, error.instance_path)])
    kind: Any = error.kind
    match type(kind).__name__:
        case "Required":
            return [_field("required", where, f"{kind.property} is required")]
        case "AdditionalProperties":
            return [_unknown_key(where, key) for key in kind.unexpected]
        case "Enum":
            return [_field("enum", where, _enum_words(where, kind.options))]
        case "Maximum":
            return [
                _field("number_lte", where, f"Must be less than or equal to {_number(kind.limit)}")
            ]
        case "Minimum":
            text = f"Must be greater than or equal to {_number(kind.limit)}"
            return [_field("number_gte", where, text)]
        case "MaxLength":
            text = f"String length must be less than or equal to {kind.limit}"
            return [_field("string_lte", where, text)]
        case "MinLength":
            text = f"String length must be greater than or equal to {kind.limit}"
            return [_field("string_gte", where, text)]
        case "Type":
            wanted = ", ".join(sorted(kind.types))
            text = f"Invalid type. Expected: {wanted}, given: {_type_name(error.instance)}"
            return [_field("invalid_type", where, text)]
        case "Format":
            return [_field("format", where, f"Does not match format '{kind.format}'")]
        case name:
            return [_field(name.lower(), where, error.message)]


def _field(kind: str, where: str, description: str) -> dict[str, str]:
    return {"type": kind, "field": where, "description": description}


def _unknown_key(where: str, key: str) -> dict[str, str]:
    text = f"Additional property {key} is not allowed"
    return _field("additional_property_not_allowed", where, text)


def _enum_words(where: str, options: object) -> str:
    choices = options if isinstance(options, list) else json.loads(str(options))
    listed = ", ".join(json.dumps(choice, ensure_ascii=False) for choice in choices)
    return f"{where} must be one of the following: {listed}"


def _number(limit: object) -> str:
    return f"{float(str(limit)):g}" if abs(float(str(limit))) < 1e6 else str(limit)


def _type_name(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"
