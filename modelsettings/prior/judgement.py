"""The earlier system's settings, each judged by what the published models take today."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from modelsettings.catalog import Overlay
from modelsettings.catalog.shipped import ShippedModel, shipped_models
from modelsettings.model_schema import ModelSchema
from modelsettings.schema import delivery, parameters
from modelsettings.schema.flattening import JSON
from modelsettings.schema.validation import SettingsRefused, SettingsValidator

_FILE = Path(__file__).parent / "earlier.toml"


class KnownModel(Protocol):
    """A model that settings are judged by: one of the catalogue, or one of this installation."""

    @property
    def slug(self) -> str: ...
    @property
    def overlay(self) -> Overlay: ...
    @property
    def schema(self) -> ModelSchema: ...


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the earlier settings table: what it stored for one model by default.

    `later` holds the values that later builds stored instead; None is a null.
    """

    key: str
    model: str
    values: Mapping[str, Any]
    later: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Family:
    """Models that the earlier system documented together; `fields` by name, as JSON Schemas."""

    label: str
    models: tuple[str, ...]
    fields: Mapping[str, JSON]
    rows: tuple[Row, ...]


class Fate(StrEnum):
    """The fate of a field of the earlier system on one model."""

    SENT = "sent as it is"
    CARRIED_OUT = "carried out by Restage"
    RENAMED = "renamed"
    BROUGHT = "brought by the job"
    SECRET = "a secret"  # noqa: S105 - the word, not one
    ABSENT = "not a parameter"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A field's fate and why; `today` is the setting that stands for it now, or None."""

    fate: Fate
    why: str
    name: str
    today: JSON | None


@cache
def families() -> tuple[Family, ...]:
    """Return the families of `earlier.toml`."""
    tables = tomllib.loads(_FILE.read_text())
    return tuple(
        Family(
            label=table["label"],
            models=tuple(table["models"]),
            fields=table["fields"],
            rows=tuple(_read_row(key, row) for key, row in table["rows"].items()),
        )
        for table in tables.values()
    )


def find_family(slug: str) -> Family | None:
    """Return the family that documented a model, or None."""
    return next((family for family in families() if slug in family.models), None)


def judge(field: str, *, family: Family | None, model: KnownModel) -> Verdict:
    """Return the fate of a field on one model, found from the model's published schema.

    `family` documented the field; None where the earlier system documented no such model.
    """
    roles = {name: role for role, name in model.schema.roles.items()}
    native = model.overlay.tuning.native.get(field, "")
    if field in roles:
        why = f"The job brings the {roles[field]}."
        return Verdict(Fate.BROUGHT, why, field, None)
    if field in model.schema.secrets:
        variable = model.overlay.secrets.get(field, "no variable")
        why = f"It comes from {variable} in the environment, and is never stored or shown."
        return Verdict(Fate.SECRET, why, field, None)
    if field in model.schema.parameters:
        today = model.schema.parameters[field]
        if delivery.is_ours(model.schema.settings, field):
            why = f"The model publishes none. {today['description']}"
            return Verdict(Fate.CARRIED_OUT, why, field, today)
        earlier = family.fields.get(field, {}) if family else {}
        why = " ".join(_find_differences(field, earlier=earlier, model=model))
        return Verdict(Fate.SENT, why or "As published.", field, today)
    if native in model.schema.parameters:
        why = f"The model's own name for it is {native}."
        return Verdict(Fate.RENAMED, why, native, model.schema.parameters[native])
    why = _say_who_has(field, family=family) if family else f"{model.slug} publishes none."
    return Verdict(Fate.ABSENT, why, field, None)


def check_stored(field: str, value: Any, *, model: ShippedModel) -> str | None:
    """Return why today's settings refuse a stored value, in one sentence, or None."""
    try:
        SettingsValidator(model.schema.settings).clean({field: value})
    except SettingsRefused as error:
        if field not in model.schema.parameters:
            return f"{field} is not a setting of this model."
        return str(error)
    return None


def _read_row(key: str, row: Mapping[str, Any]) -> Row:
    nulls = dict.fromkeys(row.get("null", ()))
    return Row(
        key=key, model=row["model"], values=row["values"] | nulls, later=row.get("later", {})
    )


def _find_differences(field: str, *, earlier: JSON, model: KnownModel) -> list[str]:
    """Say how the published field differs from what the earlier system took it for."""
    today = model.schema.parameters[field]
    known = today.get("enum")
    found = []
    if known and (gone := [choice for choice in earlier.get("enum", ()) if choice not in known]):
        found.append(f"{', '.join(gone)}: no choice of the model's, and refused.")
    # An integer without bounds of its own is held to what a browser can carry.
    if "minimum" in earlier and today.get("minimum", earlier["minimum"]) > earlier["minimum"]:
        found.append(f"Below {today['minimum']:g} is refused.")
    if "maximum" in earlier and today.get("maximum", earlier["maximum"]) < earlier["maximum"]:
        found.append(f"Above {today['maximum']:g} is refused.")
    if field == "output_format" and (made := _find_formats_made(model)):
        found.append(f"{', '.join(made)}: made by Restage from the model's lossless picture.")
    if "x-note" in today:
        found.append(today["x-note"])
    return found


def _find_formats_made(model: KnownModel) -> list[str]:
    """Return the formats that Restage makes, for which the model is asked for another one."""
    made = []
    for choice in model.schema.parameters["output_format"].get("enum", ()):
        values = parameters.defaults(model.schema.settings) | {"output_format": choice}
        sent, _ = delivery.split(model.schema.settings, values)
        if sent.get("output_format") != choice:
            made.append(choice)
    return made


def _say_who_has(field: str, *, family: Family) -> str:
    models = shipped_models()
    having = [slug for slug in family.models if field in models[slug].schema.inputs]
    if not having:
        return f"No {family.label} model publishes it."
    return f"Of the {family.label} models, only these publish it: {', '.join(having)}."
