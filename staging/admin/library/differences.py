"""Changes of a text, word by word, so that a change of one sentence can be seen."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.text import capfirst

from staging.library.changing import text_fields
from staging.models.library import Entry

# How many words are shown before and after a change.
NEAR = 12

_LABELS = {"is_outside": "Outside", "is_active": "Active"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: the same, added or removed."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A change of a field, as the words of both texts."""

    label: str
    pieces: list[Piece]


def compare_rows(model: type[Entry], old: Any, new: Any) -> list[FieldChange]:
    """Return the fields that differ between two rows, of the table or of its history."""
    return [
        FieldChange(label_of(model, name), compare_texts(in_words(before), in_words(after)))
        for name in text_fields(model)
        if (before := getattr(old, name)) != (after := getattr(new, name))
    ]


def compare_texts(old: str, new: str) -> list[Piece]:
    """Return the words of both texts in order; long runs of equal words are shortened."""
    before, after = _words(old), _words(new)
    found: list[Piece] = []
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for at, (tag, i, j, k, m) in enumerate(steps):
        if tag == "equal":
            found.append(Piece("same", _shorten(before[i:j], at == 0, at == len(steps) - 1)))
            continue
        found += _piece("removed", before[i:j])
        found += _piece("added", after[k:m])
    return found


def label_of(model: type[Entry], name: str) -> str:
    return _LABELS.get(name) or str(capfirst(model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]  # never a relation


def in_words(value: Any) -> str:
    """Return a field's value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "empty" if value == "" else str(value)


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*", text)


def _piece(kind: str, words: list[str]) -> Iterator[Piece]:
    if words:
        yield Piece(kind, "".join(words))


def _shorten(words: list[str], is_first: bool, is_last: bool) -> str:
    head = 0 if is_first else NEAR
    tail = 0 if is_last else NEAR
    if len(words) <= head + tail + 1:
        return "".join(words)
    return "".join([*words[:head], "… ", *words[len(words) - tail :]])
