"""Finds the inputs of a model that take what a job brings: the photo and the prompt."""

import re
from collections.abc import Mapping
from typing import Any

from modelsettings.errors import RequestRefused
from modelsettings.schema.flattening import JSON, legible
from modelsettings.schema.published import is_address, is_secret

# The names that models give to the picture they edit, the preferred ones first.
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

# What the input of each correctable role has to take, in words.
_WANTED = {"image": "takes an address, or a list of them", "prompt": "takes free text"}


class RoleRefused(RequestRefused):
    """A role given to an input that cannot take it; the message names both."""


def find_roles(flat: JSON) -> dict[str, str]:
    """Return `{"image": property, "prompt": property}`, without the roles that nothing takes.

    `flat` is an input schema as `flattening.flatten` returns it.
    """
    inputs = flat["properties"]
    found = {"image": _find_image(inputs), "prompt": _find_prompt(inputs)}
    return {role: name for role, name in found.items() if name is not None}


def choose_roles(
    flat: JSON, *, known: Mapping[str, str], corrections: Mapping[str, str | None]
) -> dict[str, str]:
    """Return the roles: those found, replaced by those known, replaced by a person's corrections.

    `corrections` gives `image` and `prompt` another input, or with "" none; None leaves the role
    as it is. Raises RoleRefused.

    >>> choose_roles(flat, known={}, corrections={"image": "room_photo"})
    {'image': 'room_photo', 'prompt': 'prompt'}
    """
    inputs = flat["properties"]
    roles = find_roles(flat) | {role: name for role, name in known.items() if name in inputs}
    for role, name in corrections.items():
        if name is None:
            continue
        if name and name not in role_choices(flat, role):
            raise RoleRefused(_why_not(flat, role, name))
        roles[role] = name
    roles = {role: name for role, name in roles.items() if name}
    if "image" in roles and roles["image"] == roles.get("prompt"):
        raise RoleRefused(f"{roles['image']} cannot take both the photo and the prompt.")
    return roles


def role_choices(flat: JSON, role: str) -> list[str]:
    """Return the inputs that may take `image` or `prompt`, in their published order."""
    fits = {"image": _takes_address, "prompt": _takes_text}[role]
    return [
        name
        for name, prop in flat["properties"].items()
        if fits(prop) and not is_secret(name, prop)
    ]


def _why_not(flat: JSON, role: str, name: str) -> str:
    choices = ", ".join(role_choices(flat, role)) or "none of this model's"
    reason = (
        f"no input that {_WANTED[role]}" if name in flat["properties"] else "not among its inputs"
    )
    return f"{legible(name[:60])} cannot take the {role}: it is {reason} ({choices})."


def _takes_address(prop: Mapping[str, Any]) -> bool:
    """Say whether an input takes an address; of several variants, one that does is enough."""
    variants: list[Mapping[str, Any]] = prop.get("anyOf", [])
    return is_address(prop) or any(
        variant.get("type") == "string" and variant.get("format") == "uri" for variant in variants
    )


def _takes_text(prop: Mapping[str, Any]) -> bool:
    return prop.get("type") == "string" and "enum" not in prop and not is_address(prop)


def find_obstacle(flat: JSON, *, roles: Mapping[str, str], makes_pictures: bool) -> str | None:
    """Return why the model cannot stage a photo, in one sentence, or None where it can."""
    if not makes_pictures:
        return "It does not answer with a picture."
    if "image" not in roles:
        if role_choices(flat, "image"):
            return "No input is set to take the photo."
        return "It takes no photo: none of its inputs is an image."
    if "prompt" not in roles and "room" not in roles:
        return "It takes no prompt."
    for name in flat["required"]:
        prop = flat["properties"][name]
        if name not in roles.values() and "default" not in prop and not is_secret(name, prop):
            return f"It requires {name}, which neither a job nor a default brings."
    return None


def _find_image(inputs: Mapping[str, Mapping[str, Any]]) -> str | None:
    addresses = [name for name, prop in inputs.items() if _takes_address(prop)]
    for name in _IMAGE_NAMES:
        if name in addresses:
            return name
    for name in addresses:
        if _IMAGE_WORD.search(name) and not _ANOTHER_IMAGE.search(name):
            return name
    return None


def _find_prompt(inputs: Mapping[str, Mapping[str, Any]]) -> str | None:
    for name in _PROMPT_NAMES:
        if _takes_text(inputs.get(name, {})):
            return name
    return None
