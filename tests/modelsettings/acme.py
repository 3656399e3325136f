"""Published models that the tests make up, in the shape of Replicate's answer."""

from collections.abc import Iterable, Mapping
from typing import Any

from modelsettings.schema.flattening import JSON

PICTURE: JSON = {"type": "string", "format": "uri"}

# One parameter of each kind that an operator meets.
STAGER_INPUTS: JSON = {
    "prompt": {"type": "string"},
    "image": {"type": "string", "format": "uri"},
    "go_fast": {"type": "boolean", "default": True},
    "seed": {"type": "integer", "nullable": True},
    "output_format": {"type": "string", "enum": ["webp", "jpg", "png"], "default": "webp"},
    "output_quality": {"type": "integer", "minimum": 0, "maximum": 100, "default": 80},
    "steps": {"type": "integer", "minimum": 1, "maximum": 100, "default": 30},
    "strength": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5},
    "negative_prompt": {"type": "string", "default": ""},
    "note": {"type": "string", "maxLength": 200},
    "loras": {"type": "array", "items": {"type": "string", "format": "uri"}, "maxItems": 2},
    "openai_api_key": {"type": "string", "x-cog-secret": True},
}
STAGER_DEFAULTS: JSON = {
    "go_fast": True,
    "output_format": "webp",
    "output_quality": 80,
    "steps": 30,
    "strength": 0.5,
    "negative_prompt": "",
    "num_outputs": 1,
    "aspect_ratio": "match_input_image",
    "disclosure": "off",
}


def openapi(
    inputs: Mapping[str, Any],
    *,
    required: Iterable[str] = (),
    output: Any = PICTURE,
    components: Mapping[str, Any] | None = None,
) -> JSON:
    """Return an OpenAPI schema whose inputs stand in the given order."""
    ordered = {
        name: {"x-order": place, **prop} if isinstance(prop, dict) else prop
        for place, (name, prop) in enumerate(inputs.items())
    }
    schemas = {
        "Input": {"type": "object", "properties": ordered, "required": list(required)},
        "Output": output,
        **(components or {}),
    }
    return {"openapi": "3.1.0", "components": {"schemas": schemas}}


def published(
    inputs: Mapping[str, Any] = STAGER_INPUTS, *, name: str = "stager", **parts: Any
) -> JSON:
    """Return a published model, `acme/stager`, as `GET /v1/models/acme/stager` would."""
    return {
        "owner": "acme",
        "name": name,
        "description": "Stages a room.",
        "is_official": True,
        "latest_version": {"id": "5" * 64, "openapi_schema": openapi(inputs, **parts)},
    }
