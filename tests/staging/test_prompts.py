import re
from itertools import product

import pytest

from staging.prompts import INSIDE, OUTSIDE, ROOM_TYPES, ROOMS, STYLES, build_prompt

EVERY = list(product(ROOM_TYPES, STYLES))
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


def test_room_types_and_styles_are_in_the_order_that_people_are_shown() -> None:
    assert list(ROOM_TYPES) == [*ROOM_WORDS, "default"]
    assert list(STYLES) == [
        "modern",
        "contemporary",
        "traditional",
        "industrial",
        "scandinavian",
    ]
    assert (ROOM_TYPES["living_room"], ROOM_TYPES["default"]) == ("Living room", "Any room")


@pytest.mark.parametrize(("room_type", "style"), EVERY)
def test_build_prompt_is_of_a_length_that_models_follow(room_type: str, style: str) -> None:
    assert 1_000 <= len(build_prompt(room_type=room_type, style=style)) <= 2_600


@pytest.mark.parametrize(("room_type", "style"), EVERY)
def test_build_prompt_names_its_room_and_style_first(room_type: str, style: str) -> None:
    introduction = build_prompt(room_type=room_type, style=style).split("\n\n")[0]

    assert f"photograph of {ROOMS[room_type].noun}. " in introduction
    assert f"in {STYLES[style]} style" in introduction


@pytest.mark.parametrize(("room_type", "style"), EVERY)
def test_build_prompt_names_no_other_room_or_style(room_type: str, style: str) -> None:
    prompt = build_prompt(room_type=room_type, style=style).lower()

    # A seat outside is a lounge seat.
    others = [
        words
        for room, words in ROOM_WORDS.items()
        if room != room_type and (room, room_type) != ("living_room", "outdoor")
    ]
    assert re.findall("|".join(others), prompt) == []
    assert [name for name in STYLES if name != style and name in prompt] == []


@pytest.mark.parametrize("room_type", ROOM_TYPES)
def test_build_prompt_gives_rules_before_furniture_and_placement_last(room_type: str) -> None:
    room = ROOMS[room_type]
    setting = OUTSIDE if room_type == "outdoor" else INSIDE

    parts = build_prompt(room_type=room_type, style="modern").split("\n\n")

    assert parts[1] == setting.rules
    assert parts[1].startswith("MOST IMPORTANT")
    assert parts[2:-2] == ([room.purpose] if room.purpose else [])
    assert parts[-2].startswith(room.furniture)
    assert parts[-1] == setting.placement


@pytest.mark.parametrize(("room_type", "style"), EVERY)
def test_build_prompt_has_a_handful_of_sentences_of_style(room_type: str, style: str) -> None:
    furnishing = build_prompt(room_type=room_type, style=style).split("\n\n")[-2]

    assert 3 <= len(re.findall(r"[.](?: |$)", furnishing)) <= 9


def test_build_prompt_says_what_belongs_only_where_models_err() -> None:
    assert [key for key, room in ROOMS.items() if room.purpose] == ["bedroom", "outdoor"]


def test_build_prompt_without_room_and_style_is_any_room_and_modern() -> None:
    assert build_prompt(room_type="", style="") == build_prompt(room_type="default", style="modern")


def test_build_prompts_differ() -> None:
    assert len({build_prompt(room_type=room, style=style) for room, style in EVERY}) == 45


def test_build_prompt_adds_wishes_behind_the_rules() -> None:
    parts = build_prompt(room_type="office", style="modern", custom="  a red desk\n").split("\n\n")

    plain = build_prompt(room_type="office", style="modern").split("\n\n")
    assert parts[2].endswith(": a red desk")
    assert [*parts[:2], *parts[3:]] == plain


@pytest.mark.parametrize("custom", [None, "", " \n"])
def test_build_prompt_without_wishes_says_nothing_of_them(custom: str | None) -> None:
    assert "wishes" not in build_prompt(room_type="office", style="modern", custom=custom)


def test_build_prompt_is_replaced_whole() -> None:
    prompt = build_prompt(
        room_type="office", style="modern", custom=" A red desk. ", mode="replace"
    )

    assert prompt == "A red desk."


@pytest.mark.parametrize("custom", [None, "", "  "])
def test_build_prompt_refuses_to_be_replaced_by_nothing(custom: str | None) -> None:
    with pytest.raises(ValueError, match="needs a prompt of your own"):
        build_prompt(room_type="office", style="modern", custom=custom, mode="replace")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"room_type": "garage"}, f'no room type "garage": choose one of {", ".join(ROOM_TYPES)}'),
        ({"style": "baroque"}, f'no style "baroque": choose one of {", ".join(STYLES)}'),
        ({"mode": "append"}, 'no prompt mode "append": choose one of add, replace'),
    ],
)
@pytest.mark.parametrize("custom", [None, "my words"])
def test_build_prompt_names_what_is_allowed(
    asked: dict[str, str], message: str, custom: str | None
) -> None:
    with pytest.raises(ValueError, match=message):
        build_prompt(**{"room_type": "office", "style": "modern", "custom": custom} | asked)  # type: ignore[arg-type]
