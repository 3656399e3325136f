"""Changes of a text, word by word, so that a change of one sentence can be seen."""

from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst

from modelsettings.schema.text_comparison import Piece, compare_texts
from staging.library.changing import text_fields
from staging.models.library import Entry

_LABELS = {"is_outside": "Outside", "is_active": "Active"}


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


def label_of(model: type[Entry], name: str) -> str:
    return _LABELS.get(name) or str(capfirst(model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]  # never a relation


def in_words(value: Any) -> str:
    """Return a field's value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "empty" if value == "" else str(value)
