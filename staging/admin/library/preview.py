"""The finished prompt beside a form, made of the form's texts before they are saved."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from staging.library.reading import preview_prompt
from staging.models import PromptRules, PromptTemplate, RoomType, Style
from staging.models.library import Entry

# How many characters models follow well; the shipped prompts are shorter.
LONGEST = 2600


@dataclass(frozen=True, slots=True)
class Pair:
    """A room and a style whose prompt is shown."""

    room: RoomType
    style: Style


def preview_context(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    """Return a row's prompt with the room and style chosen beside the form, and the choices."""
    asked = request.POST if request.method == "POST" else request.GET
    rooms, styles = choices_for(entry)
    # Not "styles": Unfold has style sheets under that name.
    choices = {"with_rooms": rooms, "with_styles": styles}
    pair = _pair(entry, rooms, styles, asked.get("with_room", ""), asked.get("with_style", ""))
    if pair is None:
        return {"prompt": "", **choices}
    return {**choices, **prompt_context(pair, entry)}


def prompt_context(pair: Pair, entry: Entry | None = None) -> dict[str, Any]:
    """Return the context of a pair's prompt; `entry` takes the place of its stored row."""
    prompt = preview_prompt(
        room=pair.room,
        style=pair.style,
        rules=entry if isinstance(entry, PromptRules) else None,
        template=entry if isinstance(entry, PromptTemplate) else None,
    )
    return {"prompt": prompt, "pair": pair, "is_long": len(prompt) > LONGEST, "longest": LONGEST}


def choices_for(entry: Entry) -> tuple[list[RoomType], list[Style]]:
    """Return the rooms and styles that a row can be previewed with; a pair has its own."""
    rooms: QuerySet[RoomType] = RoomType.objects.filter(is_active=True)
    styles: QuerySet[Style] = Style.objects.filter(is_active=True)
    match entry:
        case PromptTemplate():
            return [], []
        case RoomType():
            return [], list(styles)
        case PromptRules():
            return list(rooms.filter(is_outside=entry.is_outside)), list(styles)
        case _:
            return list(rooms), list(styles) if not isinstance(entry, Style) else []


def _pair(
    entry: Entry, rooms: list[RoomType], styles: list[Style], room: str, style: str
) -> Pair | None:
    """Return the pair to preview: the row with the chosen room or style, else with the first."""
    match entry:
        case PromptTemplate():
            return Pair(entry.room_type, entry.style)
        case RoomType():
            rooms = [entry]
        case Style():
            styles = [entry]
    if not rooms or not styles:
        return None
    return Pair(
        next((choice for choice in rooms if choice.key == room), rooms[0]),
        next((choice for choice in styles if choice.key == style), styles[0]),
    )
