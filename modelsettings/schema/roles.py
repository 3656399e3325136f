"""Finds which property of a model's input takes what the job brings."""

import re
from collections.abc import Mapping
from typing import Any

from modelsettings.schema.published import JSON, is_address, is_secret

# In the order in which they are preferred: the names that models give to the picture they edit.
_IMAGE_NAMES = (
    "image", "input_image", "image_input", "images", "input_images", "image_urls", "init_image",
    "img", "image_path", "image_url", "photo", "source_image", "target_image", "human_img",
    "structure_image", "reference_images", "reference_image", "subject", "input",
)  # fmt: skip
_IMAGE_WORD = re.compile(r"image|img|photo|picture")
_ANOTHER_IMAGE = re.compile(r"mask|style|control|ip_|logo|background|swap|garm|lora|depth|pose")
_PROMPT_NAMES = (
    "prompt", "text_prompt", "positive_prompt", "instruction", "instructions", "edit_instruction",
    "edit_prompt", "a_prompt", "text", "input_text",
)  # fmt: skip


def find_roles(flat: JSON) -> dict[str, str]:
    """Return `{"image": property, "prompt": property}`, without the roles that nothing takes.

    `flat` is an input schema as `published.flatten` returns it.
    """
    inputs = flat["properties"]
    found = {"image": _find_image(inputs), "prompt": _find_prompt(inputs)}
    return {role: name for role, name in found.items() if name is not None}


def find_obstacle(flat: JSON, *, roles: Mapping[str, str], makes_pictures: bool) -> str | None:
    """Return why the model cannot stage a photo, in one sentence, or None where it can."""
    if not makes_pictures:
        return "It does not answer with a picture."
    if "image" not in roles:
        return "It takes no photo: none of its inputs is an image."
    if "prompt" not in roles and "room" not in roles:
        return "It takes no prompt."
    for name in flat["required"]:
        prop = flat["properties"][name]
        if name not in roles.values() and "default" not in prop and not is_secret(name, prop):
            return f"It requires {name}, which neither a job nor a default brings."
    return None


def _find_image(inputs: Mapping[str, Mapping[str, Any]]) -> str | None:
    addresses = [name for name, prop in inputs.items() if is_address(prop)]
    for name in _IMAGE_NAMES:
        if name in addresses:
            return name
    for name in addresses:
        if _IMAGE_WORD.search(name) and not _ANOTHER_IMAGE.search(name):
            return name
    return None


def _find_prompt(inputs: Mapping[str, Mapping[str, Any]]) -> str | None:
    for name in _PROMPT_NAMES:
        prop = inputs.get(name, {})
        if prop.get("type") == "string" and "enum" not in prop and not is_address(prop):
            return name
    return None
