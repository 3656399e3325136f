"""Template filters that put stored values into words."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from modelsettings.profile_names import shown_name
from modelsettings.schema.parameters import title_of
from modelsettings.schema.words import value_in_words

register = template.Library()
register.filter("value_in_words", value_in_words)
register.filter("shown_name", shown_name)

_UNITS = {
    "run": "a run",
    "image": "a picture",
    "input_mp": "an input megapixel",
    "output_mp": "an output megapixel",
    "second": "a second",
}


@register.filter
def price_in_words(price: Iterable[Mapping[str, Any]]) -> str:
    """Say a price list in words: `$0.03 a picture`."""
    parts = []
    for entry in price:
        conditions = entry.get("when", {}).items()
        when = ", ".join(f"{title_of(key)} {value_in_words(value)}" for key, value in conditions)
        part = f"${_at_least_cents(entry['usd'])} {_UNITS.get(entry['unit'], entry['unit'])}"
        parts.append(f"{part} ({when})" if when else part)
    return ", ".join(parts) or "price unknown"


def _at_least_cents(usd: float) -> str:
    """Write dollars with two places, or more where there are more: `0.30`, `0.0391`."""
    whole, _, places = f"{usd:.10f}".rstrip("0").partition(".")
    return f"{whole}.{places:0<2}"


@register.filter
def parameter(key: str) -> SafeString:
    """Name a parameter as the settings do, with its key on hover."""
    return format_html('<span title="{}">{}</span>', key, title_of(key))


def named_parameters(keys: Iterable[str]) -> SafeString:
    """Name several parameters, as `parameter` does."""
    return format_html_join(", ", "{}", ((parameter(key),) for key in keys))


@register.filter
def subtract(number: int, other: int) -> int:
    return number - other


@register.filter
def room_in_words(room: str) -> str:
    """Name a room: `living room`."""
    return room.replace("_", " ")


@register.filter
def rooms_in_words(rooms: Iterable[tuple[str, str]]) -> str:
    """Name rooms with the profiles that they use: `kitchen (draft), office (Standard)`."""
    return ", ".join(f"{room_in_words(room)} ({shown_name(name)})" for room, name in rooms)


@register.filter
def seconds_until(begin: datetime, end: datetime) -> str:
    """Say how long it took: `9.4 s`."""
    return f"{(end - begin).total_seconds():.1f} s"


@register.filter
def value_at_length(value: Any) -> str:
    """Write a value so that a list or a long text can be read: an entry a line."""
    if isinstance(value, list | dict) and value:
        return json.dumps(value, indent=2, ensure_ascii=False)
    return value_in_words(value)


@register.filter
def add_text(text: str, more: Any) -> str:
    """Join two texts; Django's own `add` would try to add numbers."""
    return f"{text}{more}"
