"""Compares two texts word by word, and writes characters that are not seen.

>>> compare_texts("bright rooms", "dark rooms")
[Piece("removed", "bright "), Piece("added", "dark "), Piece("same", "rooms")]
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

# How many words are shown before and after a change.
NEAR = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words: the same, added or removed."""

    kind: str
    text: str


def compare_texts(old: str, new: str, *, whole: bool = False) -> list[Piece]:
    """Return the words of both texts in order; long runs of equal words are shortened.

    Not where the `whole` of both is to be read.
    """
    before, after = _words(old), _words(new)
    found: list[Piece] = []
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for at, (tag, i, j, k, m) in enumerate(steps):
        if tag == "equal":
            same = before[i:j]
            is_first, is_last = at == 0, at == len(steps) - 1
            text = "".join(same) if whole else _shorten(same, is_first, is_last)
            found.append(Piece("same", text))
            continue
        found += _piece("removed", before[i:j])
        found += _piece("added", after[k:m])
    return found


def name_invisible(character: str) -> str:
    """Return the name of a character that shows nothing, or looks like a space; "" for others.

    >>> name_invisible("\\u200b")
    'zero width space'
    """
    if character in " \n":
        return ""
    if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Zs", "Co", "Cn"):
        # Control characters have no name.
        return unicodedata.name(character, f"U+{ord(character):04X}").lower()
    return ""


def spaces_at_ends(text: str) -> list[tuple[int, int]]:
    """Return where a text has spaces that are not seen: at the end of a line, or several."""
    return [found.span() for found in re.finditer(r" +(?=\n|$)|^ +| {2,}", text)]


def _words(text: str) -> list[str]:
    return re.findall(r"^\s+|\S+\s*", text)


def _piece(kind: str, words: list[str]) -> Iterator[Piece]:
    if words:
        yield Piece(kind, "".join(words))


def _shorten(words: list[str], is_first: bool, is_last: bool) -> str:
    head = 0 if is_first else NEAR
    tail = 0 if is_last else NEAR
    if len(words) <= head + tail + 1:
        return "".join(words)
    return "".join([*words[:head], "… ", *words[len(words) - tail :]])
