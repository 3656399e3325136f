"""One model's earlier document, judged field by field: what becomes of each, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any

from django.conf import settings

from modelsettings.prior.judgement import Fate, KnownModel, find_family, judge
from modelsettings.schema.comparison import UNSET, Unset
from modelsettings.schema.flattening import JSON
from modelsettings.schema.published import is_secret
from modelsettings.schema.validation import SettingsRefused
from modelsettings.schema.words import json_in_words

_LONGEST = 60


class Outcome(StrEnum):
    """The outcome of an import for one field."""

    TAKEN = "taken over"
    CARRIED_OUT = "carried out by Restage"
    RENAMED = "renamed"
    CORRECTED = "corrected"
    BROUGHT = "brought by the job"
    ABSENT = "not a parameter of this model"
    SECRET = "a secret"  # noqa: S105 - the word, not one
    KEPT = "changed here since"


_OUTCOMES = {
    Fate.SENT: Outcome.TAKEN,
    Fate.CARRIED_OUT: Outcome.CARRIED_OUT,
    Fate.RENAMED: Outcome.RENAMED,
    Fate.BROUGHT: Outcome.BROUGHT,
    Fate.SECRET: Outcome.SECRET,
    Fate.ABSENT: Outcome.ABSENT,
}


@dataclass(frozen=True, slots=True)
class FieldReport:
    """What becomes of one field; `name` is the parameter, `value` what it gets: UNSET for none.

    `name` is None where the field has no parameter here.
    """

    field: str
    outcome: Outcome
    sentence: str
    name: str | None = None
    value: Any = UNSET


def judge_document(document: Mapping[str, Any], *, model: KnownModel) -> list[FieldReport]:
    """Say what becomes of each field of a document: parameters in the model's order, then the rest.

    Values are part of the report only where they are a parameter's: all else may be a secret.
    """
    # PostgreSQL does not keep a document's order.
    place = {name: at for at, name in enumerate(model.schema.parameters)}
    fields = sorted(document, key=lambda field: (place.get(field, len(place)), field))
    return [_judge(field, document, model=model) for field in fields]


def say(value: Any) -> str:
    """Return a value as JSON writes it, cut where it is long.

    >>> say("webp")
    'webp'
    """
    text = "unset" if isinstance(value, Unset) or value is None else json_in_words(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _judge(field: str, document: Mapping[str, Any], *, model: KnownModel) -> FieldReport:
    family = find_family(model.slug)
    verdict = judge(field, family=family, model=model)
    outcome = _OUTCOMES[verdict.fate]
    if outcome is Outcome.SECRET or is_secret(field, {}):
        return FieldReport(field, Outcome.SECRET, _say_of_secret(field, model=model))
    if verdict.today is None:
        return FieldReport(field, outcome, verdict.why)
    if outcome is Outcome.RENAMED and verdict.name in document:
        why = f"{verdict.name}, the model's own name for it, is stored beside it."
        return FieldReport(field, Outcome.ABSENT, why)
    earlier = family.fields.get(field, {}) if family else {}
    value, why = _fit(verdict.name, document[field], earlier=earlier, model=model)
    called = f"{verdict.name} " if outcome is Outcome.RENAMED else ""
    if why:
        sentence = f"{called}{say(value)}: {why}"
        return FieldReport(field, Outcome.CORRECTED, sentence, verdict.name, value)
    sentence = " ".join(filter(None, (f"{called}{say(value)}", verdict.today.get("x-note"))))
    return FieldReport(field, outcome, sentence, verdict.name, value)


def _say_of_secret(field: str, *, model: KnownModel) -> str:
    if field not in model.schema.secrets:
        return "Left behind: this model takes none."
    variable = model.overlay.secrets.get(field)
    if variable is None:
        return "Left behind: Restage knows no variable for it."
    if settings.MODEL_SECRETS.get(variable):
        return f"Left behind: it comes from {variable}, which is set here."
    return f"Left behind: set {variable} in the environment."


def _fit(name: str, value: Any, *, earlier: JSON, model: KnownModel) -> tuple[Any, str]:
    """Return the value that a parameter gets, and why it is another one, "" where it is not."""
    refused = _find_refusal(name, value, model=model)
    if _is_zeroed(value) and (refused or _is_outside(value, earlier)):
        why = f"{say(value)} is what a save without this field left there."
    elif refused:
        why = refused
        prop = model.schema.parameters[name]
        for candidate in _nearest(value, prop):
            if _find_refusal(name, candidate, model=model) is None:
                return candidate, why
    else:
        # As the validator would store it: 5.0 is 5 where a whole number is meant.
        return model.schema.validator.clean({name: value}).get(name, UNSET), ""
    return model.schema.validator.defaults.get(name, UNSET), why


def _find_refusal(name: str, value: Any, *, model: KnownModel) -> str | None:
    try:
        model.schema.validator.clean({name: value})
    except SettingsRefused as error:
        return " ".join(chain(*error.errors.values())).replace(f"{name}: ", "", 1)
    return None


def _is_zeroed(value: Any) -> bool:
    """Say whether a partial save of the earlier system may have left the value."""
    return value is not None and not isinstance(value, bool) and value in (0, "")


def _is_outside(value: Any, earlier: JSON) -> bool:
    """Say whether the earlier system documented that it takes no such value."""
    if "enum" in earlier:
        return value not in earlier["enum"]
    return "minimum" in earlier and not isinstance(value, str) and value < earlier["minimum"]


def _nearest(value: Any, prop: JSON) -> Iterator[Any]:
    """Yield what means the same, or the bound that a number is beyond."""
    if isinstance(value, str):
        yield from {"jpg": ["jpeg"], "jpeg": ["jpg"]}.get(value, [])
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in prop and value < prop["minimum"]:
            yield prop["minimum"]
        if "maximum" in prop and value > prop["maximum"]:
            yield prop["maximum"]
