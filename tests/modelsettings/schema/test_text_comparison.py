"""Texts compared word by word, and characters that are not seen."""

import pytest

from modelsettings.schema.text_comparison import (
    Piece,
    compare_texts,
    name_invisible,
    spaces_at_ends,
)

STAYS = " ".join(f"word{number}" for number in range(40))


def test_compare_texts_marks_the_words_that_differ() -> None:
    assert compare_texts("bright rooms", "dark rooms") == [
        Piece("removed", "bright "), Piece("added", "dark "), Piece("same", "rooms"),
    ]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [(" a b", "a b"), ("a b ", "a b"), ("a\nb", "a b")])
def test_compare_texts_marks_spaces_that_differ(old: str, new: str) -> None:
    assert {piece.kind for piece in compare_texts(old, new)} >= {"removed"}


def test_compare_texts_as_a_whole_leaves_nothing_out() -> None:
    pieces = compare_texts(f"{STAYS} a", f"{STAYS} b", whole=True)

    assert pieces[0] == Piece("same", f"{STAYS} ")
    assert "…" in compare_texts(f"{STAYS} a", f"{STAYS} b")[0].text


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("a", ""), (" ", ""), ("\n", ""), ("é", ""),
        ("\u200b", "zero width space"), ("\u00a0", "no-break space"),
        ("\ufeff", "zero width no-break space"), ("\u202e", "right-to-left override"),
        ("\x07", "u+0007"),
    ],
)  # fmt: skip
def test_name_invisible(character: str, name: str) -> None:
    assert name_invisible(character) == name


def test_spaces_at_ends() -> None:
    assert spaces_at_ends(" a  b \nc d") == [(0, 1), (2, 4), (5, 6)]
