"""The cost of a prediction, worked out from its model's price list."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

UNITS = ("run", "image", "second", "input_mp", "output_mp")
# Stands for any value of a parameter that a price list does not name.
_ANOTHER = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """What one prediction is charged for; None where that is not known.

    The megapixels are those of all images that it is sent, and of all pictures that it makes.
    """

    images: int
    seconds: float | None = None
    input_megapixels: float | None = None
    output_megapixels: float | None = None

    def find(self, unit: str) -> float | None:
        """Return how much there is of a unit, or None where that is not known."""
        quantities = {
            "run": 1,
            "image": self.images,
            "second": self.seconds,
            "input_mp": self.input_megapixels,
            "output_mp": self.output_megapixels,
        }
        return quantities.get(unit)


def cost_of(
    price: Iterable[Mapping[str, Any]], *, settings: Mapping[str, Any], quantities: Quantities
) -> Decimal | None:
    """Return US dollars, or None where the price, or something that it depends on, is unknown.

    `price` is a list of {"unit", "usd", "when"}; the entries whose `when` holds for these settings
    add up.

    >>> cost_of(
    ...     [{"unit": "image", "usd": 0.03}], settings={}, quantities=Quantities(images=2)
    ... )
    Decimal('0.06')
    """
    total: Decimal | None = None
    for entry in price:
        holds = _holds(entry, settings)
        if holds is False:
            continue
        quantity = quantities.find(entry["unit"])
        if holds is None or quantity is None:
            return None
        total = (total or Decimal(0)) + _charge(entry, quantity)
    return total


def most_cost_of(
    price: Iterable[Mapping[str, Any]], *, settings: Mapping[str, Any], quantities: Quantities
) -> Decimal | None:
    """Return the most US dollars that it may cost, or None where that is unknown.

    Where a parameter that the price depends on is not set, the model chooses its value: the dearest
    of those that the price names counts.
    """
    entries = [entry for entry in price if _holds(entry, settings) is not False]
    if any(quantities.find(entry["unit"]) is None for entry in entries):
        return None
    costs = [
        cost_of(entries, settings={**settings, **choice}, quantities=quantities)
        for choice in _choices(entries, settings)
    ]
    return max((cost for cost in costs if cost is not None), default=None)


def _holds(entry: Mapping[str, Any], settings: Mapping[str, Any]) -> bool | None:
    """Say whether an entry counts; None where a parameter that it depends on is not set."""
    when: Mapping[str, Any] = entry.get("when", {})
    unset = [name for name in when if settings.get(name) is None]
    if any(settings[name] != value for name, value in when.items() if name not in unset):
        return False
    return None if unset else True


def _choices(
    entries: Iterable[Mapping[str, Any]], settings: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield each combination of values, named or not, that the model may choose."""
    named: dict[str, list[Any]] = {}
    for entry in entries:
        for name, value in entry.get("when", {}).items():
            if settings.get(name) is None and value not in named.setdefault(name, [_ANOTHER]):
                named[name].append(value)
    for values in product(*named.values()):
        yield dict(zip(named, values, strict=True))


def _charge(entry: Mapping[str, Any], quantity: float) -> Decimal:
    return Decimal(str(entry["usd"])) * Decimal(str(quantity))


def find_fault(price: Any) -> str | None:
    """Return what is wrong with a price list, in one sentence, or None."""
    if not isinstance(price, list):
        return "A price is a list of entries."
    return next(filter(None, map(_find_fault_of_entry, price)), None)


def _find_fault_of_entry(entry: Any) -> str | None:
    if not isinstance(entry, dict) or not {"unit", "usd"} <= entry.keys() <= {
        "unit",
        "usd",
        "when",
    }:
        return "An entry has a unit and usd, and may have when."
    if entry["unit"] not in UNITS:
        return f"A unit is one of {', '.join(UNITS)}."
    usd = entry["usd"]
    if type(usd) not in (int, float) or not math.isfinite(usd) or usd < 0:
        return "usd is a number of dollars, 0 or more."
    if not isinstance(entry.get("when", {}), dict):
        return 'when is an object such as {"size": "4K"}.'
    return None
