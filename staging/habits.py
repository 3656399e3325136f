"""Remembers what an account chose last on the Stage page, and recalls what still can be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from staging.library import reading
from staging.models import Habit
from staging.prompts import DEFAULT_ROOM, DEFAULT_STYLE


@dataclass(frozen=True, slots=True)
class Choices:
    """A room, styles and a number of pictures, None for the profile's number.

    `is_recalled` says that an account chose them; the others are what every account begins with.
    """

    room_type: str = DEFAULT_ROOM
    styles: Sequence[str] = (DEFAULT_STYLE,)
    count: int | None = None
    is_recalled: bool = field(default=False, compare=False)


def remember(account: User, choices: Choices) -> None:
    """Keep an account's choices in place of its earlier ones."""
    kept = {
        "room_type": choices.room_type,
        "styles": list(choices.styles),
        "count": choices.count,
    }
    Habit.objects.update_or_create(account=account, defaults=kept)


def recall(account: User) -> Choices:
    """Return an account's last choices, without rooms and styles that were retired since."""
    habit = Habit.objects.filter(account=account).first()
    if habit is None:
        return Choices()
    rooms = set(reading.room_types().values_list("key", flat=True))
    styles = list(reading.styles().values_list("key", flat=True))
    return Choices(
        room_type=habit.room_type if habit.room_type in rooms else DEFAULT_ROOM,
        styles=tuple(style for style in styles if style in habit.styles),
        count=habit.count,
        is_recalled=True,
    )
