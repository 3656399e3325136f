"""The settings page of a model with every kind of parameter."""

from typing import Any

from playwright.sync_api import Page

from modelsettings.models import ModelSettings, ReplicateModel

# Every kind of parameter, and some that a form is tempted to rewrite.
KINDS: dict[str, dict[str, Any]] = {
    "image": {"type": "string", "format": "uri"},
    "prompt": {"type": "string"},
    "on": {"type": "boolean", "default": True},
    "switch": {"type": "boolean"},
    "steps": {"type": "integer", "default": 30, "minimum": 1, "maximum": 100},
    "seed": {"type": "integer", "nullable": True},
    "scale": {"type": "number", "default": 0.1, "minimum": 0, "maximum": 20},
    "strength": {"type": "number"},
    "negative_prompt": {"type": "string", "default": "blurry"},
    "note": {"type": "string"},
    "size": {"type": "string", "default": "2K", "enum": ["1K", "2K", "4K"]},
    "scheduler": {"type": "string", "enum": ["DDIM", "K_EULER"]},
    "factor": {"type": "integer", "default": 2, "enum": [1, 2, 4]},
    "loras": {"type": "array", "items": {"type": "string"}, "default": []},
    "weights": {"type": "array", "items": {"type": "number"}},
    "old_mode": {"type": "integer", "default": 5, "deprecated": True},
}


def publish(properties: dict[str, dict[str, Any]], name: str = "kinds") -> dict[str, Any]:
    """Return a published model with these inputs."""
    ordered = {key: {**prop, "x-order": at} for at, (key, prop) in enumerate(properties.items())}
    schemas = {
        "Input": {"type": "object", "properties": ordered, "required": ["prompt"]},
        "Output": {"type": "string", "format": "uri"},
    }
    version = {"id": "0" * 64, "openapi_schema": {"components": {"schemas": schemas}}}
    return {"owner": "acme", "name": name, "is_official": True, "latest_version": version}


def open_settings(page: Page, model: ReplicateModel) -> None:
    page.goto(f"/admin/modelsettings/modelsettings/{model.live_profile_id}/change/")
    page.wait_for_selector(".rjf-form-wrapper", state="attached")


def save(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Save revision").click()


def profile_of(model: ReplicateModel) -> ModelSettings:
    return ModelSettings.objects.get(pk=live(model))


def live(model: ReplicateModel) -> int:
    assert model.live_profile_id is not None
    return model.live_profile_id
