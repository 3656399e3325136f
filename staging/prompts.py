"""What a model is told: a room, a style and somebody's wishes made into one prompt.

A prompt's parts stand in an order that was found by trial. The rules come before any furniture,
because models ignore rules that follow a list of furniture; a bedroom and an outdoor space say what
belongs there, because models put sofas into the one and upholstery onto the other.

The wording in use is rows of the database; what those rows are first made from is library.toml.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelsettings.errors import RequestRefused

DEFAULT_ROOM = "default"
DEFAULT_STYLE = "modern"
MODES = ("add", "replace")

_SHIPPED = Path(__file__).with_name("library.toml")


class PromptRefused(RequestRefused):
    """A request for a prompt that cannot be made; `field` is the one that is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, field=field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is the same for all rooms of a house, or for all that is outside it."""

    rules: str
    placement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A kind of room: `noun` continues "a photograph of", `purpose` is what belongs in it."""

    label: str
    noun: str
    furniture: str
    purpose: str = ""
    is_outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A style: `character` goes with any room, the materials with what is inside or outside."""

    label: str
    character: str
    inside: str
    outside: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """The wording that ships, by key, in the order that people are shown."""

    inside: Rules
    outside: Rules
    rooms: Mapping[str, Room]
    styles: Mapping[str, Style]


def read_shipped() -> Shipped:
    """Read library.toml."""
    document: dict[str, Any] = tomllib.loads(_SHIPPED.read_text(encoding="utf-8"))
    return Shipped(
        inside=Rules(**document["rules"]["inside"]),
        outside=Rules(**document["rules"]["outside"]),
        rooms={key: Room(**one) for key, one in document["rooms"].items()},
        styles={key: Style(**one) for key, one in document["styles"].items()},
    )


def build_prompt(
    *,
    room: Room,
    style: Style,
    rules: Rules,
    furnishing: str = "",
    custom: str | None = None,
    mode: str = "add",
) -> str:
    """Return the prompt for a room and a style; `rules` are those of where the room is.

    A `furnishing` of the pair's own stands in place of what room and style say together.
    Somebody's own words come behind the rules ("add"), or are the whole prompt ("replace", which
    leaves the rules out as well). Raises PromptRefused for a mode that there is not, and for
    "replace" without words.
    """
    wishes = (custom or "").strip()
    if _is_replaced(wishes, mode=mode):
        return wishes
    parts = [
        _introduce(room, style),
        rules.rules,
        room.purpose,
        wishes and f"The client's wishes, within the rules above and before all below: {wishes}",
        furnishing or furnish(room, style),
        rules.placement,
    ]
    return "\n\n".join(part for part in parts if part)


def _is_replaced(wishes: str, *, mode: str) -> bool:
    """Say whether somebody's words are the whole prompt. Raises PromptRefused."""
    if mode not in MODES:
        allowed = ", ".join(MODES)
        raise PromptRefused(
            "prompt_mode", f'There is no prompt mode "{mode}": choose one of {allowed}.'
        )
    if mode == "replace" and not wishes:
        raise PromptRefused("prompt", 'The prompt mode "replace" needs a prompt of your own.')
    return mode == "replace"


def furnish(room: Room, style: Style) -> str:
    """Return what a room and a style say together."""
    return (
        f"{room.furniture} {style.character} {style.outside if room.is_outside else style.inside}"
    )


def _introduce(room: Room, style: Style) -> str:
    return (
        f"This is a real-estate photograph of {room.noun}. Furnish it in {style.label} style, with"
        " the eye of an experienced real-estate photographer who prepares a home for sale. The"
        " result must pass for a second photograph, taken from the same tripod once the furniture"
        " had arrived."
    )
