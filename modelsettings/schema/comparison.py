"""Compares documents of settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final


class Unset:
    """The value of a key that is absent."""

    def __repr__(self) -> str:
        return "unset"


UNSET: Final = Unset()


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs; a side that lacks the key is UNSET."""

    key: str
    old: Any
    new: Any


def or_null(value: Any) -> Any:
    """Return a value as JSON has it: null where it is unset."""
    return None if isinstance(value, Unset) else value


def is_same(one: Any, other: Any) -> bool:
    """Compare as JSON does: 5 equals 5.0, but true is not 1, and "5" is not 5."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


def differing_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the keys whose values differ, the new document's order first."""
    keys: Iterable[str] = dict.fromkeys([*new, *old])
    return [key for key in keys if not is_same(old.get(key, UNSET), new.get(key, UNSET))]


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return a change for each key that differs.

    >>> diff({"quality": 80}, {"quality": 55, "seed": 1})
    [Change(key='quality', old=80, new=55), Change(key='seed', old=unset, new=1)]
    """
    return [
        Change(key=key, old=old.get(key, UNSET), new=new.get(key, UNSET))
        for key in differing_keys(old, new)
    ]
