from typing import Any

import pytest

from modelsettings.schema.flattening import JSON, flatten
from modelsettings.schema.roles import find_obstacle, find_roles
from tests.modelsettings.acme import PICTURE, openapi

TEXT: JSON = {"type": "string"}
PICTURES: JSON = {"type": "array", "items": PICTURE}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"image": PICTURE, "prompt": TEXT}, {"image": "image", "prompt": "prompt"}),
        ({"image_input": PICTURES, "text": TEXT}, {"image": "image_input", "prompt": "text"}),
        (
            {"mask_image": PICTURE, "style_image": PICTURE, "structure_image": PICTURE},
            {"image": "structure_image"},
        ),
        ({"mask": PICTURE, "control_image": PICTURE, "garm_img": PICTURE}, {}),
        ({"mask_image": PICTURE, "room_photo": PICTURE}, {"image": "room_photo"}),
        ({"image_2": PICTURE, "image": PICTURE}, {"image": "image"}),
        ({"init_image": {**PICTURE, "nullable": True}}, {"image": "init_image"}),
        ({"image": {"anyOf": [PICTURE, {"type": "null"}]}}, {"image": "image"}),
        ({"image": TEXT}, {}),
        ({"audio": PICTURE}, {}),
        ({"prompt": {"type": "string", "enum": ["a", "b"]}}, {}),
        ({"prompt": PICTURE}, {}),
        ({"negative_prompt": TEXT}, {}),
        ({"negative_prompt": TEXT, "instruction": TEXT}, {"prompt": "instruction"}),
        ({}, {}),
    ],
    ids=lambda value: ", ".join(value),
)
def test_find_roles(inputs: JSON, expected: JSON) -> None:
    assert find_roles(flatten(openapi(inputs))) == expected


@pytest.mark.parametrize(
    ("inputs", "required", "makes_pictures", "sentence"),
    [
        ({"image": PICTURE, "prompt": TEXT}, ["image", "prompt"], True, None),
        ({"image": PICTURE, "prompt": TEXT, "s": {"default": 1}}, ["s"], True, None),
        ({"image": PICTURE, "prompt": TEXT, "api_key": TEXT}, ["api_key"], True, None),
        ({"image": PICTURE, "prompt": TEXT}, [], False, "It does not answer with a picture."),
        ({"prompt": TEXT}, [], True, "It takes no photo: none of its inputs is an image."),
        ({"image": PICTURE}, [], True, "It takes no prompt."),
        (
            {"image": PICTURE, "prompt": TEXT, "mask": PICTURE},
            ["image", "prompt", "mask"],
            True,
            "It requires mask, which neither a job nor a default brings.",
        ),
    ],
)
def test_find_obstacle_in_words(
    inputs: JSON, required: list[str], makes_pictures: bool, sentence: Any
) -> None:
    flat = flatten(openapi(inputs, required=required))

    found = find_obstacle(flat, roles=find_roles(flat), makes_pictures=makes_pictures)

    assert found == sentence


def test_find_obstacle_says_that_an_image_is_not_set_to_take_the_photo() -> None:
    flat = flatten(openapi({"image": PICTURE, "prompt": TEXT}))

    found = find_obstacle(flat, roles={"prompt": "prompt"}, makes_pictures=True)

    assert found == "No input is set to take the photo."


def test_find_obstacle_takes_a_room_for_a_prompt() -> None:
    flat = flatten(openapi({"image": PICTURE, "room_type": TEXT}))
    roles = {"image": "image", "room": "room_type"}

    assert find_obstacle(flat, roles=roles, makes_pictures=True) is None
