"""Finds the room that a folder's name names.

The rule: a folder names a room where the room's key or label stands in its name as whole words, in
any case and with anything between them: `Bedroom 2`, `01 Küche`, `LIVING-ROOM (north)`,
`masterBedroom`. Of rooms whose words overlap, the longest counts. The innermost folder that names a
room decides; where that one names two rooms, it decides for none.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from staging.prompts import DEFAULT_ROOM

# So many folders are told by their names.
_MOST_TOLD = 5
_LETTERS_OR_DIGITS = re.compile(r"[^\W\d_]+|\d+")


class RoomFinder:
    """Finds rooms of the library in names of folders."""

    def __init__(self, rooms: Iterable[tuple[str, str]]) -> None:
        """Take each room's key and label; where two share a name, it means the last of them."""
        self._rooms = {
            joined: key
            for key, label in rooms
            for joined in ("".join(_words(key)), "".join(_words(label)))
            if joined
        }
        self._found: dict[str, frozenset[str]] = {}

    def find(self, path: str) -> str:
        """Return the key of the room that a file's folders name, or ""."""
        for folder in reversed(path.split("/")[:-1]):
            if rooms := self.rooms_in(folder):
                return next(iter(rooms)) if len(rooms) == 1 else ""
        return ""

    def rooms_in(self, folder: str) -> frozenset[str]:
        """Return the keys of the rooms that a folder's own name names."""
        if folder not in self._found:
            self._found[folder] = frozenset(self._look(_words(folder)))
        return self._found[folder]

    def _look(self, words: list[str]) -> Iterator[str]:
        runs = [
            (start, end, self._rooms[joined])
            for start, end, joined in self._runs(words)
            if joined in self._rooms
        ]
        # The longest first; of the others, those that share no word with one that counts.
        taken: set[int] = set()
        for start, end, key in sorted(runs, key=lambda run: run[0] - run[1]):
            # Any room is no room that a longer name could be about.
            is_vague = key == DEFAULT_ROOM and end - start < len(words)
            if taken.isdisjoint(range(start, end)) and not is_vague:
                taken.update(range(start, end))
                yield key

    def _runs(self, words: list[str]) -> Iterator[tuple[int, int, str]]:
        """Yield the runs of words that may be a room: start, end, and the words joined."""
        for start in range(len(words)):
            joined = ""
            for end in range(start, len(words)):
                joined += words[end]
                if len(joined) > self._longest:
                    break
                yield start, end + 1, joined

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._rooms), default=0)


def tell_unnamed(counts: Mapping[str, int]) -> str:
    """Say which folders name no room, in one sentence, or "".

    >>> tell_unnamed({"Foo": 3, "Attic": 1})
    'No room was found for Foo (3 photos), Attic (1 photo).'
    """
    if not counts:
        return ""
    shown = [
        f"{folder} ({count} photo{'' if count == 1 else 's'})"
        for folder, count in list(counts.items())[:_MOST_TOLD]
    ]
    if (more := len(counts) - _MOST_TOLD) > 0:
        shown.append(f"{more} more folder{'' if more == 1 else 's'}")
    return f"No room was found for {', '.join(shown)}."


def _words(name: str) -> list[str]:
    """Return the words of a name in lower case: `masterBedroom_2` has master, bedroom and 2."""
    words: list[str] = []
    for run in _LETTERS_OR_DIGITS.findall(unicodedata.normalize("NFKC", name)):
        start = 0
        for at in range(1, len(run)):
            if run[at - 1].islower() and run[at].isupper():
                words.append(run[start:at])
                start = at
        words.append(run[start:])
    return [unicodedata.normalize("NFKC", word.casefold()) for word in words]
