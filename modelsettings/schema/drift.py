"""The differences between two published schemas of a model, in sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

from modelsettings.schema import flattening, published
from modelsettings.schema.comparison import UNSET, is_same
from modelsettings.schema.flattening import JSON
from modelsettings.schema.roles import find_roles

# The keywords that decide which values are taken, or what an absent value means; prose and order do
# neither. Each has its name in a sentence.
_COMPARED = {
    "type": "type",
    "format": "format",
    "enum": "choices",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive minimum",
    "exclusiveMaximum": "exclusive maximum",
    "default": "default",
    "x-nullable": "null allowed",
}
_ABSENT_MEANS = {"x-nullable": False}


def find_differences(ours: JSON, theirs: JSON) -> list[str]:
    """Return a sentence for each difference in inputs, roles and kind of output.

    Both are OpenAPI documents as published. Raises SchemaRefused.

    >>> find_differences(ours, theirs)
    ['output_quality: maximum is 95, not 100.']
    """
    old, new = flattening.flatten(ours), flattening.flatten(theirs)
    return [
        *_in_names(old["properties"], new["properties"]),
        *_in_required(old["required"], new["required"]),
        *_in_roles(find_roles(old), find_roles(new)),
        *_in_output(ours, theirs),
    ]


def _in_names(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> Iterator[str]:
    for name in old:
        if name not in new:
            yield f"{name} is gone."
    for name, prop in new.items():
        if name not in old:
            yield f"{name} is new."
        else:
            yield from (f"{name}: {difference}." for difference in _in_property(old[name], prop))


def _in_property(old: JSON, new: JSON) -> Iterator[str]:
    for key, words in _COMPARED.items():
        was, now = old.get(key, _absent(key)), new.get(key, _absent(key))
        if key == "enum" and isinstance(was, list) and isinstance(now, list):
            if added := [choice for choice in now if choice not in was]:
                yield f"choices added: {_shown(added)}"
            if gone := [choice for choice in was if choice not in now]:
                yield f"choices gone: {_shown(gone)}"
        elif not is_same(was, now):
            yield f"{words} is {_shown(now)}, not {_shown(was)}"
    was, now = old.get("items") or {}, new.get("items") or {}
    if was or now:
        yield from (f"entries: {difference}" for difference in _in_property(was, now))


def _in_required(old: list[str], new: list[str]) -> Iterator[str]:
    yield from (f"{name} is required." for name in new if name not in old)
    yield from (f"{name} is no longer required." for name in old if name not in new)


def _in_roles(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for role in {**old, **new}:
        was, now = old.get(role, "no input"), new.get(role, "no input")
        if was != now:
            yield f"The role {role} is taken by {now}, not by {was}."


def _in_output(ours: JSON, theirs: JSON) -> Iterator[str]:
    if published.makes_pictures(ours) and not published.makes_pictures(theirs):
        yield "It no longer answers with pictures."


def _absent(key: str) -> Any:
    return _ABSENT_MEANS.get(key, UNSET)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "an empty list"
    text = "unset" if value is UNSET else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
