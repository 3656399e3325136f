import re
from itertools import product
from typing import Any

import pytest

from staging.prompts import PromptRefused, Room, Rules, Style, build_prompt, read_shipped

SHIPPED = read_shipped()
ROOMS, STYLES = SHIPPED.rooms, SHIPPED.styles
EVERY = list(product(ROOMS, STYLES))
# A word that would tell a model, or the sandbox, that another room is meant.
ROOM_WORDS = {
    "living_room": r"living|lounge",
    "bedroom": r"bedroom",
    "kitchen": r"kitchen",
    "bathroom": r"bathroom",
    "dining_room": r"dining",
    "office": r"office|study|workspace",
    "entryway": r"entryway|foyer",
    "outdoor": r"outdoor|patio|terrace|balcony|garden|\bdeck\b",
}


def shipped_prompt(room_type: str, style: str, **more: Any) -> str:
    room = ROOMS[room_type]
    rules = SHIPPED.outside if room.is_outside else SHIPPED.inside
    return build_prompt(room=room, style=STYLES[style], rules=rules, **more)


def test_rooms_and_styles_ship_in_the_order_that_people_are_shown() -> None:
    assert list(ROOMS) == [*ROOM_WORDS, "default"]
    assert list(STYLES) == [
        "modern",
        "contemporary",
        "traditional",
        "industrial",
        "scandinavian",
    ]
    assert (ROOMS["living_room"].label, ROOMS["default"].label) == ("Living room", "Any room")


@pytest.mark.parametrize(("room_type", "style"), EVERY)
def test_shipped_prompt_is_of_a_length_that_models_follow(room_type: str, style: str) -> None:
    assert 1_000 <= len(shipped_prompt(room_type, style)) <= 2_600


@pytest.mark.parametrize(("room_type", "style"), EVERY)
def test_shipped_prompt_names_its_room_and_style_first(room_type: str, style: str) -> None:
    introduction = shipped_prompt(room_type, style).split("\n\n")[0]

    assert f"photograph of {ROOMS[room_type].noun}. " in introduction
    assert f"in {STYLES[style].label} style" in introduction


@pytest.mark.parametrize(("room_type", "style"), EVERY)
def test_shipped_prompt_names_no_other_room_or_style(room_type: str, style: str) -> None:
    prompt = shipped_prompt(room_type, style).lower()

    # A seat outside is a lounge seat.
    others = [
        words
        for room, words in ROOM_WORDS.items()
        if room != room_type and (room, room_type) != ("living_room", "outdoor")
    ]
    assert re.findall("|".join(others), prompt) == []
    assert [name for name in STYLES if name != style and name in prompt] == []


@pytest.mark.parametrize("room_type", ROOMS)
def test_shipped_prompt_gives_rules_before_furniture_and_placement_last(room_type: str) -> None:
    room = ROOMS[room_type]
    place = SHIPPED.outside if room_type == "outdoor" else SHIPPED.inside

    parts = shipped_prompt(room_type, "modern").split("\n\n")

    assert parts[1] == place.rules
    assert parts[1].startswith("MOST IMPORTANT")
    assert parts[2:-2] == ([room.purpose] if room.purpose else [])
    assert parts[-2].startswith(room.furniture)
    assert parts[-1] == place.placement


@pytest.mark.parametrize(("room_type", "style"), EVERY)
def test_shipped_prompt_has_a_handful_of_sentences_of_style(room_type: str, style: str) -> None:
    furnishing = shipped_prompt(room_type, style).split("\n\n")[-2]

    assert 3 <= len(re.findall(r"[.](?: |$)", furnishing)) <= 9


def test_shipped_rooms_say_what_belongs_only_where_models_err() -> None:
    assert [key for key, room in ROOMS.items() if room.purpose] == ["bedroom", "outdoor"]


def test_shipped_prompts_differ() -> None:
    assert len({shipped_prompt(room, style) for room, style in EVERY}) == 45


WORDS = {
    "room": Room(label="Attic", noun="an attic", furniture="A chair.", purpose="To read."),
    "style": Style(label="Plain", character="Plain it is.", inside="Oak.", outside="Teak."),
    "rules": Rules(rules="Keep the walls.", placement="Keep the door free."),
}


def parts_of(**more: Any) -> list[str]:
    """Return a prompt's parts behind its introduction."""
    return build_prompt(**{**WORDS, **more}).split("\n\n")[1:]


def test_build_prompt_puts_its_parts_in_order() -> None:
    assert parts_of(custom="  a red desk\n") == [
        "Keep the walls.",
        "To read.",
        "The client's wishes, within the rules above and before all below: a red desk",
        "A chair. Plain it is. Oak.",
        "Keep the door free.",
    ]


def test_build_prompt_outside_takes_the_materials_for_outside() -> None:
    terrace = Room(label="Roof", noun="a roof", furniture="A bench.", is_outside=True)

    assert parts_of(room=terrace) == [
        "Keep the walls.",
        "A bench. Plain it is. Teak.",
        "Keep the door free.",
    ]


def test_build_prompt_takes_a_furnishing_of_the_pairs_own() -> None:
    assert parts_of(furnishing="A hammock.") == [
        "Keep the walls.",
        "To read.",
        "A hammock.",
        "Keep the door free.",
    ]


@pytest.mark.parametrize("custom", [None, "", " \n"])
def test_build_prompt_without_wishes_says_nothing_of_them(custom: str | None) -> None:
    assert "wishes" not in shipped_prompt("office", "modern", custom=custom)


def test_build_prompt_is_replaced_whole() -> None:
    assert shipped_prompt("office", "modern", custom=" A red desk. ", mode="replace") == (
        "A red desk."
    )


@pytest.mark.parametrize("custom", [None, "", "  "])
def test_build_prompt_refuses_to_be_replaced_by_nothing(custom: str | None) -> None:
    with pytest.raises(PromptRefused, match="needs a prompt of your own"):
        shipped_prompt("office", "modern", custom=custom, mode="replace")


def test_build_prompt_names_the_modes_that_there_are() -> None:
    with pytest.raises(PromptRefused, match='no prompt mode "shout": choose one of add, replace'):
        shipped_prompt("office", "modern", custom="x", mode="shout")
