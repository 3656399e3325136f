"""The form of a model's price: a row for each entry, with its unit and when it holds."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from modelsettings.pricing import UNITS
from modelsettings.schema.comparison import is_same
from modelsettings.schema.flattening import JSON
from modelsettings.schema.parameters import title_of
from modelsettings.schema.words import value_in_words

# The most rows that are read, of a forged form.
MOST_ROWS = 50
UNIT_WORDS = {
    "run": "a run, however many pictures",
    "image": "a picture",
    "second": "a second of running",
    "input_mp": "a megapixel that is sent",
    "output_mp": "a megapixel that is made",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of a row's select; `is_chosen` is the row's own."""

    value: str
    words: str
    is_chosen: bool


@dataclass(slots=True)
class PriceRow:
    """One row as it is drawn; `conditions` are the values of its selects, "" for *always*."""

    number: int
    unit: str = "image"
    usd: str = ""
    conditions: list[str] = field(default_factory=list)
    error: str = ""
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.usd.strip()

    @property
    def units(self) -> list[Choice]:
        return [Choice(unit, UNIT_WORDS[unit], unit == self.unit) for unit in UNITS]

    @property
    def selects(self) -> Iterator[list[Choice]]:
        """A select for each condition, and one for a further condition."""
        for chosen in [*self.conditions, ""]:
            # A condition on a value that the model no longer has is kept until it is changed.
            stale = {chosen: _words_of(chosen)} if chosen and chosen not in self.known else {}
            choices = {"": "nothing else" if self.conditions else "always", **self.known, **stale}
            yield [Choice(value, words, value == chosen) for value, words in choices.items()]


class PriceForm:
    """A model's price as rows; `price` is what a valid form comes to.

    A row without dollars is left out; without any row the price is unknown. `was` is the price with
    which the form was drawn first: another person may have saved another since.
    """

    def __init__(
        self, price: list[JSON], parameters: Mapping[str, JSON], posted: QueryDict | None = None
    ) -> None:
        self._known = dict(_conditions_on(parameters))
        self.price: list[JSON] = []
        self.reason = posted.get("reason", "").replace("\0", "") if posted else ""
        self.error = ""
        drawn = json.dumps(price)
        self.was = posted.get("was", drawn) if posted is not None else drawn
        rows = _posted_rows(posted) if posted is not None else _stored_rows(price)
        self.rows = [row for row in rows if not row.is_empty]
        self.rows.append(PriceRow(number=max((row.number for row in rows), default=-1) + 1))
        for row in self.rows:
            row.known = self._known

    @property
    def has_errors(self) -> bool:
        return any(row.error for row in self.rows)

    @property
    def is_unchanged(self) -> bool:
        """Say whether a valid form comes to what it was drawn with."""
        try:
            return is_same(self.price, json.loads(self.was))
        except (ValueError, RecursionError):
            return False

    def is_valid(self) -> bool:
        """Say whether each row can be read; where one cannot, its `error` says why."""
        self.price = [entry for row in self.rows if (entry := self._read(row)) is not None]
        return not self.has_errors

    def _read(self, row: PriceRow) -> JSON | None:
        if row.is_empty:
            return None
        try:
            usd = float(row.usd)
        except ValueError:
            row.error = f"“{row.usd[:20]}” is no number of dollars: write it as 0.03."
            return None
        when: dict[str, Any] = {}
        for condition in filter(None, row.conditions):
            key, value = _read_condition(condition)
            if key in when and not is_same(when[key], value):
                row.error = f"{title_of(key)} cannot have two values at once: use two rows."
            when[key] = value
        return {"unit": row.unit, "usd": usd, **({"when": when} if when else {})}


def _conditions_on(parameters: Mapping[str, JSON]) -> Iterator[tuple[str, str]]:
    """Yield each value of each parameter of few values, with its words."""
    for key, prop in parameters.items():
        values = [True, False] if prop.get("type") == "boolean" else prop.get("enum", [])
        for value in values:
            condition = _condition(key, value)
            yield condition, _words_of(condition)


def _condition(key: str, value: Any) -> str:
    return json.dumps([key, value])


def _read_condition(text: str) -> tuple[str, Any]:
    """Return parameter and value; of a forged text, one that no job has."""
    try:
        key, value = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        key, value = text, None
    return str(key), value


def _words_of(condition: str) -> str:
    key, value = _read_condition(condition)
    return f"{title_of(key)} is {value_in_words(value)}"


def _stored_rows(price: list[JSON]) -> list[PriceRow]:
    return [
        PriceRow(
            number=number,
            unit=entry["unit"],
            usd=f"{entry['usd']:.10f}".rstrip("0").rstrip("."),
            conditions=[_condition(key, value) for key, value in entry.get("when", {}).items()],
        )
        for number, entry in enumerate(price)
    ]


def _posted_rows(posted: QueryDict) -> list[PriceRow]:
    return [
        PriceRow(
            number=number,
            unit=posted.get(f"unit-{number}", ""),
            usd=posted.get(f"usd-{number}", "").strip(),
            conditions=list(filter(None, posted.getlist(f"when-{number}"))),
        )
        for number in range(MOST_ROWS)
        if f"usd-{number}" in posted
    ]
