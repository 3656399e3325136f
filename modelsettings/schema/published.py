"""Reads what a model publishes: its name, its version, its schema, what it makes."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from modelsettings.schema.flattening import (
    DEEPEST,
    JSON,
    Inliner,
    SchemaRefused,
    flatten,
    legible,
)

_SLUG = re.compile(r"[\w.-]+/[\w.-]+")
_LONGEST_SLUG = 200
_SECRET_NAME = re.compile(
    r"(^|_)(api_?key|api_?token|access_token|auth_token|hf_token|secret|password)$"
)
# What an address in a model's published example ends in, where it is that of no picture.
_EXAMPLES = {
    "film": ("mp4", "webm", "mov", "avi", "mkv", "gif"),
    "mesh": ("glb", "gltf", "obj", "ply", "stl", "usdz", "fbx", "splat"),
    "archive": ("zip", "tar", "gz", "tgz", "rar", "7z"),
    "sound": ("mp3", "wav", "ogg", "flac", "m4a", "opus", "aac"),
    "picture": ("png", "jpg", "jpeg", "webp", "avif", "heic", "bmp", "tif", "tiff"),
}
_EXAMPLE_OF = {ending: kind for kind, endings in _EXAMPLES.items() for ending in endings}
_DATA_URI = re.compile(r"data:(video|audio|image)/")
_EXAMPLE_OF_DATA = {"video": "film", "audio": "sound", "image": "picture"}
# Where a schema says what its model's example is, which only the answer around it tells.
_EXAMPLE = "x-restage-example"
_AUDIO_OR_VIDEO = {"mp3", "wav", "ogg", "flac", "mp4", "webm", "gif", "mov", "m4a"}
_PICTURE_HINTS = re.compile(
    r"image|img|picture|photo|width|height|aspect_ratio|size|guidance|inference_steps|negative_prompt"
)
# Inputs that only a model of films has.
_FILM_HINTS = re.compile(r"(^|_)fps(_|$)|num_frames|frame_rate|(first|last)_frame|^motion")
_AUDIO_HINTS = re.compile(r"audio|song|duration|music|speaker|voice|sample_rate")


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """The answer of `GET /v1/models/{owner}/{name}`, as far as it is used here."""

    slug: str
    description: str
    version: str
    openapi: JSON
    is_official: bool
    source: str

    @property
    def label(self) -> str:
        """The model's name in title case: `acme/room-stager` is `Room Stager`."""
        words = re.split("[-_]+", self.slug.partition("/")[2])
        return " ".join(word[0].upper() + word[1:] for word in words if word) or self.slug

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a catalogue file or a live answer.

        Raises SchemaRefused where the identity, the version or its schema is missing.
        """
        version = document.get("latest_version")
        if not document.get("owner") or not document.get("name"):
            raise SchemaRefused("The published model has no owner or no name.")
        slug = f"{document['owner']}/{document['name']}"
        if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST_SLUG:
            raise SchemaRefused(f"{legible(slug[:60])} is not a model's name: owner/name.")
        if not isinstance(version, dict) or not isinstance(version.get("openapi_schema"), dict):
            raise SchemaRefused("The published model has no latest_version with an openapi_schema.")
        number = version.get("id") or ""
        if not isinstance(number, str) or not re.fullmatch(r"[!-~]{0,64}", number):
            raise SchemaRefused("The id of the latest_version is not a version's.")
        if fault := _find_unstorable(version["openapi_schema"]):
            raise SchemaRefused(fault)
        description = document.get("description")
        return cls(
            slug=slug,
            description=description.replace("\0", "") if isinstance(description, str) else "",
            version=number,
            openapi=_with_example(version["openapi_schema"], document.get("default_example")),
            is_official=bool(document.get("is_official")),
            source=str(document.get("x-restage-source", ""))[:40],
        )


def digest(openapi: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of the schema written canonically."""
    canonical = json.dumps(openapi, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def is_secret(name: str, prop: Mapping[str, Any]) -> bool:
    """Say whether an input is a secret, by its mark or by its name."""
    marked = prop.get("x-cog-secret") or prop.get("format") == "password" or prop.get("writeOnly")
    return bool(marked) or bool(_SECRET_NAME.search(name))


def is_address(prop: Mapping[str, Any]) -> bool:
    """Say whether an input takes a file's address, or a list of them.

    With several variants, each has to, and at least one has to take a single address.
    """
    if variants := prop.get("anyOf"):
        return all(map(is_address, variants)) and any(
            variant.get("format") == "uri" for variant in variants
        )
    return prop.get("format") == "uri" or (
        prop.get("type") == "array" and (prop.get("items") or {}).get("format") == "uri"
    )


def output_of(openapi: Mapping[str, Any]) -> JSON:
    """Return what the model answers with, references inlined; {} where its schema does not tell."""
    inliner = Inliner(openapi)
    try:
        return inliner.inline(inliner.components.get("Output") or {}, path=("Output",))
    except SchemaRefused:
        return {}


def makes_pictures(openapi: Mapping[str, Any]) -> bool:
    """Say whether the model answers with pictures, as far as its schema tells.

    Cog publishes *an address* or *a list of addresses*, whatever the file is, so the model's own
    example decides, or without one the inputs.
    """
    if not is_address(output_of(openapi)):
        return False
    if example := example_of(openapi):
        return example == "picture"
    inputs = flatten(openapi)["properties"]
    formats = {
        str(choice)
        for name, prop in inputs.items()
        if name.endswith("output_format")
        for choice in prop.get("enum", ())
    }
    if formats & _AUDIO_OR_VIDEO:
        return False
    if any(_AUDIO_HINTS.search(name) for name in inputs):
        return False
    if any(_FILM_HINTS.search(name) for name in inputs):
        return False
    return any(_PICTURE_HINTS.search(name) for name in inputs)


def example_of(openapi: Mapping[str, Any]) -> str | None:
    """Return what a model's published example is: `film`, `mesh`, …; None where nothing tells."""
    kind = openapi.get(_EXAMPLE)
    return kind if isinstance(kind, str) else None


def _with_example(openapi: JSON, example: Any) -> JSON:
    """Return the schema with a word on the model's example, where its inputs tell otherwise.

    It is stored with the schema, of which it decides the meaning: all that a schema means here is
    read from its document. Elsewhere the document stays as it is published.
    """
    bare = {key: value for key, value in openapi.items() if key != _EXAMPLE}
    output = example.get("output") if isinstance(example, dict) else None
    kinds = list(filter(None, map(_kind_of_example, _addresses(output))))
    if not kinds or not is_address(output_of(bare)):
        return bare
    # Every file has to be a picture: each is collected as one.
    kind = next((kind for kind in kinds if kind != "picture"), "picture")
    try:
        is_told = makes_pictures(bare) is (kind == "picture")
    except SchemaRefused:
        return bare
    return bare if is_told else {**bare, _EXAMPLE: kind}


def _addresses(output: Any) -> list[str]:
    entries = output if isinstance(output, list) else [output]
    return [entry for entry in entries if isinstance(entry, str)]


def _kind_of_example(address: str) -> str | None:
    if data := _DATA_URI.match(address):
        return _EXAMPLE_OF_DATA[data[1]]
    path = re.split("[?#]", address)[0] if address.startswith(("https://", "http://")) else ""
    return _EXAMPLE_OF.get(path.rpartition(".")[2].lower())


def _find_unstorable(openapi: JSON) -> str | None:
    """Return a sentence on what JSON or PostgreSQL's jsonb cannot hold, and where; or None."""
    waiting: list[tuple[Any, tuple[str, ...]]] = [(openapi, ())]
    while waiting:
        value, path = waiting.pop()
        if len(path) > 3 * DEEPEST:
            return f"{_place_in_words(path)}: it is nested more than {3 * DEEPEST} deep."
        if isinstance(value, dict):
            waiting += [(key, (*path, "a name")) for key in value if not _is_storable(key)]
            waiting += [(part, (*path, str(key))) for key, part in value.items()]
        elif isinstance(value, list):
            waiting += [(part, path) for part in value]
        elif isinstance(value, str) and not _is_storable(value):
            place = _place_in_words(path)
            return f"{place}: it holds NUL or half a character, which cannot be stored."
        elif isinstance(value, float) and not math.isfinite(value):
            return f"{_place_in_words(path)}: {value} is not a number of JSON."
    return None


def _place_in_words(path: tuple[str, ...]) -> str:
    return legible(".".join(path[-4:])[:200]) or "The schema"


def _is_storable(text: str) -> bool:
    return not re.search("[\0\ud800-\udfff]", text)
