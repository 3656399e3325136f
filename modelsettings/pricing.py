"""The cost of a prediction, worked out from its model's price list."""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

UNITS = ("run", "image", "second", "input_mp", "output_mp")


def cost_of(
    price: Iterable[Mapping[str, Any]],
    *,
    settings: Mapping[str, Any],
    images: int,
    seconds: float | None = None,
    input_megapixels: float | None = None,
    output_megapixels: float | None = None,
) -> Decimal | None:
    """Return US dollars, or None where the price or a quantity it asks for is unknown.

    `price` is a list of {"unit", "usd", "when"}; the entries whose `when` holds for these settings
    add up.

    >>> cost_of([{"unit": "image", "usd": 0.03}], settings={}, images=2)
    Decimal('0.06')
    """
    quantities = {
        "run": 1,
        "image": images,
        "second": seconds,
        "input_mp": input_megapixels,
        "output_mp": output_megapixels,
    }
    total: Decimal | None = None
    for entry in price:
        if any(settings.get(key) != value for key, value in entry.get("when", {}).items()):
            continue
        quantity = quantities.get(entry["unit"])
        if quantity is None:
            return None
        total = (total or Decimal(0)) + Decimal(str(entry["usd"])) * Decimal(str(quantity))
    return total


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
