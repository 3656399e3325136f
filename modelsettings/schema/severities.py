"""The severity of each change of a published schema: one table, by one rule.

    breaks         a stored value could be refused, or loses its meaning
    pictures       every stored value is taken as it is, but pictures may turn out differently
    documentation  neither

*Stored* are the values of profiles, the roles of inputs and the price. Hence:

- A limit that is new, tighter or another *breaks*; one that is gone or looser does not.
- A default that changes is *documentation*: every profile stores its value. A default that an
  input never had reaches jobs whose profile left it unset, so it *may change pictures*.
- Null is never stored, so whether an input takes it is *documentation*.
- A text that is no longer read as an address is still taken, but the model does something else
  with it: *pictures*.
- A price in other units makes the stored price, estimates and limits wrong: it *breaks*.
"""

from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How much a difference matters, the worst first."""

    BREAKS = "breaks"
    PICTURES = "pictures"
    DOCUMENTATION = "documentation"


class Effect(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    TIGHTENED = "tightened"
    LOOSENED = "loosened"
    CHANGED = "changed"


_LIMIT: Final = {
    Effect.ADDED: Severity.BREAKS,
    Effect.REMOVED: Severity.DOCUMENTATION,
    Effect.TIGHTENED: Severity.BREAKS,
    Effect.LOOSENED: Severity.DOCUMENTATION,
    Effect.CHANGED: Severity.BREAKS,
}
_BREAKS: Final = dict.fromkeys(Effect, Severity.BREAKS)
_PICTURES: Final = dict.fromkeys(Effect, Severity.PICTURES)
_DOCUMENTATION: Final = dict.fromkeys(Effect, Severity.DOCUMENTATION)

# The keywords of JSON Schema bear its names; the others are read by Restage, or are no keywords.
SEVERITIES: Final[dict[str, dict[Effect, Severity]]] = {
    "type": _LIMIT,
    "format": _LIMIT | {Effect.REMOVED: Severity.PICTURES, Effect.LOOSENED: Severity.PICTURES},
    "enum": _LIMIT,
    "minimum": _LIMIT,
    "maximum": _LIMIT,
    "exclusiveMinimum": _LIMIT,
    "exclusiveMaximum": _LIMIT,
    "multipleOf": _LIMIT,
    "minLength": _LIMIT,
    "maxLength": _LIMIT,
    "pattern": _LIMIT,
    "items": _LIMIT,
    "minItems": _LIMIT,
    "maxItems": _LIMIT,
    "uniqueItems": _LIMIT,
    "properties": _LIMIT,
    "additionalProperties": _LIMIT,
    "required": _LIMIT,
    "default": _DOCUMENTATION | {Effect.ADDED: Severity.PICTURES},
    "nullable": _DOCUMENTATION,
    "deprecated": _DOCUMENTATION,
    # A secret comes from the environment and is never stored, an ordinary value never from there.
    "secret": _BREAKS,
    "order": _DOCUMENTATION,
    "title": _DOCUMENTATION,
    "description": _DOCUMENTATION,
    "input": _BREAKS | {Effect.ADDED: Severity.PICTURES},
    "role": _BREAKS | {Effect.ADDED: Severity.PICTURES},
    "output": _PICTURES | {Effect.ADDED: Severity.DOCUMENTATION, Effect.REMOVED: Severity.BREAKS},
    # Of a model that is run by its version.
    "version": _PICTURES,
    "price_unit": _BREAKS | {Effect.ADDED: Severity.DOCUMENTATION},
}


def severity_of(keyword: str, effect: Effect) -> Severity:
    """Return the severity of one change.

    >>> severity_of("maximum", Effect.TIGHTENED)
    <Severity.BREAKS: 'breaks'>
    """
    return SEVERITIES[keyword][effect]
