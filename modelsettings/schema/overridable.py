"""The parameters that a client's job may change, and the rule where a profile lists none."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from modelsettings.schema.flattening import JSON

# What an operator answers for: the label that says that a picture is staged, and all that switches
# a model's safety off. These are the names of published models (docs/replicate-facts/).
PRESCRIBED = ("disclosure", "*safety*", "moderation")


@dataclass(frozen=True, slots=True)
class OverridableChange:
    """What clients may change since, and what they may change no longer."""

    allowed: list[str]
    forbidden: list[str]


def is_prescribed(name: str) -> bool:
    """Say whether clients may not change a parameter, unless an operator says that they may.

    >>> is_prescribed("disable_safety_checker")
    True
    """
    return any(fnmatchcase(name.lower(), pattern) for pattern in PRESCRIBED)


def overridable_names(listed: Collection[str] | None, names: Iterable[str]) -> list[str]:
    """Return which parameters of a schema clients may change, in the schema's order.

    `listed` is the profile's own list; without one, None, the rule holds. A parameter that a later
    schema brings is in no list, so clients change it only once an operator lets them.
    """
    if listed is None:
        return [name for name in names if not is_prescribed(name)]
    return [name for name in names if name in listed]


def find_change(
    old: Collection[str] | None, new: Collection[str] | None, names: Collection[str]
) -> OverridableChange | None:
    """Return the difference of two lists under today's schema; None where there is none."""
    before, after = overridable_names(old, names), overridable_names(new, names)
    allowed = [name for name in after if name not in before]
    forbidden = [name for name in before if name not in after]
    return OverridableChange(allowed, forbidden) if allowed or forbidden else None


def marked(schema: JSON, overridable: Collection[str]) -> JSON:
    """Return a settings schema whose parameters say, as `x-overridable`, whether clients may."""
    properties: Mapping[str, JSON] = schema["properties"]
    return schema | {
        "properties": {
            name: prop | {"x-overridable": name in overridable} for name, prop in properties.items()
        }
    }
