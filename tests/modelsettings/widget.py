"""What django-jsonform's widget submits of a page that nobody touched, as seen in a browser."""

from collections.abc import Mapping
from typing import Any

from modelsettings.schema.flattening import JSON

_ABSENT: dict[str, Any] = {"string": "", "integer": None, "number": None, "boolean": None}


def submit(schema: JSON, document: Mapping[str, Any]) -> JSON:
    """Return the document as the widget would send it, drawn from a form schema.

    Keys that were absent come back empty by their type; a value that is not among the choices
    becomes empty.
    """
    return {
        name: _submit_value(field, document.get(name)) if name in document else _absent(field)
        for name, field in schema["properties"].items()
    }


def _submit_value(field: JSON, value: Any) -> Any:
    if field["type"] == "object":
        return submit(field, value)
    if field["type"] == "array":
        return [_submit_value(field["items"], entry) for entry in value]
    choices = field.get("choices")
    if choices and not any(_is_chosen(choice["value"], value) for choice in choices):
        return _absent(field)
    return value


def _is_chosen(choice: Any, value: Any) -> bool:
    return type(choice) is type(value) and bool(choice == value)


def _absent(field: JSON) -> Any:
    if field["type"] == "object":
        return submit(field, {})
    return [] if field["type"] == "array" else _ABSENT[field["type"]]
