"""Finds settings across models and profiles: "where is Output quality below 70?"."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from modelsettings.errors import RequestRefused
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.pinned_schemas import get_schema
from modelsettings.profile_names import shown_name
from modelsettings.schema.comparison import UNSET, is_same


@dataclass(frozen=True, slots=True)
class Hit:
    """One key of one profile, its name on pages, and its default; a missing value is UNSET."""

    profile_pk: int
    slug: str
    label: str
    profile: str
    revision: int
    is_live: bool
    key: str
    title: str
    value: Any
    default: Any

    @property
    def shown_profile(self) -> str:
        return shown_name(self.profile)

    @property
    def is_changed(self) -> bool:
        return not is_same(self.value, self.default)


def _as_number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number_in(text: str) -> float:
    """Read a finite number; raise ValueError where the text is none."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _compares(compare: Callable[[float, float], bool]) -> Callable[[Any, str], bool]:
    def test(value: Any, wanted: str) -> bool:
        try:
            limit = _number_in(wanted)
        except ValueError:
            return False
        number = _as_number(value)
        return number is not None and compare(number, limit)

    return test


def _equals(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted.lower() in (("true", "on") if value else ("false", "off"))
    number = _as_number(value)
    if number is not None:
        return _compares(lambda number, limit: number == limit)(value, wanted)
    return value is not UNSET and str(value) == wanted


def _contains(value: Any, wanted: str) -> bool:
    return value is not UNSET and wanted.lower() in str(value).lower()


# The tests that a search may ask for: the API's name of each, the form's words and the function.
TESTS: dict[str, tuple[str, Callable[[Any, str], bool]]] = {
    "is": ("is", _equals),
    "not": ("is not", lambda value, wanted: not _equals(value, wanted)),
    "lt": ("is below", _compares(lambda number, limit: number < limit)),
    "gt": ("is above", _compares(lambda number, limit: number > limit)),
    "has": ("contains", _contains),
    "set": ("is set", lambda value, _: value is not UNSET),
    "unset": ("is unset", lambda value, _: value is UNSET),
}


# The tests that compare with a number, and those that compare with nothing.
_NUMERIC = ("lt", "gt")
_WITHOUT_VALUE = ("set", "unset")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as models publish it: its key, its name on pages, and how many models have it."""

    key: str
    title: str
    models: int


class NotANumber(RequestRefused):
    """A text that a search is to compare numbers with."""

    def __init__(self, text: str) -> None:
        said = f"“{text}” is not a number." if text else "Write the number to compare with."
        super().__init__(said, field="value")


class ValueNotUsed(RequestRefused):
    """A value beside a test that compares with none, and would find what was not asked for."""

    def __init__(self, text: str, *, test: str) -> None:
        words = TESTS[test][0]
        super().__init__(
            f"“{text}” is not used by “{words}”: choose “is”, “is below” or another comparison, or"
            " leave the value empty.",
            field="value",
        )


def search_settings(
    key: str = "", *, test: str = "set", value: str = "", changed_only: bool = False
) -> list[Hit]:
    """Return the keys that match, of every profile that is not retired; one query.

    `key` is a parameter's key, its name on pages, or a part of either; `test` is one of TESTS.
    Raises NotANumber and ValueNotUsed.
    """
    if test in _WITHOUT_VALUE and value.strip():
        raise ValueNotUsed(value.strip(), test=test)
    if test in _NUMERIC:
        try:
            _number_in(value)
        except ValueError:
            raise NotANumber(value.strip()) from None
    matches = TESTS[test][1]
    rows: Any = (
        ModelSettings.objects.filter(retired_at=None)
        .select_related("model")
        .annotate(digest=F("model__pinned_schema__digest"))
        .order_by("model__position", "model__slug", "name")
    )
    return [
        hit
        for row in rows
        for hit in _hits(row, digest=row.digest, part=key)
        if matches(hit.value, value) and (hit.is_changed or not changed_only)
    ]


def find_parameters(part: str = "") -> list[Parameter]:
    """Return the parameters of all models whose key or name has that part; one query.

    A key that models name differently is there once for each name.
    """
    models: Any = ReplicateModel.objects.exclude(pinned_schema=None)
    counts: Counter[tuple[str, str]] = Counter()
    for model in models.annotate(digest=F("pinned_schema__digest")):
        counts.update(_parameters(model, digest=model.digest, part=part))
    return [
        Parameter(key, title, count)
        for (key, title), count in sorted(counts.items(), key=lambda found: found[0][1].lower())
    ]


def known_names() -> list[str]:
    """Return every parameter's name on pages, for a search form to offer."""
    return sorted({parameter.title for parameter in find_parameters()})


def _hits(row: ModelSettings, *, digest: str, part: str) -> list[Hit]:
    model = row.model
    defaults = _validator_of(model, digest=digest).defaults
    return [
        Hit(
            profile_pk=row.pk,
            slug=model.slug,
            label=model.label,
            profile=row.name,
            revision=row.revision,
            is_live=model.live_profile_id == row.pk,
            key=key,
            title=title,
            value=row.values.get(key, UNSET),
            default=defaults.get(key, UNSET),
        )
        for key, title in _parameters(model, digest=digest, part=part)
    ]


def _parameters(model: ReplicateModel, *, digest: str, part: str) -> Iterator[tuple[str, str]]:
    """Yield key and name of the parameters of a model that have that part."""
    wanted = part.strip().lower()
    for key, prop in _validator_of(model, digest=digest).schema["properties"].items():
        if wanted in key.lower() or wanted in prop["title"].lower():
            yield key, prop["title"]


def _validator_of(model: ReplicateModel, *, digest: str) -> Any:
    return get_schema(model.slug, roles=model.roles, digest=digest).validator
