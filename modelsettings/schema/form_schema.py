"""The schema that django-jsonform draws an operator's form from, and how to read it back.

Its widget was tried in a browser: with a `default` in the schema, opening a page alone rewrites
the document; without any, stored values stay, and absent keys come back empty. Hence no `default`
here, the stored value always among the choices, and help in words.
"""

import json
from collections.abc import Mapping
from typing import Any

from modelsettings.schema.comparison import is_same
from modelsettings.schema.flattening import JSON, type_of
from modelsettings.schema.words import TRUTHS, explain

_EMPTY: tuple[Any, ...] = ("", None, [], {})
_TRUTHS = {word: truth for truth, word in TRUTHS.items()}


# The widget's own empty choice cannot be chosen again.
_UNSET_CHOICE: JSON = {"title": "unset", "value": ""}


def form_schema(schema: JSON, stored: Mapping[str, Any]) -> JSON:
    """Return the form's schema for the stored document; `schema` is the settings schema."""
    return {
        "type": "object",
        "title": "Parameters",
        "properties": {
            name: _field(prop, stored.get(name)) for name, prop in schema["properties"].items()
        },
    }


def form_document(schema: JSON, stored: Mapping[str, Any]) -> JSON:
    """Return the document as the widget takes it.

    The widget cannot tell an unset truth value from false. A truth value that can be unset is
    therefore a choice of words. It loses what is in an object without named parts, and in a list of
    objects: these are edited as JSON.
    """
    return {
        name: _drawn(schema["properties"].get(name, {}), value) for name, value in stored.items()
    }


def _drawn(prop: JSON, value: Any) -> Any:
    """Return a value as the widget takes it: words for a switch, JSON as a text."""
    if _is_switch(prop) and isinstance(value, bool):
        return TRUTHS[value]
    if is_json(prop, value):
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    if isinstance(value, dict) and (parts := prop.get("properties")):
        return form_document({"properties": parts}, value)
    return value


def read_form(schema: JSON, submitted: Mapping[str, Any], *, stored: Mapping[str, Any]) -> JSON:
    """Return the document that a submitted form means; `stored` is what it was drawn with.

    A key without a default that comes back empty is unset, unless it was stored empty: "" and []
    can be chosen through the API, and saving an untouched page must not undo it. A key with a
    default that comes back null (an emptied number) stays null, for the validator to refuse.
    """
    document = {}
    for name, value in submitted.items():
        # A key that the schema does not have is kept, for the validator to name.
        prop, before = schema["properties"].get(name, {"default": None}), stored.get(name)
        meant = _read_parts(prop, value, stored=before)
        if _is_switch(prop) and isinstance(value, str):
            meant = _TRUTHS.get(value, value)
        was_empty = name in stored and is_same(meant, before)
        if "default" in prop or was_empty or not _is_empty(meant):
            document[name] = meant
    return document


def _read_parts(prop: Mapping[str, Any], value: Any, *, stored: Any) -> Any:
    """Read an object as the document is read: its absent parts come back empty as well."""
    if is_json(prop, stored) and isinstance(value, str) and value.strip():
        try:
            return json.loads(value)
        except (RecursionError, ValueError):
            # The validator says that it is a text.
            return value
    parts = prop.get("properties")
    if not parts or not isinstance(value, dict):
        return value
    before = stored if isinstance(stored, dict) else {}
    return read_form({"properties": parts}, value, stored=before)


def _is_switch(prop: Mapping[str, Any]) -> bool:
    """Say whether a parameter is a truth value that can be unset."""
    return prop.get("type") == "boolean" and "default" not in prop


def is_json(prop: Mapping[str, Any], stored: Any) -> bool:
    """Say whether a value is edited as JSON: an object without named parts, or a list of such."""
    prop = _in_one_kind(dict(prop), stored)
    if prop.get("enum"):
        return False
    if prop.get("type") == "array":
        items = prop.get("items") or {}
        kind = items.get("type")
        is_plain = kind in ("boolean", "integer", "number", "string") or "enum" in items
        is_untyped = not items.keys() & {"anyOf", "oneOf", "properties", "type"}
        plain_entries = not any(isinstance(entry, dict | list) for entry in _entries(stored))
        return not (is_plain or is_untyped) or not plain_entries
    return prop.get("type") == "object" and not prop.get("properties")


def _entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_empty(value: Any) -> bool:
    return any(is_same(value, empty) for empty in _EMPTY)


def _field(prop: JSON, stored: Any) -> JSON:
    prop = _in_one_kind(prop, stored)
    title = f"{prop['title']} (deprecated)" if prop.get("deprecated") else prop["title"]
    field: JSON = {"title": title, "help_text": explain(prop)}
    if _is_switch(prop):
        words = [{"title": word, "value": word} for word in _TRUTHS]
        return field | {"type": "string", "choices": [_UNSET_CHOICE, *words]}
    if prop.get("enum"):
        return field | _choice(prop, stored)
    kind = prop.get("type")
    if is_json(prop, stored):
        help_text = f"{field['help_text']} Written as JSON.".strip()
        return field | {"type": "string", "widget": "textarea", "help_text": help_text}
    if kind == "array":
        return field | {"type": "array", "items": _item(prop.get("items", {}), stored)}
    if kind == "object" and prop.get("properties"):
        inside = stored if isinstance(stored, dict) else {}
        parts = {
            name: _field({"title": name, **part}, inside.get(name))
            for name, part in prop["properties"].items()
        }
        return field | {"type": "object", "properties": parts}
    if kind in ("integer", "number", "boolean"):
        return field | {"type": kind}
    return field | {"type": "string"} | ({"widget": "textarea"} if _is_prose(prop) else {})


def _is_prose(prop: Mapping[str, Any]) -> bool:
    """Say whether a text may have several lines: an input of one line would lose their ends."""
    return not (prop.get("format") or prop.get("pattern"))


def _choice(prop: JSON, stored: Any) -> JSON:
    choices = prop["enum"]
    listed = [{"title": str(choice), "value": choice} for choice in choices]
    if "default" not in prop:
        listed.insert(0, _UNSET_CHOICE)
    if stored is not None and not any(is_same(stored, choice) for choice in choices):
        listed.append(_no_longer_allowed(stored))
    kind = prop.get("type")
    return {"type": kind if isinstance(kind, str) else "string", "choices": listed}


def _no_longer_allowed(choice: Any) -> JSON:
    return {"title": f"{choice} (no longer allowed)", "value": choice}


def _in_one_kind(prop: JSON, stored: Any) -> JSON:
    """Settle on one of several kinds, since the widget knows only one.

    It is the kind of the stored value; without a stored value, the first that the schema names.
    """
    kind = prop.get("type")
    variants: list[JSON] = prop.get("anyOf") or (
        [{"type": name} for name in kind] if isinstance(kind, list) else []
    )
    if not variants or "enum" in prop:
        return prop
    fitting = (
        variant for variant in variants if stored is not None and _fits(variant.get("type"), stored)
    )
    return prop | next(fitting, variants[0])


def _fits(kind: Any, value: Any) -> bool:
    return kind == type_of(value) or (kind == "number" and type_of(value) == "integer")


def _item(prop: Mapping[str, Any], stored: Any) -> JSON:
    kind = prop.get("type", "string")
    if choices := prop.get("enum"):
        listed = [{"title": str(choice), "value": choice} for choice in choices]
        listed += [
            _no_longer_allowed(entry)
            for entry in _entries(stored)
            if not any(is_same(entry, choice) for choice in choices)
        ]
        return {"type": kind, "choices": listed}
    if kind in ("integer", "number", "boolean"):
        return {"type": kind}
    has_lines = any(isinstance(entry, str) and "\n" in entry for entry in _entries(stored))
    return {"type": "string"} | ({"widget": "textarea"} if has_lines else {})
