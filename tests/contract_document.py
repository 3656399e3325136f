"""The API's document as the contract is tried with: with ids and names that are there to choose.

A request of made-up words alone ends at the first of them, and what is behind it stays untried. So
each field that names something takes one of the world's names, and what the document calls free
(settings, rooms by photo) takes what a client would send. Answers are held to the document as it
is.
"""

import base64
import json
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from tests import contract_world as world

Document = dict[str, Any]


def _cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_MODELS = [world.SLUG, "qwen/qwen-image-edit", "acme/gone"]
_PROFILES = ["draft", "locked", "retired"]
_CHOICES: dict[str, list[Any]] = {
    "job_id": world.JOBS,
    "photo_id": world.PHOTOS,
    "project_id": world.PROJECTS,
    "batch_id": world.BATCHES,
    "share_id": world.SHARES,
    "slug": _MODELS,
    "name": _PROFILES,
    "username": ["sam", "olga", "nobody", "a/b"],
    "photo": world.PHOTOS,
    "photos": world.PHOTOS[:2],
    "project": world.PROJECTS,
    "batch": world.BATCHES,
    "image": world.IMAGES,
    "model": [*_MODELS[:2], None],
    "profile": [*_PROFILES, None],
    "source": ["draft", "retired"],
    "room_type": ["bedroom", ""],
    "room_types": ["bedroom", "kitchen"],
    "style": ["modern", ""],
    "styles": ["modern", "scandinavian"],
    "value": _MODELS,
    "callback_url": ["https://example.com/told"],
    "overrides": [{"output_quality": 50}, {"seed": 3}, {}],
    "revision": [1, 2, 5],
    "keys": ["seed", "note"],
    "If-Match": ["*", '"1-1"', 'W/"2-5"'],
    "If-None-Match": ["*", '"1"'],
    "cursor": [
        _cursor("p=2030-01-01+00%3A00%3A00%2B00%3A00"),
        _cursor("r=1&p=2020-01-01+00%3A00%3A00%2B00%3A00"),
        _cursor("o=99999999999999999999"),
        _cursor("p=%00"),
        "x",
    ],
}
_ROOMS: Document = {
    "type": "object",
    "properties": {"room.jpg": {"enum": ["bedroom", "kitchen"]}},
    "additionalProperties": False,
}
_SETTINGS: Document = {
    "type": "object",
    "properties": {
        "output_quality": {"type": "integer", "minimum": 0, "maximum": 100},
        "seed": {"type": "integer", "nullable": True},
        "note": {"type": "string", "maxLength": 200, "nullable": True},
        "strength": {"type": "number", "minimum": 0, "maximum": 1},
        "go_fast": {"type": "boolean"},
        "output_format": {"enum": ["webp", "jpg", "png"]},
        "loras": {"type": "array", "items": {"type": "string", "format": "uri"}, "maxItems": 2},
    },
    "additionalProperties": False,
}


def read_document() -> Document:
    """Return the API's document as clients get it."""
    generator: Any = SchemaGenerator
    document = generator().get_schema(request=None, public=True)
    found: Document = json.loads(json.dumps(document, default=str))
    return found


def document_with_choices() -> Document:
    """Return it with the world's ids and names in its requests."""
    document = read_document()
    for path in document["paths"].values():
        for operation in path.values():
            _fill_operation(operation)
    for name, component in document["components"]["schemas"].items():
        if name.endswith("Request"):
            _fill_fields(component)
    # A form brings a file: a photo that is there is asked for in JSON.
    for name, field in (("StagingRequest", "image"), ("BatchRequest", "images")):
        form = document["components"]["schemas"][name]
        form["required"] = [field]
        form["properties"].pop("photo", None)
    return document


def labels_of(document: Document) -> set[str]:
    """Return its operations as schemathesis calls them: `GET /api/v1/staging/jobs`."""
    return {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }


def _fill_operation(operation: Document) -> None:
    for one in operation.get("parameters", []):
        if one["name"] in _CHOICES:
            one["schema"] = _with_choices(one["schema"], _CHOICES[one["name"]])
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if content["schema"].get("type") == "object":
            content["schema"] = _SETTINGS


def _fill_fields(component: Document) -> None:
    fields = component.get("properties", {})
    for name, schema in fields.items():
        if "additionalProperties" in schema and name == "room_types":
            fields[name] = _ROOMS
        elif name in _CHOICES and schema.get("format") != "binary":
            fields[name] = _with_choices(schema, _CHOICES[name])


def _with_choices(schema: Document, choices: list[Any]) -> Document:
    if schema.get("type") == "array":
        return {**schema, "items": {"enum": choices}, "minItems": 1, "maxItems": 2}
    return {"enum": choices}
