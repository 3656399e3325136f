"""What a prediction costs, from a model's price list."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any


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
