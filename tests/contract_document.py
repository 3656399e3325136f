"""The API's document: as the contract is tried with it, and where it says null.

For the contract it has ids and names that are there to choose.

A request of made-up words alone ends at the first of them, and what is behind it stays untried. So
each field that names something takes one of the world's names, and what the document calls free
(settings, rooms by photo) takes what a client would send. Answers are held to the document as it
is.
"""

import base64
import itertools
import json
import re
from collections.abc import Iterator
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
    "token_id": world.TOKENS,
    "invitation_id": world.INVITATIONS,
    "slug": _MODELS,
    "rule_id": [1, 2, 99],
    "label": ["Virtually staged", "off"],
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
_NULL: Document = {"type": "null"}
_ROOMS: Document = {
    "type": "object",
    "properties": {"room.jpg": {"enum": ["bedroom", "kitchen"]}},
    "additionalProperties": False,
}
_SETTINGS: Document = {
    "type": "object",
    "properties": {
        "output_quality": {"type": "integer", "minimum": 0, "maximum": 100},
        "seed": {"type": ["integer", "null"]},
        "note": {"type": ["string", "null"], "maxLength": 200},
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


def addresses_of(path: str) -> list[str]:
    """Return a path with each of the world's ids and names in it."""
    names = re.findall(r"{(\w+)}", path)
    choices = [[str(choice) for choice in _CHOICES[name] if choice] for name in names]
    return [
        path.format(**dict(zip(names, chosen, strict=True)))
        for chosen in itertools.product(*choices)
    ]


def misread_nulls(document: Document) -> list[str]:
    """Return each place where null is written so that generators read another thing, or none.

    Read by all is null among the types of a schema, and `{"type": "null"}` as one of the
    alternatives of `oneOf` or `anyOf`.
    """
    return sorted(_misread(document, place=""))


def nulls_in(document: Document, schema: Document, value: Any) -> Iterator[tuple[str, bool]]:
    """Yield each field of an answer that may be null, as `Job.error`, and whether it is."""
    return _nulls_in(document, schema, value, component="")


def nullable_fields(document: Document) -> set[str]:
    """Return the fields of answers that may be null, as `Job.error`."""
    return {
        f"{name}.{field}"
        for name, component in document["components"]["schemas"].items()
        for field, schema in component.get("properties", {}).items()
        if not name.endswith("Request") and _admits_null(schema)
    }


def _admits_null(schema: Document) -> bool:
    return "null" in schema.get("type", []) or _NULL in schema.get("oneOf", [])


def _nulls_in(
    document: Document, schema: Document, value: Any, *, component: str
) -> Iterator[tuple[str, bool]]:
    if "$ref" in schema:
        component = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][component]
    for alternative in schema.get("oneOf", []):
        yield from _nulls_in(document, alternative, value, component=component)
    if isinstance(value, list):
        for item in value:
            yield from _nulls_in(document, schema.get("items", {}), item, component=component)
    if isinstance(value, dict):
        for name, field in schema.get("properties", {}).items():
            if _admits_null(field):
                yield f"{component}.{name}", value[name] is None
            yield from _nulls_in(document, field, value[name], component=component)


def _misread(node: Any, *, place: str) -> Iterator[str]:
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from _misread(item, place=f"{place}/{number}")
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        yield from _misread(value, place=f"{place}/{name}")
    # The names of a component's fields are no words of JSON Schema.
    if not place.endswith("/properties") and not _is_read_by_all(node, place=place):
        yield place


def _is_read_by_all(schema: Document, *, place: str) -> bool:
    parent = place.rpartition("/")[0]
    alternatives = [*schema.get("oneOf", []), *schema.get("anyOf", [])]
    types = schema.get("type", [])
    return not (
        # A keyword of OpenAPI 3.0, which means nothing in 3.1.
        isinstance(schema.get("nullable"), bool)
        # A class of its own, which holds nothing but null.
        or (schema == _NULL and not parent.endswith(("/oneOf", "/anyOf")))
        # Null is one of the values and none of the types.
        or (None in schema.get("enum", []) and "null" not in types)
        # What may be anything may be null already: of `oneOf` both would hold.
        or (_NULL in alternatives and {} in alternatives)
    )


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
