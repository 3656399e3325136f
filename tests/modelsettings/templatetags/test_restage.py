from typing import Any

import pytest

from modelsettings.templatetags.restage import marked_sides, price_in_words, with_invisible

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


def test_marked_sides_mark_the_words_of_long_texts() -> None:
    old, new = marked_sides("a bright room with <wood>", "a dark room with <wood>")

    removed = '<del><span class="restage-hidden">removed: </span>bright </del>'
    assert old == f"a {removed}room with &lt;wood&gt;"
    assert "<ins>" in new
    assert "bright" not in new


def test_marked_sides_leave_short_values_alone() -> None:
    assert marked_sides(80, "<55>") == ("80", "&lt;55&gt;")


def test_with_invisible_draws_what_is_not_seen() -> None:
    drawn = with_invisible("a\u200bb\tc")

    assert 'title="zero width space">U+200B</span>' in drawn
    assert 'title="tab">→</span>\t' in drawn


def test_marked_sides_draw_spaces_at_ends() -> None:
    old, new = marked_sides("a ", "a")

    assert (old, new) == ('a<span class="restage-invisible" title="space">·</span>', "a")
