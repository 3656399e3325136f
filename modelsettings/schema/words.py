"""Puts a property of a schema into words: its kind, what it allows, how it came."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from modelsettings.schema.comparison import Unset
from modelsettings.schema.flattening import JSON, legible
from modelsettings.schema.parameters import LARGEST_INTEGER
from modelsettings.schema.severities import Severity

TRUTHS = {True: "on", False: "off"}
_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "on or off",
    "array": "list",
    "object": "object",
    "null": "nothing",
}
_SIZES = {
    "minLength": "{} or more characters",
    "maxLength": "{} or fewer characters",
    "minItems": "{} or more entries",
    "maxItems": "{} or fewer entries",
    "pattern": "like {}",
}


def kind_in_words(prop: Mapping[str, Any]) -> str:
    """Say what kind of value a parameter takes: `whole number`, `list of addresses`."""
    if variants := prop.get("anyOf"):
        return " or ".join(dict.fromkeys(map(kind_in_words, variants)))
    kind = prop.get("type")
    if kind == "string" and prop.get("format") == "uri":
        return "address"
    if kind == "array":
        return f"list of {_plural(kind_in_words(prop.get('items') or {}))}"
    kinds = kind if isinstance(kind, list) else [kind]
    return " or ".join(_KINDS.get(str(name), "anything") for name in kinds)


def bounds_in_words(prop: Mapping[str, Any]) -> list[str]:
    """Say a number's bounds: `1 to 100`, or each end by itself, `at least 1`, `less than 100`.

    A bound that only holds an integer to what a browser can carry is left out.
    """
    low, high = prop.get("minimum"), prop.get("maximum")
    low = None if low == -LARGEST_INTEGER else low
    high = None if high == LARGEST_INTEGER else high
    if low is not None and high is not None:
        return [f"{low} to {high}"]
    ends = {
        "at least": low,
        "more than": prop.get("exclusiveMinimum"),
        "at most": high,
        "less than": prop.get("exclusiveMaximum"),
    }
    return [f"{word} {end}" for word, end in ends.items() if end is not None]


def allowed_in_words(prop: Mapping[str, Any]) -> str:
    """Say which values a parameter takes: `1 to 100`, `webp, png`; "" for any of its kind."""
    if choices := prop.get("enum"):
        return ", ".join(map(json_in_words, choices))
    if prop.get("enum") == []:
        return "none"
    step = [f"a multiple of {prop['multipleOf']}"] if "multipleOf" in prop else []
    numbers = ", ".join([*bounds_in_words(prop), *step])
    return "; ".join(filter(None, (numbers, *_sizes_in_words(prop))))


def value_in_words(value: Any) -> str:
    """Say a value of the settings: `unset`, `on`, `55`."""
    if isinstance(value, Unset):
        return repr(value)
    if isinstance(value, bool):
        return TRUTHS[value]
    return '""' if value == "" else str(value)


def json_in_words(value: Any) -> str:
    """Say a published value: text as it is, what is empty in quotes, the rest as JSON."""
    if isinstance(value, str):
        return legible(value) or '""'
    return json.dumps(value, ensure_ascii=False)[:200]


def explain(prop: JSON) -> str:
    """Return a sentence each: description, note, bounds, how it came, and what Restage does."""
    bounds = (f"{words[0].upper()}{words[1:]}" for words in bounds_in_words(prop))
    parts = [str(prop.get("description", "")).strip(), prop.get("x-note", ""), *bounds]
    if "default" in prop:
        default = prop["default"]
        words = "an empty list" if default == [] else value_in_words(default)
        parts.append(f"As it came: {words}.")
    else:
        parts.append("Empty: unset.")
    if prop.get("deprecated"):
        parts.append("Deprecated: its provider advises against it, and may remove it.")
    if prop.get("x-applied-by") == "restage":
        parts.append("Carried out by Restage.")
    if added := prop.get("x-restage-choices"):
        parts.append(f"{', '.join(added)}: encoded by Restage.")
    return " ".join(_ended(part) for part in parts if part)


def _plural(kind: str) -> str:
    if kind in ("anything", "on or off", "nothing") or " or " in kind:
        return kind
    return f"{kind}es" if kind == "address" else f"{kind}s"


def _sizes_in_words(prop: Mapping[str, Any]) -> Iterator[str]:
    for key, words in _SIZES.items():
        if key in prop:
            yield words.format(legible(str(prop[key])[:200]))


def _ended(sentence: str) -> str:
    return sentence if sentence[-1] in ".!?…:)" else f"{sentence}."


def severity_in_words(severity: str) -> str:
    """Say what an update of a severity does: `it breaks what is stored`."""
    return {
        Severity.BREAKS: "breaks what is stored",
        Severity.PICTURES: "may change pictures",
        Severity.DOCUMENTATION: "changes documentation only",
    }[Severity(severity)]
