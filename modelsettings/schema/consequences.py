"""The stored values of a profile under another schema: kept, replaced, new or dropped."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from modelsettings.schema.comparison import UNSET
from modelsettings.schema.flattening import JSON
from modelsettings.schema.validation import SettingsRefused, SettingsValidator


class Fate(StrEnum):
    """What becomes of one key: a value that no longer fits is replaced by its new default."""

    KEPT = "kept"
    REPLACED = "replaced"
    NEW = "new"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Consequence:
    """One key; `old` and `new` are its values before and after, UNSET where it has none.

    `default` is the new schema's, which can be taken in place of a value that is kept; `refused`
    says why a value no longer fits. `was_chosen` tells what a person chose from what is as it came.
    """

    key: str
    old: Any
    new: Any
    fate: Fate
    was_chosen: bool
    default: Any = UNSET
    refused: str = ""


def consequences(
    values: Mapping[str, Any],
    schema_old: JSON,
    schema_new: JSON,
    *,
    chosen: Collection[str],
) -> list[Consequence]:
    """Return what becomes of each key under another settings schema, in the new one's order.

    `chosen` names the keys that a person gave their value (`settings.history.find_choices`). A key
    that neither has a value nor gets one is left out.
    """
    validator = SettingsValidator(schema_new)
    # Keys of the old schema that are gone come last.
    names = dict.fromkeys([*schema_new["properties"], *schema_old["properties"], *values])
    found = (
        _of_key(
            name,
            values.get(name, UNSET),
            validator=validator,
            is_deprecated=_is_deprecated(schema_new, name) > _is_deprecated(schema_old, name),
            was_chosen=name in values and name in chosen,
        )
        for name in names
    )
    return [consequence for consequence in found if consequence is not None]


def _is_deprecated(schema: JSON, name: str) -> bool:
    return bool(schema["properties"].get(name, {}).get("deprecated"))


def _of_key(
    name: str, old: Any, *, validator: SettingsValidator, is_deprecated: bool, was_chosen: bool
) -> Consequence | None:
    default = validator.defaults.get(name, UNSET)
    if old is UNSET:
        if default is UNSET:
            return None
        return Consequence(name, UNSET, default, Fate.NEW, was_chosen=False, default=default)
    new, refused = old, ""
    if name not in validator.schema["properties"]:
        new = UNSET
    elif is_deprecated and not was_chosen and default is UNSET:
        # It was never chosen, so it is sent no longer: the model has its own default.
        new = UNSET
    else:
        try:
            new = validator.clean({name: old})[name]
        except SettingsRefused as error:
            new, refused = default, " ".join(error.errors.get(name, [str(error)]))
    fate = Fate.DROPPED if new is UNSET else Fate.REPLACED if refused else Fate.KEPT
    return Consequence(name, old, new, fate, was_chosen, default, refused)
