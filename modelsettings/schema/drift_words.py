"""Puts a difference between two published schemas into the words of the form."""

from typing import Any

from modelsettings.schema.comparison import UNSET, Unset, is_same
from modelsettings.schema.property_drift import Found
from modelsettings.schema.severities import Effect
from modelsettings.schema.words import (
    allowed_in_words,
    bounds_in_words,
    json_in_words,
    kind_in_words,
    value_in_words,
)

_LIMITS = {
    "minLength": ("{} or more characters", "any length"),
    "maxLength": ("{} or fewer characters", "any length"),
    "minItems": ("{} or more entries", "any number of entries"),
    "maxItems": ("{} or fewer entries", "any number of entries"),
    "multipleOf": ("a multiple of {}", "any step"),
}
_NO_BOUND = {
    "minimum": "no lower limit",
    "exclusiveMinimum": "no lower limit",
    "maximum": "no upper limit",
    "exclusiveMaximum": "no upper limit",
}
# What is said where the values themselves say nothing to a reader.
_SAID = {
    ("pattern", Effect.ADDED): "it has to be written in one form now",
    ("pattern", Effect.REMOVED): "it may be written in any form now",
    ("pattern", Effect.CHANGED): "it has to be written in another form now",
    ("items", Effect.ADDED): "not every entry is taken now",
    ("items", Effect.REMOVED): "every entry is taken now",
    ("uniqueItems", Effect.ADDED): "no entry may be there twice now",
    ("uniqueItems", Effect.REMOVED): "an entry may be there twice now",
    ("properties", Effect.ADDED): "its parts have names now",
    ("properties", Effect.REMOVED): "its parts may have any name now",
    ("additionalProperties", Effect.ADDED): "not every other part is taken now",
    ("additionalProperties", Effect.REMOVED): "any other part is taken now",
    ("additionalProperties", Effect.TIGHTENED): "no other part is taken now",
    ("additionalProperties", Effect.LOOSENED): "some other parts are taken now",
    ("additionalProperties", Effect.CHANGED): "other parts are taken now than before",
    ("required", Effect.ADDED): "required now, without a default",
    ("required", Effect.REMOVED): "no longer required",
    ("nullable", Effect.ADDED): "null is taken now",
    ("nullable", Effect.REMOVED): "null is no longer taken",
    ("deprecated", Effect.ADDED): "deprecated now, so it is sent only where it was set",
    ("deprecated", Effect.REMOVED): "no longer deprecated",
    ("secret", Effect.ADDED): "a secret now, which comes from the environment",
    ("secret", Effect.REMOVED): "no longer a secret",
    ("title", Effect.ADDED): "it has a title now",
    ("title", Effect.REMOVED): "it has no title any more",
    ("title", Effect.CHANGED): "another title",
    ("description", Effect.ADDED): "described now",
    ("description", Effect.REMOVED): "no longer described",
    ("description", Effect.CHANGED): "another description",
    ("input", Effect.REMOVED): "gone",
}


def difference_in_words(found: Found) -> str:
    """Say what differs: `at most 100 → at most 70`, `default on → off`, `gone`."""
    if found.keyword in ("required", "properties") and isinstance(found.old, list):
        return _parts_in_words(found.keyword, found.old, found.new)
    if said := _SAID.get((found.keyword, found.effect)):
        return said
    if found.keyword == "input":
        return new_input_in_words(found.new)
    if found.keyword == "enum":
        return _choices_in_words(found)
    if found.keyword == "default":
        return f"default {_value(found.old)} → {_value(found.new)}"
    return f"{_side(found.keyword, found.old)} → {_side(found.keyword, found.new)}"


def new_input_in_words(prop: dict[str, Any]) -> str:
    """Say what a new input takes: `new: 0 to 1, default 0.5`."""
    takes = allowed_in_words(prop) or kind_in_words(prop)
    default = f"default {_value(prop['default'])}" if "default" in prop else "no default"
    return f"new: {takes}, {default}"


def _side(keyword: str, value: Any) -> str:
    if keyword in _NO_BOUND:
        if value is UNSET:
            return _NO_BOUND[keyword]
        return bounds_in_words(value if isinstance(value, dict) else {keyword: value})[0]
    if keyword in _LIMITS:
        limit, none = _LIMITS[keyword]
        return none if value is UNSET else limit.format(value)
    if keyword == "format":
        return "any text" if value is UNSET else "an address" if value == "uri" else str(value)
    if keyword == "type":
        return _kinds(value)
    return _value(value)


def _kinds(value: Any) -> str:
    if value is UNSET:
        return "anything"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        kinds = (f"{kind_in_words(kind)} ({allowed_in_words(kind)})" for kind in value)
        return " or ".join(kind.replace(" ()", "") for kind in kinds)
    return kind_in_words({"type": value})


def _choices_in_words(found: Found) -> str:
    if found.effect is Effect.ADDED:
        return f"any value → one of {_listed(found.new)}"
    if found.effect is Effect.REMOVED:
        return f"one of {_listed(found.old)} → any value"
    if found.effect is Effect.LOOSENED:
        return f"choices added: {_listed(_without(found.new, found.old))}"
    return f"choices gone: {_listed(_without(found.old, found.new))}"


def _parts_in_words(keyword: str, old: list[str], new: list[str]) -> str:
    come, gone = _without(new, old), _without(old, new)
    if keyword == "required":
        return f"has to hold {_listed(come or gone)} {'now' if come else 'no longer'}"
    return f"parts added: {_listed(come)}" if come else f"parts gone: {_listed(gone)}"


def _without(choices: list[Any], others: list[Any]) -> list[Any]:
    return [choice for choice in choices if not any(is_same(choice, other) for other in others)]


def _listed(choices: Any) -> str:
    return ", ".join(map(json_in_words, choices)) or "none"


def _value(value: Any) -> str:
    if isinstance(value, Unset):
        return "none"
    text = "an empty list" if value == [] else value_in_words(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
