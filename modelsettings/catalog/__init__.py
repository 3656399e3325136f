"""The models that Restage ships: one file each in the published shape, and what we add to them.

`overlay.toml` holds what a published schema does not say: label, order, price, notes, the model's
own name for a delivery parameter, the variable that a secret comes from.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from modelsettings.schema.flattening import JSON
from modelsettings.schema.parameters import Tuning

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Overlay:
    """What we know of one model beyond its published schema."""

    label: str = ""
    order: int = 1000
    is_default: bool = False
    price: tuple[Mapping[str, Any], ...] = ()
    # The width and the height of the largest picture that the model makes by itself.
    largest: tuple[int, int] | None = None
    # A role = the model's input, where its schema does not tell by itself.
    roles: Mapping[str, str] = field(default_factory=dict)
    # A secret input = the environment's variable that it comes from.
    secrets: Mapping[str, str] = field(default_factory=dict)
    # Our word = the model's, for the inputs that take the roles room and style.
    rooms: Mapping[str, str] = field(default_factory=dict)
    styles: Mapping[str, str] = field(default_factory=dict)
    tuning: Tuning = field(default_factory=Tuning)


def find_overlay(slug: str) -> Overlay:
    """Return the model's overlay; an empty one where we ship none."""
    return _overlays().get(slug, Overlay())


def secret_variables() -> set[str]:
    """Return the names of the environment's variables that hold models' secrets."""
    return {variable for overlay in _overlays().values() for variable in overlay.secrets.values()}


def published_files() -> Iterator[JSON]:
    """Yield the shipped models, each in the shape of Replicate's `GET /v1/models/{slug}`."""
    for path in sorted(_FOLDER.glob("*.json")):
        yield json.loads(path.read_text())


@cache
def _overlays() -> dict[str, Overlay]:
    tables = tomllib.loads((_FOLDER / "overlay.toml").read_text())
    return {
        slug: Overlay(
            label=table.get("label", ""),
            order=table.get("order", 1000),
            is_default=table.get("default_for_staging", False),
            price=tuple(table.get("price", ())),
            largest=tuple(table["largest"]) if "largest" in table else None,
            roles=table.get("roles", {}),
            secrets=table.get("secrets", {}),
            rooms=table.get("rooms", {}),
            styles=table.get("styles", {}),
            tuning=Tuning(
                native=table.get("native", {}),
                defaults=table.get("defaults", {}),
                notes=table.get("notes", {}),
            ),
        )
        for slug, table in tables.items()
    }
