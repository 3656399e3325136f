from typing import Any

import pytest

from modelsettings.templatetags.restage import price_in_words

BY_SIZE = [
    {"unit": "image", "usd": 0.03, "when": {"size": "2K"}},
    {"unit": "image", "usd": 0.12, "when": {"size": "4K"}},
]


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ([], "price unknown"),
        ([{"unit": "image", "usd": 0.03}], "$0.03 a picture"),
        (BY_SIZE, "$0.03 a picture (Size 2K), $0.12 a picture (Size 4K)"),
        ([{"unit": "second", "usd": 0.000225}], "$0.000225 a second"),
    ],
)
def test_price_in_words(price: list[Any], words: str) -> None:
    assert price_in_words(price) == words
