"""Compares documents of settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final


class Unset:
    """The value of a key that is absent."""

    def __repr__(self) -> str:
        return "unset"


class Missing(Unset):
    """The value of a key of another model, which this one does not have."""

    def __repr__(self) -> str:
        return "no such parameter"


UNSET: Final = Unset()
MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs; a side that lacks the key is UNSET."""

    key: str
    old: Any
    new: Any


def or_null(value: Any) -> Any:
    """Return a value as JSON has it: null where it is unset."""
    return None if isinstance(value, Unset) else value


def is_same(left: Any, right: Any) -> bool:
    """Compare as JSON does: 5 equals 5.0, but true is not 1, and "5" is not 5."""
    # Python's True equals 1.
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_same, left, right))
    return bool(left == right)


def differing_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the keys whose values differ, in the new document's order; then keys that it lacks."""
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
