"""Structure stays, prose goes: what is kept of a published model."""

import json
from pathlib import Path

import pytest

from modelsettings.schema.flattening import JSON
from tests.corpus import PUBLISHED
from tests.corpus.strip import as_text, strip_model

FILES = sorted(PUBLISHED.glob("*.json"))


def published(inputs: JSON, **components: JSON) -> JSON:
    schemas = {"Input": {"type": "object", "properties": inputs, "required": []}, **components}
    return {
        "url": "https://replicate.com/acme/stager",
        "owner": "acme",
        "name": "stager",
        "description": "Furnishes rooms, without a sound.",
        "default_example": {"input": {"prompt": "a room by the sea"}},
        "latest_version": {
            "id": "5" * 64,
            "openapi_schema": {"openapi": "3.0.2", "components": {"schemas": schemas}},
        },
    }


def test_strip_model_leaves_the_structure() -> None:
    inputs = {
        "seed": {"type": "integer", "nullable": True, "x-order": 1, "description": "For luck."},
        "size": {"allOf": [{"$ref": "#/components/schemas/size"}], "default": "a b c d e"},
        "title": {"type": "string", "maxLength": 9},
    }
    size = {"enum": ["a b c d e", "f"], "type": "string", "description": "An enumeration."}

    model = strip_model(published(inputs, size=size, Status={"enum": ["starting"]}))

    assert model == {
        "url": "https://replicate.com/acme/stager",
        "owner": "acme",
        "name": "stager",
        "description": "sound",
        "latest_version": {
            "id": "5" * 64,
            "openapi_schema": {
                "openapi": "3.0.2",
                "info": {"title": "Cog", "version": "0.1.0"},
                "components": {
                    "schemas": {
                        "Input": {
                            "type": "object",
                            "properties": {
                                "seed": {"type": "integer", "nullable": True, "x-order": 1},
                                "size": inputs["size"],
                                "title": {"type": "string", "maxLength": 9},
                            },
                            "required": [],
                        },
                        "size": {"enum": ["a b c d e", "f"], "type": "string"},
                    }
                },
            },
        },
    }


@pytest.mark.parametrize(
    ("default", "kept"),
    [
        ("four words, no more", "four words, no more"),
        ("A photo of a room.\n\n<|end_1|>", "x xxxxx xx x xxxx.\n\n<|xxx_1|>"),
        (["a b c d e"], ["a b c d e"]),
        (None, None),
    ],
)
def test_strip_model_takes_the_letters_of_long_texts(default: object, kept: object) -> None:
    model = strip_model(published({"text": {"default": default}}))

    schemas = model["latest_version"]["openapi_schema"]["components"]["schemas"]
    assert schemas["Input"]["properties"] == {"text": {"default": kept}}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_corpus_is_stripped(file: Path) -> None:
    text = file.read_text()

    assert as_text(strip_model(json.loads(text))) == text
