"""Reads the prompt library: the rooms and styles that a request can name, and their prompts."""

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import OuterRef, QuerySet, Subquery

from staging import prompts
from staging.models import PromptRules, PromptTemplate, RoomType, Style
from staging.prompts import DEFAULT_ROOM, DEFAULT_STYLE, PromptRefused

Row = TypeVar("Row", RoomType, Style)


@dataclass(frozen=True, slots=True)
class Cell:
    """One room in one style: the length of its prompt, and whether it has its own furnishing."""

    room: RoomType
    style: Style
    characters: int
    has_own: bool


class LibraryIncomplete(RuntimeError):
    """Rows that ship with Restage are missing."""


def room_types() -> QuerySet[RoomType]:
    """Return the rooms that a request can name, in order."""
    return RoomType.objects.filter(is_active=True)


def styles() -> QuerySet[Style]:
    """Return the styles that a request can name, in order."""
    return Style.objects.filter(is_active=True)


def check_room_type(key: str) -> None:
    """Raise PromptRefused for a room that a request cannot name; the message lists the rooms."""
    if not room_types().filter(key=_storable(key)).exists():
        raise _refusal(room_types(), key, noun="room type")


def check_style(key: str) -> None:
    """Raise PromptRefused for a style that a request cannot name; the message lists the styles."""
    if not styles().filter(key=_storable(key)).exists():
        raise _refusal(styles(), key, noun="style")


def prompt_for(
    *, room_type: str = "", style: str = "", custom: str | None = None, mode: str = "add"
) -> str:
    """Return the prompt for a room and a style, as the library has it now.

    An empty room is "any room", an empty style "modern". Raises PromptRefused, whose message lists
    the keys that are allowed, and LibraryIncomplete.
    """
    room, rules = _read_room(room_type or DEFAULT_ROOM)
    look, furnishing = _read_style(style or DEFAULT_STYLE, room=room)
    return prompts.build_prompt(
        room=room.words(),
        style=look.words(),
        rules=rules,
        furnishing=furnishing,
        custom=custom,
        mode=mode,
    )


def preview_prompt(
    *,
    room: RoomType,
    style: Style,
    rules: PromptRules | None = None,
    template: PromptTemplate | None = None,
) -> str:
    """Return the prompt of rows that may be retired, or not saved yet.

    Where `rules` or `template` is None, the stored row of the room or the pair is taken.
    """
    if template is None and room.pk and style.pk:
        template = PromptTemplate.objects.filter(room_type=room, style=style).first()
    return prompts.build_prompt(
        room=room.words(),
        style=style.words(),
        rules=(rules or PromptRules.objects.get(is_outside=room.is_outside)).words(),
        furnishing=template.furnishing if template else "",
    )


def read_matrix() -> tuple[list[Style], list[tuple[RoomType, list[Cell]]]]:
    """Return all styles, and all rooms with a cell for each style; retired ones included."""
    columns, rooms = list(Style.objects.all()), list(RoomType.objects.all())
    rules = {place.is_outside: place for place in PromptRules.objects.all()}
    templates = PromptTemplate.objects.all()
    own = {(template.room_type_id, template.style_id): template for template in templates}
    return columns, [
        (room, [_cell(room, style, rules[room.is_outside], own) for style in columns])
        for room in rooms
    ]


def _cell(
    room: RoomType,
    style: Style,
    rules: PromptRules,
    own: dict[tuple[int, int], PromptTemplate],
) -> Cell:
    template = own.get((room.pk, style.pk))
    furnishing = template.furnishing if template else ""
    prompt = prompts.build_prompt(
        room=room.words(), style=style.words(), rules=rules.words(), furnishing=furnishing
    )
    return Cell(room, style, len(prompt), bool(furnishing))


def _read_room(key: str) -> tuple[RoomType, prompts.Rules]:
    place = PromptRules.objects.filter(is_outside=OuterRef("is_outside")).order_by()
    found = room_types().annotate(
        rules=Subquery(place.values("rules")), placement=Subquery(place.values("placement"))
    )
    room = found.filter(key=_storable(key)).first()
    if room is None:
        raise _refusal(room_types(), key, noun="room type")
    if not room.rules or not room.placement:
        raise LibraryIncomplete("The prompt library has no rules: run manage.py migrate.")
    return room, prompts.Rules(rules=room.rules, placement=room.placement)


def _read_style(key: str, *, room: RoomType) -> tuple[Style, str]:
    own = PromptTemplate.objects.filter(style=OuterRef("pk"), room_type=room).order_by()
    found = styles().annotate(furnishing=Subquery(own.values("furnishing")))
    style = found.filter(key=_storable(key)).first()
    if style is None:
        raise _refusal(styles(), key, noun="style")
    return style, style.furnishing or ""


def _refusal(rows: QuerySet[Row], key: str, *, noun: str) -> PromptRefused:
    allowed = ", ".join(rows.values_list("key", flat=True))
    sentence = f'There is no {noun} "{key}": choose one of {allowed}.'
    return PromptRefused(noun.replace(" ", "_"), sentence)


def _storable(key: str) -> str:
    """Return a key without NUL, which PostgreSQL refuses in any text."""
    return key.replace("\0", "\ufffd")
