"""Template filters that put stored values into words."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from modelsettings.profile_names import shown_name
from modelsettings.schema.parameters import title_of
from modelsettings.schema.text_comparison import (
    Piece,
    compare_texts,
    name_invisible,
    spaces_at_ends,
)
from modelsettings.schema.words import severity_in_words, value_in_words

register = template.Library()
register.filter("value_in_words", value_in_words)
register.filter("severity_in_words", severity_in_words)
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
def said_at(told: Iterable[Message], part: str) -> list[Message]:
    """Return the messages that are said at a part of the page."""
    return [message for message in told if message.extra_tags == part]


@register.filter
def not_said_at(told: Iterable[Message], part: str) -> list[Message]:
    """Return the messages that are said on top, as everything that belongs to no part."""
    return [message for message in told if message.extra_tags != part]


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


# Shorter values are read at a glance.
_LONG_WORDS = 4
_MARKS = {
    "same": "{}",
    "removed": '<del><span class="restage-hidden">removed: </span>{}</del>',
    "added": '<ins><span class="restage-hidden">added: </span>{}</ins>',
}


@register.simple_tag
def marked_sides(old: Any, new: Any) -> tuple[SafeString, SafeString]:
    """Write both values of a change at length, with the words that differ marked in long ones.

    Characters that are not seen are drawn, with their names on hover.
    """
    before, after = value_at_length(old), value_at_length(new)
    if min(len(before.split()), len(after.split())) < _LONG_WORDS:
        return _side([Piece("same", before)]), _side([Piece("same", after)])
    pieces = compare_texts(before, after, whole=True)
    return (
        _side([piece for piece in pieces if piece.kind != "added"]),
        _side([piece for piece in pieces if piece.kind != "removed"]),
    )


def _side(pieces: list[Piece]) -> SafeString:
    """Write one of the texts of a comparison; its spaces are looked at as a whole."""
    text = "".join(piece.text for piece in pieces)
    hidden = {at for begin, end in spaces_at_ends(text) for at in range(begin, end)}
    at, written = 0, []
    for piece in pieces:
        drawn = [_drawn(letter, at + place in hidden) for place, letter in enumerate(piece.text)]
        at += len(piece.text)
        written.append(format_html(_MARKS[piece.kind], SafeString("".join(drawn))))
    return SafeString("".join(written))


@register.filter
def with_invisible(text: str) -> SafeString:
    """Write a text with signs for the characters that are not seen, their names on hover."""
    return SafeString("".join(_drawn(letter, is_hidden_space=False) for letter in text))


def _drawn(letter: str, is_hidden_space: bool) -> str:
    if is_hidden_space:
        return '<span class="restage-invisible" title="space">·</span>'
    if not (name := name_invisible(letter)):
        return conditional_escape(letter)
    # A tab and a line break go on working as such.
    kept = letter if letter in "\t\r\u2028\u2029" else ""
    sign = {"\t": "→", "\u00a0": "⍽"}.get(letter, f"U+{ord(letter):04X}")
    shown = '<span class="restage-invisible" title="{}">{}</span>{}'
    return format_html(shown, "tab" if letter == "\t" else name, sign, kept)


@register.filter
def add_text(text: str, more: Any) -> str:
    """Join two texts; Django's own `add` would try to add numbers."""
    return f"{text}{more}"
