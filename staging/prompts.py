"""Builds a prompt of a room, a style and the client's own wishes.

The order of a prompt's parts was found by trial. The rules come before the furniture, because
models ignore rules that follow a list of furniture. Bedrooms and outdoor spaces list the furniture
that belongs there, because models put sofas into bedrooms, and upholstery outdoors.

The wording in use is in rows of the database, which are first made from library.toml.
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
    """A request for a prompt that cannot be made; `field` names the wrong value."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, field=field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules that all rooms of a house share, or all places outside it."""

    rules: str
    placement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A kind of room: `noun` continues "a photograph of", `purpose` lists what belongs there."""

    label: str
    noun: str
    furniture: str
    purpose: str = ""
    is_outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A style: `character` goes with any room, `inside` and `outside` with rooms of that place."""

    label: str
    character: str
    inside: str
    outside: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """The wording that ships, by key, in the order of the pages."""

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
        rooms={key: Room(**words) for key, words in document["rooms"].items()},
        styles={key: Style(**words) for key, words in document["styles"].items()},
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
    """Return the prompt for a room and a style; `rules` are those for inside or for outside.

    A `furnishing` replaces the words of the room and the style. `custom` holds the client's own
    words: with the mode "add" they come behind the rules, with "replace" they are the whole prompt,
    without any rules. Raises PromptRefused for an unknown mode, and for "replace" without words.
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
    """Say whether the client's words are the whole prompt. Raises PromptRefused."""
    if mode not in MODES:
        allowed = ", ".join(MODES)
        raise PromptRefused(
            "prompt_mode", f'There is no prompt mode "{mode}": choose one of {allowed}.'
        )
    if mode == "replace" and not wishes:
        raise PromptRefused("prompt", 'The prompt mode "replace" needs a prompt of your own.')
    return mode == "replace"


def furnish(room: Room, style: Style) -> str:
    """Return the furnishing of a pair that has none of its own."""
    return (
        f"{room.furniture} {style.character}"
        f" {style.outside if room.is_outside else style.inside}".rstrip()
    )


def _introduce(room: Room, style: Style) -> str:
    return (
        f"This is a real-estate photograph of {room.noun}. Furnish it in {style.label} style, with"
        " the eye of an experienced real-estate photographer who prepares a home for sale. The"
        " result must pass for a second photograph, taken from the same tripod once the furniture"
        " had arrived."
    )
