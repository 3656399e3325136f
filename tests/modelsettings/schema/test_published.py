from typing import Any

import pytest

from modelsettings.schema.flattening import JSON, SchemaRefused
from modelsettings.schema.published import (
    PublishedModel,
    digest,
    example_of,
    is_secret,
    makes_pictures,
)
from tests.modelsettings.acme import PICTURE, openapi, published


@pytest.mark.parametrize(
    ("name", "prop", "expected"),
    [
        ("key", {"x-cog-secret": True}, True),
        ("key", {"format": "password"}, True),
        ("key", {"writeOnly": True}, True),
        ("openai_api_key", {}, True),
        ("apikey", {}, True),
        ("replicate_api_token", {}, True),
        ("hf_token", {}, True),
        ("password", {}, True),
        ("key", {}, False),
        ("max_tokens", {}, False),
        ("token_limit", {}, False),
        ("keyframes", {}, False),
    ],
)
def test_is_secret_by_mark_or_by_name(name: str, prop: JSON, expected: bool) -> None:
    assert is_secret(name, prop) is expected


@pytest.mark.parametrize(
    ("inputs", "output", "expected"),
    [
        ({"image": PICTURE, "prompt": {}}, PICTURE, True),
        ({"image": PICTURE}, {"type": "array", "items": PICTURE}, True),
        ({"image": PICTURE}, {"$ref": "#/components/schemas/Address"}, True),
        ({"image": PICTURE}, {"type": "string"}, False),
        ({"image": PICTURE}, {"$ref": "#/components/schemas/Gone"}, False),
        ({"image": PICTURE}, None, False),
        ({"prompt": {}, "duration": {}}, PICTURE, False),
        ({"image": PICTURE, "output_format": {"enum": ["mp4", "gif"]}}, PICTURE, False),
        ({"prompt": {}}, PICTURE, False),
        ({"image": PICTURE, "fps": {}}, PICTURE, False),
        ({"image": PICTURE, "output_fps": {}}, PICTURE, False),
        ({"image": PICTURE, "num_frames": {}}, PICTURE, False),
        ({"image": PICTURE, "first_frame_image": PICTURE}, PICTURE, False),
        ({"image": PICTURE, "motion_module": {}}, PICTURE, False),
        ({"image": PICTURE, "frame": {}, "picture_motion": {}}, PICTURE, True),
    ],
    ids=str,
)
def test_makes_pictures_by_output_and_inputs(inputs: JSON, output: Any, expected: bool) -> None:
    schema = openapi(inputs, output=output, components={"Address": PICTURE})

    assert makes_pictures(schema) is expected


A = "https://replicate.delivery/pbxt/x/"
ROOM: JSON = {"image": PICTURE, "prompt": {"type": "string"}}
FILM: JSON = {**ROOM, "fps": {"type": "integer"}}


@pytest.mark.parametrize(
    ("inputs", "output", "expected"),
    [
        (ROOM, f"{A}out.png", (None, True)),
        (ROOM, [f"{A}out-0.WEBP?x=1.mp4"], (None, True)),
        (ROOM, "data:image/png;base64,AAAA", (None, True)),
        (ROOM, f"{A}out.mp4", ("film", False)),
        (ROOM, f"{A}out_0.gif", ("film", False)),
        (ROOM, [f"{A}mesh.glb", f"{A}mesh.glb"], ("mesh", False)),
        (ROOM, f"{A}mesh.zip", ("archive", False)),
        (ROOM, f"{A}out.wav?download=1", ("sound", False)),
        (ROOM, "data:video/mp4;base64,AAAA", ("film", False)),
        # Each file is collected as a picture.
        (ROOM, [f"{A}preview.png", f"{A}mesh.zip"], ("archive", False)),
        # What tells nothing leaves it to the inputs.
        (ROOM, None, (None, True)),
        (ROOM, "A room.mp4", (None, True)),
        (ROOM, f"{A}out", (None, True)),
        (ROOM, "https://[", (None, True)),
        (FILM, f"{A}out", (None, False)),
        (FILM, f"{A}out.mp4", (None, False)),
        (FILM, f"{A}frame.png", ("picture", True)),
    ],
    ids=str,
)
def test_from_json_reads_the_models_own_example(
    inputs: JSON, output: Any, expected: tuple[str | None, bool]
) -> None:
    """It is noted in the schema only where the inputs tell otherwise."""
    document = published(inputs) | {"default_example": {"output": output}}

    schema = PublishedModel.from_json(document).openapi

    assert (example_of(schema), makes_pictures(schema)) == expected
    assert expected[0] or schema == openapi(inputs)


def test_from_json_takes_no_word_on_the_example_from_the_provider() -> None:
    document = published(ROOM)
    document["latest_version"]["openapi_schema"]["x-restage-example"] = "film"

    assert PublishedModel.from_json(document).openapi == openapi(ROOM)


def test_digest_is_of_the_meaning_not_of_the_writing() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1, "b": [1, 2]}) != digest({"a": 1, "b": [2, 1]})


def test_from_json_reads_a_published_model() -> None:
    document = {**published({}), "x-restage-source": "reconstructed"}

    assert PublishedModel.from_json(document) == PublishedModel(
        slug="acme/stager",
        description="Stages a room.",
        version="5" * 64,
        openapi=openapi({}),
        is_official=True,
        source="reconstructed",
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"owner": ""}, "The published model has no owner or no name."),
        ({"name": None}, "The published model has no owner or no name."),
        (
            {"latest_version": None},
            "The published model has no latest_version with an openapi_schema.",
        ),
        (
            {"latest_version": {"id": "1"}},
            "The published model has no latest_version with an openapi_schema.",
        ),
    ],
)
def test_from_json_refuses_what_is_not_whole(change: JSON, sentence: str) -> None:
    with pytest.raises(SchemaRefused) as refused:
        PublishedModel.from_json({**published({}), **change})

    assert str(refused.value) == sentence
