"""The differences between two schemas of one input, keyword by keyword.

Both sides are flattened, then written in one form, so that what only looks different is equal.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from modelsettings.schema.comparison import UNSET, is_same
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import is_secret
from modelsettings.schema.severities import Effect, Severity, severity_of

# Keywords without an order: there, gone or another.
_PLAIN = ("format", "pattern")
# Whether more is tighter.
_SIZES = {"minLength": True, "maxLength": False, "minItems": True, "maxItems": False}
_PROSE = ("title", "description", "default")
_MARKS = ("uniqueItems", "nullable", "deprecated", "secret")
# Cog's descriptions of a choice that its author did not describe.
_NO_DESCRIPTION = ("", "An enumeration.")
_ENDS = (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1))


@dataclass(frozen=True, slots=True)
class Found:
    """One keyword that differs; `part` says where inside the input, () for the input itself."""

    keyword: str
    effect: Effect
    old: Any
    new: Any
    part: tuple[str, ...] = ()


def compare_properties(name: str, old: JSON, new: JSON) -> list[Found]:
    """Return what differs between two flattened schemas of one input."""
    return list(_compare(_canonical(name, old), _canonical(name, new), ()))


def is_within(old: JSON, new: JSON) -> bool:
    """Say whether a schema takes every value that another takes, and reads it in the same way."""
    return not any(
        severity_of(found.keyword, found.effect) is Severity.BREAKS
        for found in compare_properties("", old, new)
    )


def _canonical(name: str, prop: Mapping[str, Any]) -> JSON:
    """Return a schema in the one form in which what means the same is written the same."""
    same = {key: value for key, value in prop.items() if key not in ("writeOnly", "x-cog-secret")}
    same["pattern"] = same.pop("x-unchecked-pattern", same.get("pattern"))
    same["nullable"] = same.pop("x-nullable", False)
    same["secret"] = bool(name) and is_secret(name, prop)
    if same["secret"]:
        # A published secret is shown nowhere.
        same.pop("default", None)
        same.pop("format", None)
    if _in_letters(same.get("title", "")) == _in_letters(name):
        same["title"] = None
    if str(same.get("description") or "").strip() in _NO_DESCRIPTION:
        same["description"] = None
    if same.get("type") == "integer":
        same |= _whole_bounds(same)
        if same.get("multipleOf") == 1:
            same["multipleOf"] = None
    idle = {"minLength": 0, "minItems": 0, "additionalProperties": True}
    idle |= dict.fromkeys(_MARKS, False)
    return {
        key: value
        for key, value in same.items()
        if value is not None and not (key in idle and is_same(idle[key], value))
    }


def _in_letters(title: str) -> str:
    return re.sub(r"[\W_]+", "", title).casefold()


def _whole_bounds(prop: JSON) -> JSON:
    """Write the bounds of a whole number as whole numbers that are themselves taken."""
    bounds: JSON = {}
    for plain, exclusive, sign in _ENDS:
        ends = []
        if plain in prop:
            ends.append(sign * math.ceil(sign * prop[plain]))
        if exclusive in prop:
            ends.append(sign * (math.floor(sign * prop[exclusive]) + 1))
        bounds |= {plain: (max if sign == 1 else min)(ends) if ends else None, exclusive: None}
    return bounds


def _compare(old: JSON, new: JSON, part: tuple[str, ...]) -> Iterator[Found]:
    kind = _in_variants(old, new, part) if "anyOf" in {*old, *new} else _in_type(old, new, part)
    yield from filter(None, [kind])
    if "anyOf" not in {*old, *new} and not (kind and kind.effect is Effect.CHANGED):
        yield from _in_choices(old, new, part)
        for end in _ENDS:
            yield from _in_bound(old, new, part, *end)
        yield from _in_step(old, new, part)
        for key, is_least in _SIZES.items():
            yield from _in_size(old, new, part, key, is_least=is_least)
        for key in _PLAIN:
            yield from _in_presence(old, new, part, key)
        yield from _in_items(old, new, part)
        yield from _in_parts(old, new, part)
    for key in (*_PROSE, *_MARKS):
        yield from _in_presence(old, new, part, key)


def _in_presence(old: JSON, new: JSON, part: tuple[str, ...], key: str) -> Iterator[Found]:
    was, now = old.get(key, UNSET), new.get(key, UNSET)
    if not is_same(was, now):
        yield Found(key, _come_or_gone(was, now) or Effect.CHANGED, was, now, part)


def _come_or_gone(was: Any, now: Any) -> Effect | None:
    if was is UNSET:
        return Effect.ADDED
    return Effect.REMOVED if now is UNSET else None


def _in_variants(old: JSON, new: JSON, part: tuple[str, ...]) -> Found | None:
    before, after = _variants(old), _variants(new)
    stays = all(any(is_within(was, now) for now in after) for was in before)
    is_older = all(any(is_within(now, was) for was in before) for now in after)
    if stays and is_older:
        return None
    effect = Effect.LOOSENED if stays else Effect.TIGHTENED if is_older else Effect.CHANGED
    return Found("type", effect, before, after, part)


def _variants(prop: JSON) -> list[JSON]:
    """Return the kinds that a schema takes, without prose, defaults and marks."""
    return [
        {key: value for key, value in variant.items() if key not in (*_PROSE, *_MARKS, "x-order")}
        for variant in prop.get("anyOf") or [prop]
    ]


def _in_type(old: JSON, new: JSON, part: tuple[str, ...]) -> Found | None:
    was, now = old.get("type", UNSET), new.get("type", UNSET)
    before, after = _kinds(was), _kinds(now)
    if before == after:
        return None
    effect = _come_or_gone(was, now)
    if effect is None:
        subset, superset = before <= after, before >= after
        effect = Effect.LOOSENED if subset else Effect.TIGHTENED if superset else Effect.CHANGED
    return Found("type", effect, was, now, part)


def _kinds(kind: Any) -> set[str]:
    """Return the names of types; a number may be whole."""
    kinds = set(kind) if isinstance(kind, list) else set() if kind is UNSET else {str(kind)}
    return kinds | {"integer"} if "number" in kinds else kinds


def _in_choices(old: JSON, new: JSON, part: tuple[str, ...]) -> Iterator[Found]:
    was, now = old.get("enum", UNSET), new.get("enum", UNSET)
    if was is UNSET or now is UNSET:
        yield from _in_presence(old, new, part, "enum")
        return
    if any(not _has(now, choice) for choice in was):
        yield Found("enum", Effect.TIGHTENED, was, now, part)
    if any(not _has(was, choice) for choice in now):
        yield Found("enum", Effect.LOOSENED, was, now, part)


def _has(choices: list[Any], wanted: Any) -> bool:
    return any(is_same(choice, wanted) for choice in choices)


def _in_bound(
    old: JSON, new: JSON, part: tuple[str, ...], plain: str, exclusive: str, sign: int
) -> Iterator[Found]:
    """Compare one end: the tighter of its two keywords holds."""
    before, after = _end(old, plain, exclusive, sign), _end(new, plain, exclusive, sign)
    if before == after:
        return
    keyword = exclusive if (after or before or (0, False))[1] else plain
    if before is None or after is None:
        effect = Effect.ADDED if before is None else Effect.REMOVED
    else:
        effect = Effect.TIGHTENED if after > before else Effect.LOOSENED
    is_mixed = before and after and before[1] is not after[1]
    names = (plain, exclusive) if is_mixed else None
    yield Found(keyword, effect, _bound(before, names, sign), _bound(after, names, sign), part)


_End = tuple[float, bool]


def _end(prop: JSON, plain: str, exclusive: str, sign: int) -> _End | None:
    """Return an end as (value, is excluded), of which the greater is the tighter."""
    ends = [(sign * prop[key], key == exclusive) for key in (plain, exclusive) if key in prop]
    return max(ends, default=None)


def _bound(end: _End | None, names: tuple[str, str] | None, sign: int) -> Any:
    """Return an end's value; where the two sides have two keywords, under its own."""
    if end is None:
        return UNSET
    value = sign * end[0]
    return {names[end[1]]: value} if names else value


def _in_step(old: JSON, new: JSON, part: tuple[str, ...]) -> Iterator[Found]:
    was, now = old.get("multipleOf", UNSET), new.get("multipleOf", UNSET)
    if is_same(was, now):
        return
    effect = _come_or_gone(was, now)
    if effect is None:
        before, after = Fraction(str(was)), Fraction(str(now))
        is_coarser, is_finer = after % before == 0, before % after == 0
        effect = Effect.TIGHTENED if is_coarser else Effect.LOOSENED if is_finer else Effect.CHANGED
    yield Found("multipleOf", effect, was, now, part)


def _in_size(
    old: JSON, new: JSON, part: tuple[str, ...], key: str, *, is_least: bool
) -> Iterator[Found]:
    was, now = old.get(key, UNSET), new.get(key, UNSET)
    if is_same(was, now):
        return
    effect = _come_or_gone(was, now)
    if effect is None:
        effect = Effect.TIGHTENED if (now > was) is is_least else Effect.LOOSENED
    yield Found(key, effect, was, now, part)


def _in_items(old: JSON, new: JSON, part: tuple[str, ...]) -> Iterator[Found]:
    was: Any = old.get("items") or UNSET
    now: Any = new.get("items") or UNSET
    if was is UNSET or now is UNSET:
        if effect := None if was is now else _come_or_gone(was, now):
            yield Found("items", effect, was, now, part)
        return
    yield from _compare(_canonical("", was), _canonical("", now), (*part, "entries"))


def _in_parts(old: JSON, new: JSON, part: tuple[str, ...]) -> Iterator[Found]:
    """Compare objects: their named parts, those that have to be there, and whether more may be."""
    was: Any = old.get("properties") or UNSET
    now: Any = new.get("properties") or UNSET
    if was is UNSET or now is UNSET:
        if effect := None if was is now else _come_or_gone(was, now):
            yield Found("properties", effect, was, now, part)
    else:
        if gone := [name for name in was if name not in now]:
            yield Found("properties", Effect.TIGHTENED, gone, [], part)
        if come := [name for name in now if name not in was]:
            yield Found("properties", Effect.LOOSENED, [], come, part)
        for name in was:
            if name in now:
                deeper = (*part, name)
                yield from _compare(
                    _canonical(name, was[name]), _canonical(name, now[name]), deeper
                )
    needed, needs = old.get("required", []), new.get("required", [])
    if come := [name for name in needs if name not in needed]:
        yield Found("required", Effect.ADDED, needed, needs, part)
    if any(name not in needs for name in needed):
        yield Found("required", Effect.REMOVED, needed, needs, part)
    yield from _in_openness(old, new, part)


def _in_openness(old: JSON, new: JSON, part: tuple[str, ...]) -> Iterator[Found]:
    key = "additionalProperties"
    was, now = old.get(key, UNSET), new.get(key, UNSET)
    if is_same(was, now):
        return
    effect = _come_or_gone(was, now)
    if effect is None:
        # One of them says how the other parts look, or both do.
        effect = (
            Effect.LOOSENED if was is False else Effect.TIGHTENED if now is False
            else Effect.CHANGED
        )  # fmt: skip
    yield Found(key, effect, was, now, part)
