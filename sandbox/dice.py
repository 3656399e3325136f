"""Chance that can be repeated: the same seed gives the same throws on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Throws that follow from a seed alone.

    `Dice("sofa", 7).between(0, 1)` is the same number for ever, unlike `random`,
    whose methods may change with the Python version.
    """

    def __init__(self, *seed: object) -> None:
        self._seed = repr(seed).encode()
        self._throws = 0

    def between(self, low: float, high: float) -> float:
        """Return a number from `low` up to, but not including, `high`."""
        self._throws += 1
        digest = hashlib.sha256(self._seed + self._throws.to_bytes(8, "big")).digest()
        return low + (high - low) * int.from_bytes(digest[:7], "big") / 2**56

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of `choices`."""
        return choices[int(self.between(0, len(choices)))]

    def chance(self, probability: float) -> bool:
        """Return true as often as `probability` says."""
        return self.between(0, 1) < probability
