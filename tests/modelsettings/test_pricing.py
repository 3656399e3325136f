from decimal import Decimal
from typing import Any

import pytest

from modelsettings import catalog
from modelsettings.pricing import Quantities, cost_of, find_fault, most_cost_of

BY_SIZE = [
    {"unit": "image", "usd": 0.03, "when": {"size": "2K"}},
    {"unit": "image", "usd": 0.12, "when": {"size": "4K"}},
]
BY_TIME = {"unit": "second", "usd": 0.5, "when": {"size": "4K"}}


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ([], None),
        ([{"unit": "image", "usd": 0.1}], Decimal("0.3")),
        ([{"unit": "run", "usd": 0.1}], Decimal("0.1")),
        ([{"unit": "second", "usd": 0.001}], Decimal("0.0025")),
        ([{"unit": "run", "usd": 0.01}, {"unit": "image", "usd": 0.02}], Decimal("0.07")),
        ([{"unit": "output_mp", "usd": 0.02}], None),
        ([{"unit": "parsec", "usd": 0.02}], None),
        (BY_SIZE, Decimal("0.09")),
        ([BY_SIZE[1]], None),
    ],
)
def test_cost_of_a_job(price: list[Any], expected: Decimal | None) -> None:
    quantities = Quantities(images=3, seconds=2.5)

    assert cost_of(price, settings={"size": "2K"}, quantities=quantities) == expected


@pytest.mark.parametrize("price", [BY_SIZE, [{"unit": "run", "usd": 1}, *BY_SIZE]])
def test_cost_that_depends_on_what_is_not_set_is_unknown(price: list[Any]) -> None:
    assert cost_of(price, settings={"size": None}, quantities=Quantities(images=1)) is None


@pytest.mark.parametrize(
    ("price", "chosen", "most"),
    [
        (BY_SIZE, {"size": "2K"}, "0.03"),
        (BY_SIZE, {"size": "4K"}, "0.12"),
        (BY_SIZE, {"size": "8K"}, None),
        # One of the two, not both.
        (BY_SIZE, {}, "0.12"),
        (BY_SIZE, {"size": None}, "0.12"),
        ([{"unit": "run", "usd": 1}, *BY_SIZE], {}, "1.12"),
        ([*BY_SIZE, {"unit": "image", "usd": 0.5, "when": {"fast": True}}], {}, "0.62"),
        ([*BY_SIZE, {"unit": "second", "usd": 0.5, "when": {"size": "4K"}}], {}, None),
        (
            [*BY_SIZE, {"unit": "second", "usd": 0.5, "when": {"size": "4K"}}],
            {"size": "2K"},
            "0.03",
        ),
        ([], {}, None),
    ],
    ids=str,
)
def test_most_cost_of(price: list[Any], chosen: dict[str, Any], most: str | None) -> None:
    found = most_cost_of(price, settings=chosen, quantities=Quantities(images=1))

    assert found == (most and Decimal(most))


@pytest.mark.parametrize("price", [[], BY_SIZE, [{"unit": "second", "usd": 0}]])
def test_find_fault_in_a_price_that_is_right(price: Any) -> None:
    assert find_fault(price) is None


def test_find_fault_in_the_shipped_prices() -> None:
    slugs = [f"{model['owner']}/{model['name']}" for model in catalog.published_files()]

    prices = [list(catalog.find_overlay(slug).price) for slug in slugs]

    assert (len(prices) > 0, [find_fault(price) for price in prices]) == (
        True,
        [None] * len(prices),
    )


@pytest.mark.parametrize(
    ("price", "sentence"),
    [
        (5, "A price is a list of entries."),
        ({"unit": "image", "usd": 1}, "A price is a list of entries."),
        ([5], "An entry has a unit and usd, and may have when."),
        ([{"unit": "image"}], "An entry has a unit and usd, and may have when."),
        (
            [*BY_SIZE, {"unit": "image", "usd": 1, "eur": 1}],
            "An entry has a unit and usd, and may have when.",
        ),
        (
            [{"unit": "hour", "usd": 1}],
            "A unit is one of run, image, second, input_mp, output_mp.",
        ),
        ([{"unit": "run", "usd": "1"}], "usd is a number of dollars, 0 or more."),
        ([{"unit": "run", "usd": -1}], "usd is a number of dollars, 0 or more."),
        ([{"unit": "run", "usd": True}], "usd is a number of dollars, 0 or more."),
        ([{"unit": "run", "usd": float("inf")}], "usd is a number of dollars, 0 or more."),
        ([{"unit": "run", "usd": 1, "when": []}], 'when is an object such as {"size": "4K"}.'),
    ],
    ids=str,
)
def test_find_fault_in_words(price: Any, sentence: str) -> None:
    assert find_fault(price) == sentence
