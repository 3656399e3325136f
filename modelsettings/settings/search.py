"""Finds settings across models and profiles: "where is output_quality below 70?"."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from modelsettings.models import ModelSettings
from modelsettings.pinned_schemas import get_schema
from modelsettings.profile_names import shown_name
from modelsettings.schema.comparison import UNSET, is_same


@dataclass(frozen=True, slots=True)
class Hit:
    """One key of one profile, and its default; a missing one is UNSET."""

    profile_pk: int
    slug: str
    label: str
    profile: str
    revision: int
    is_live: bool
    key: str
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


def _compares(compare: Callable[[float, float], bool]) -> Callable[[Any, str], bool]:
    def test(value: Any, wanted: str) -> bool:
        try:
            limit = float(wanted)
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


def search_settings(
    key: str = "", *, test: str = "set", value: str = "", changed_only: bool = False
) -> list[Hit]:
    """Return the keys that match, of every profile that is not retired; one query.

    `key` is a parameter's name or a part of it, `test` one of TESTS.
    """
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
        for hit in _hits(row, digest=row.digest, part=key.strip().lower())
        if matches(hit.value, value) and (hit.is_changed or not changed_only)
    ]


def known_keys() -> list[str]:
    """Return every parameter's name, for a search form to offer."""
    return sorted({hit.key for hit in search_settings(test="set")})


def _hits(row: ModelSettings, *, digest: str, part: str) -> list[Hit]:
    model = row.model
    validator = get_schema(model.slug, roles=model.roles, digest=digest).validator
    return [
        Hit(
            profile_pk=row.pk,
            slug=model.slug,
            label=model.label,
            profile=row.name,
            revision=row.revision,
            is_live=model.live_profile_id == row.pk,
            key=key,
            value=row.values.get(key, UNSET),
            default=validator.defaults.get(key, UNSET),
        )
        for key in validator.schema["properties"]
        if part in key.lower()
    ]
