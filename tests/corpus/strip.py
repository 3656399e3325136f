"""Strips published models of their prose: what is left is kept in the corpus.

    python -m tests.corpus.strip FILE …

Each FILE holds an answer of `GET /v1/models/{owner}/{name}`. The structure of its schema is written
to `replicate-models/` under the file's name, in the same shape, so that the same code reads both.
"""

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.outputs import SOUND_WORDS
from tests.corpus import PUBLISHED

JSON = dict[str, Any]

_IDENTITY = ("url", "owner", "name", "visibility", "is_official")
_VERSION = ("id", "created_at", "cog_version")
_KEYWORDS = {
    "type", "title", "default", "enum", "const", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format", "items",
    "minItems", "maxItems", "uniqueItems", "properties", "required", "additionalProperties",
    "allOf", "anyOf", "oneOf", "$ref", "nullable", "writeOnly", "deprecated", "x-order",
    "x-cog-secret", "x-cog-array-type", "x-cog-array-display",
}  # fmt: skip
_PROSE = re.compile(r"\w+(?:\W+\w+){4}")


def strip_model(document: JSON) -> JSON:
    """Return a published model without its prose, its example and what its schema never uses."""
    version = document["latest_version"]
    openapi = version["openapi_schema"]
    components = openapi["components"]["schemas"]
    stripped = {
        "openapi": openapi.get("openapi"),
        "info": {"title": "Cog", "version": "0.1.0"},
        "components": {
            "schemas": {name: _strip_schema(components[name]) for name in sorted(_used(components))}
        },
    }
    return {
        **{key: document[key] for key in _IDENTITY if key in document},
        "description": _words_for_sound(document.get("description") or ""),
        "latest_version": {
            **{key: version[key] for key in _VERSION if key in version},
            "openapi_schema": stripped,
        },
    }


def as_text(document: JSON) -> str:
    """Return a document as it is kept: the same bytes for the same document."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _used(components: JSON) -> set[str]:
    """Return the names of the components that Input and Output consist of."""
    used: set[str] = set()
    waiting = ["Input", "Output"]
    while waiting:
        name = waiting.pop()
        if name in components and name not in used:
            used.add(name)
            waiting += _references(components[name])
    return used


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)


def _strip_schema(node: Any) -> Any:
    if isinstance(node, list):
        return [_strip_schema(part) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {key: node[key] for key in node if key in _KEYWORDS}
    for key in ("items", "allOf", "anyOf", "oneOf", "additionalProperties"):
        if key in kept:
            kept[key] = _strip_schema(kept[key])
    if "properties" in kept:
        kept["properties"] = {
            name: _strip_schema(part) for name, part in node["properties"].items()
        }
    if "default" in kept and "enum" not in kept and "allOf" not in kept:
        kept["default"] = _without_prose(kept["default"])
    return kept


def _without_prose(default: Any) -> Any:
    """Return a default whose letters are x where it is a text of five words or more.

    Length, spaces, line breaks and marks stay: forms and validators meet what was published.
    """
    if isinstance(default, str) and _PROSE.search(default):
        return re.sub("[A-Za-z]", "x", default)
    return default


def _words_for_sound(description: str) -> str:
    """Return the words by which the sandbox knows a model that makes sound."""
    return " ".join(word for word in SOUND_WORDS if word in description.lower())


def main() -> None:
    parser = argparse.ArgumentParser(description="Strips published models of their prose.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    for file in parser.parse_args().files:
        model = strip_model(json.loads(file.read_text()))
        kept = PUBLISHED / file.name
        kept.write_text(as_text(model))
        print(kept)


if __name__ == "__main__":
    main()
