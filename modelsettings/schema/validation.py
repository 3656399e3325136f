"""The one validator of settings: for the form, the API, the tasks, the commands and imports."""

import copy
import math
from collections.abc import Mapping
from itertools import islice
from typing import Any

import jsonschema_rs

from modelsettings.errors import FieldsRefused
from modelsettings.schema import parameters
from modelsettings.schema.flattening import JSON, is_whole_float

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_SHOWN = 60
# Enough to see what is wrong; a document of a megabyte could hold 100,000 errors.
_MOST_ERRORS = 50


class SettingsRefused(FieldsRefused):
    """Settings that break their schema: `errors` maps a key (or a path) to its sentences."""


class SettingsValidator:
    """A settings schema, compiled; make one for a schema and keep it.

    >>> SettingsValidator(schema).clean({"output_quality": 120})
    SettingsRefused: output_quality: 120 is more than the maximum of 100.
    """

    def __init__(self, schema: JSON) -> None:
        self.schema = schema
        self.defaults = parameters.defaults(schema)
        self._is_whole = {
            name: prop.get("type") == "integer" for name, prop in schema["properties"].items()
        }
        self._compiled = jsonschema_rs.Draft202012Validator(schema)

    def clean(self, values: Mapping[str, Any]) -> JSON:
        """Return the whole document: absent keys at their defaults, in the schema's order.

        5.0 becomes 5 for an integer; null drops a key that has no default.

        Raises SettingsRefused, with every error found.
        """
        if not isinstance(values, Mapping):
            raise SettingsRefused({"": [f"Settings are an object, not {_kind_of(values)}."]})
        document, errors = self._normalised(values)
        if errors or not self._is_valid(document):
            raise SettingsRefused(self._sentences(document, errors))
        return document

    def _is_valid(self, document: JSON) -> bool:
        try:
            return self._compiled.is_valid(document)
        except ValueError:
            # The validator raises it for nesting beyond its depth and for what is not JSON.
            return False

    def _normalised(self, values: Mapping[str, Any]) -> tuple[JSON, dict[str, list[str]]]:
        """Settle what the validator must not see: null, infinities, 5.0 for 5."""
        document: JSON = {}
        errors: dict[str, list[str]] = {}
        # In the schema's order, whatever the order of the request; unknown names come last.
        for name, is_whole in self._is_whole.items():
            if name not in values:
                if name in self.defaults:
                    document[name] = copy.deepcopy(self.defaults[name])
                continue
            value = values[name]
            kind = type(value)
            if value is None:
                # Without a default, null unsets: the key is left out.
                if name in self.defaults:
                    errors[name] = [
                        f"{name}: null is not a value here; its default is "
                        f"{_shown(self.defaults[name])}."
                    ]
            elif kind is bool:
                document[name] = value
            elif kind is int or kind is float:
                if _is_out_of_reach(value):
                    errors[name] = [f"{name}: {_shown(value)} is not a number that can be sent."]
                elif is_whole and is_whole_float(value):
                    document[name] = int(value)
                else:
                    document[name] = value
            elif sentence := _find_unsendable(value):
                errors[name] = [f"{name}: {sentence}"]
            else:
                document[name] = value
        if len(document) + len(errors) < len(values) or not values.keys() <= self._is_whole.keys():
            unknown = (name for name in values if name not in self._is_whole)
            for name in islice(unknown, _MOST_ERRORS):
                errors[_legible(str(name))] = [self._unknown(str(name))]
        return document, errors

    def _unknown(self, name: str) -> str:
        known = ", ".join(self._is_whole) or "none"
        return f"{_shown(name)} is not a parameter of this model; its parameters are: {known}."

    def _sentences(self, document: JSON, errors: dict[str, list[str]]) -> dict[str, list[str]]:
        try:
            found = list(islice(self._compiled.iter_errors(document), _MOST_ERRORS))
        except ValueError as error:
            errors.setdefault("", []).append(f"The settings cannot be read: {error}.")
            return errors
        for wrong in found:
            key = str(wrong.instance_path[0]) if wrong.instance_path else ""
            characters = self.schema["properties"].get(key, {}).get("x-characters")
            errors.setdefault(key, []).append(_sentence(wrong, characters=characters))
        return errors


def _is_out_of_reach(value: float) -> bool:
    """Say whether JSON cannot write a number, or a double cannot hold it."""
    try:
        return not math.isfinite(value)
    except OverflowError:
        return True


def _find_unsendable(value: Any, *, depth: int = 0) -> str | None:
    """Return what is wrong inside a list or an object, or None."""
    if depth > 20:
        return "it is nested more than 20 deep."
    if isinstance(value, list):
        parts: Any = value
    elif isinstance(value, dict):
        parts = [*value, *value.values()]
    elif isinstance(value, str):
        return _find_unsendable_text(value)
    elif value is None or isinstance(value, bool):
        return None
    elif isinstance(value, int | float):
        if _is_out_of_reach(value):
            return f"{_shown(value)} is not a number that can be sent."
        # A whole number by itself is held to this by its schema.
        if isinstance(value, int) and abs(value) > parameters.LARGEST_INTEGER:
            return f"{_shown(value)} is beyond {parameters.LARGEST_INTEGER}, and would be rounded."
        return None
    else:
        return f"{type(value).__name__} is not a value of JSON."
    return next(filter(None, (_find_unsendable(part, depth=depth + 1) for part in parts)), None)


def _find_unsendable_text(value: str) -> str | None:
    """Say what PostgreSQL's jsonb or UTF-8 refuses."""
    if "\0" in value:
        return "it holds the character NUL, which cannot be stored."
    if _legible(value) != value:
        return "it holds half a character (a lone surrogate), which cannot be sent."
    return None


def _legible(text: str) -> str:
    """Return the text as UTF-8 can carry it: a lone surrogate is written as \\ud800."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _sentence(error: jsonschema_rs.ValidationError, *, characters: str | None) -> str:
    """Put one error of the validator into words a person understands.

    `characters` names those that a pattern of ours lets through; None for a model's pattern.
    """
    kind = error.kind
    limit = kind.value
    path = ".".join(str(step) for step in error.instance_path)
    shown = _shown(error.instance)
    sentences = {
        "maximum": f"{shown} is more than the maximum of {limit}",
        "minimum": f"{shown} is less than the minimum of {limit}",
        "exclusiveMaximum": f"{shown} is not less than {limit}",
        "exclusiveMinimum": f"{shown} is not more than {limit}",
        "multipleOf": f"{shown} is not a multiple of {limit}",
        "minLength": f"it is shorter than {limit} characters",
        "maxLength": f"it is longer than {limit} characters",
        "minItems": f"it has fewer than {limit} entries",
        "maxItems": f"it has more than {limit} entries",
        "pattern": f"{shown} holds other characters than {characters}"
        if characters
        else f"{shown} is not written in the form that this model takes",
        "uniqueItems": "it holds an entry twice",
        "anyOf": f"{shown} is of none of the kinds that are allowed",
    }
    if kind.name == "enum":
        choices = (choice if isinstance(choice, str) else _shown(choice) for choice in limit)
        sentence = f"{shown} is not one of {', '.join(choices)}"
    elif kind.name == "type":
        wanted = " or ".join(_KINDS.get(name, name) for name in limit)
        sentence = f"{shown} is {_kind_of(error.instance)}, not {wanted}"
    else:
        sentence = sentences.get(kind.name, error.message[:200])
    return f"{path}: {sentence}." if path else f"{sentence}."


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "null" if value is None else "an object"


def _shown(value: Any) -> str:
    """Return the value as JSON writes it, cut where it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) > 10**_SHOWN:
        return f"a number of more than {_SHOWN} digits"
    text = f'"{value}"' if isinstance(value, str) else "null" if value is None else str(value)
    return _legible(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
