"""The schema that django-jsonform draws an operator's form from, and how to read it back.

Its widget was tried in a browser: with a `default` in the schema, opening a page alone rewrites
the document; without any, stored values stay, and absent keys come back empty. Hence no `default`
here, the stored value always among the choices, and help in words.
"""

from collections.abc import Mapping
from typing import Any

from modelsettings.schema.document import is_same
from modelsettings.schema.parameters import LARGEST_INTEGER
from modelsettings.schema.published import JSON

_EMPTY: tuple[Any, ...] = ("", None, [], {})
_WORDS = {True: "on", False: "off"}
_TRUTHS = {word: truth for truth, word in _WORDS.items()}


# The widget's own empty choice cannot be chosen again.
_UNSET_CHOICE: JSON = {"title": "unset", "value": ""}


def form_schema(schema: JSON, stored: Mapping[str, Any]) -> JSON:
    """Return the form's schema for this very document; `schema` is the settings schema."""
    return {
        "type": "object",
        "title": "Parameters",
        "properties": {
            name: _field(prop, stored.get(name)) for name, prop in schema["properties"].items()
        },
    }


def form_document(schema: JSON, stored: Mapping[str, Any]) -> JSON:
    """Return the document as the widget takes it.

    It cannot tell an unset truth value from false, so such a one is a choice of words.
    """
    switches = _switches(schema)
    return {
        name: _WORDS[value] if name in switches and isinstance(value, bool) else value
        for name, value in stored.items()
    }


def read_form(schema: JSON, submitted: Mapping[str, Any]) -> JSON:
    """Return the document that a submitted form means.

    A key without a default that comes back empty is unset. A key with a default that comes back
    null (an emptied number) stays null, for the validator to refuse.
    """
    switches = _switches(schema)
    return {
        name: _TRUTHS.get(value, value) if name in switches and isinstance(value, str) else value
        for name, value in submitted.items()
        if "default" in schema["properties"].get(name, {"default": None}) or not _is_empty(value)
    }


def _switches(schema: JSON) -> set[str]:
    """Return the truth values that can be unset."""
    properties = schema["properties"].items()
    return {
        name for name, prop in properties if prop.get("type") == "boolean" and "default" not in prop
    }


def _is_empty(value: Any) -> bool:
    return any(value is empty or value == empty for empty in _EMPTY) and value is not False


def _field(prop: JSON, stored: Any) -> JSON:
    field: JSON = {"title": prop["title"], "help_text": help_text(prop)}
    if prop.get("type") == "boolean" and "default" not in prop:
        words = [{"title": word, "value": word} for word in _TRUTHS]
        return field | {"type": "string", "choices": [_UNSET_CHOICE, *words]}
    if prop.get("enum"):
        return field | _choice(prop, stored)
    kind = prop.get("type")
    if kind == "array":
        return field | {"type": "array", "items": _item(prop.get("items", {}))}
    if kind == "object" and prop.get("properties"):
        parts = {name: _field({"title": name, **part}, None) for name, part in prop["properties"].items()}
        return field | {"type": "object", "properties": parts}
    if kind in ("integer", "number", "boolean"):
        return field | {"type": kind}
    long = isinstance(stored, str) and len(stored) > 60
    return field | {"type": "string"} | ({"widget": "textarea"} if long else {})


def _choice(prop: JSON, stored: Any) -> JSON:
    choices = prop["enum"]
    listed = [{"title": str(choice), "value": choice} for choice in choices]
    if "default" not in prop:
        listed.insert(0, _UNSET_CHOICE)
    if stored is not None and not any(is_same(stored, choice) for choice in choices):
        listed.append({"title": f"{stored} (no longer allowed)", "value": stored})
    kind = prop.get("type")
    return {"type": kind if isinstance(kind, str) else "string", "choices": listed}


def _item(prop: Mapping[str, Any]) -> JSON:
    kind = prop.get("type", "string")
    if prop.get("enum"):
        return {"type": kind, "choices": [{"title": str(one), "value": one} for one in prop["enum"]]}
    return {"type": kind if kind in ("integer", "number", "boolean") else "string"}


def help_text(prop: JSON) -> str:
    """Return description, note, range, default and who carries it out, in words."""
    parts = [str(prop.get("description", "")).strip(), prop.get("x-note", ""), _range(prop)]
    if "default" in prop:
        parts.append(f"Default: {_default(prop['default'])}.")
    else:
        parts.append("Empty: unset.")
    if prop.get("x-applied-by") == "restage":
        parts.append("Carried out by Restage.")
    if added := prop.get("x-restage-choices"):
        parts.append(f"{', '.join(added)}: encoded by Restage.")
    return " ".join(_ended(part) for part in parts if part)


def _ended(sentence: str) -> str:
    return sentence if sentence[-1] in ".!?…:)" else f"{sentence}."


def _range(prop: JSON) -> str:
    low, high = prop.get("minimum"), prop.get("maximum")
    low = None if low == -LARGEST_INTEGER else low
    high = None if high == LARGEST_INTEGER else high
    if low is not None and high is not None:
        return f"{low} to {high}."
    if low is not None:
        return f"At least {low}."
    return f"At most {high}." if high is not None else ""


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return _WORDS[value]
    return '""' if value == "" else "an empty list" if value == [] else str(value)
