"""What the staging API refuses when it is asked for a job, and that nothing is stored then."""

import struct
import zlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from modelsettings.models import ReplicateModel
from staging.models import Photo, StagingJob
from tests.conftest import make_photo
from tests.modelsettings.rows import save_row
from tests.staging.conftest import FLUX, SEEDREAM
from tests.staging.job_requests import everything_stored, post, post_json, upload


def huge_png() -> bytes:
    """Return 200 megapixels in some 25 kB."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    side = 14_143
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side * (1 + (side + 7) // 8)), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def test_huge_png_is_small() -> None:
    assert len(huge_png()) < 30_000


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({}, "image", "Send either image or photo."),
        ({"image": upload(), "photo": "0" * 32}, "image", "Send either image or photo."),
        ({"image": "no file"}, "image", "The submitted data was not a file."),
        ({"image": upload(b"no picture at all")}, "image", "not an image"),
        ({"image": upload(b"GIF89a.")}, "image", "This is a GIF"),
        ({"image": upload(make_photo()[:800])}, "image", "damaged or incomplete"),
        ({"image": upload(b"")}, "image", "The submitted file is empty."),
        ({"image": upload(huge_png())}, "image", "megapixels"),
        ({"photo": "12"}, "photo", "UUID"),
        ({"photo": "0" * 32}, "photo", "You have no such photo."),
        ({"image": upload(), "room_type": "garage\0"}, "room_type", "choose one of"),
        ({"image": upload(), "style": "baroque-ish"}, "style", "choose one of"),
        ({"image": upload(), "prompt": "a\0b"}, "prompt", "Null characters"),
        ({"image": upload(), "prompt": "x" * 5001}, "prompt", "5000"),
        ({"image": upload(), "prompt_mode": "shout"}, "prompt_mode", "not a valid choice"),
        ({"image": upload(), "model": "nobody/nothing"}, "model", "nobody/nothing"),
        ({"image": upload(), "model": "a\0b"}, "model", "Null characters"),
        ({"image": upload(), "profile": "no such"}, "model", "no such"),
        ({"image": upload(), "seed": "five"}, "seed", "integer"),
        ({"image": upload(), "seed": 2**63}, "seed", "more than the maximum"),
        ({"image": upload(), "seed": -(2**80)}, "seed", "less than the minimum"),
        ({"image": upload(), "model": SEEDREAM, "seed": 5}, "seed", "not a parameter"),
        ({"image": upload(), "overrides": "{"}, "overrides", "valid JSON"),
        ({"image": upload(), "overrides": "5"}, "overrides", "Write an object"),
        ({"image": upload(), "overrides": "[]"}, "overrides", "Write an object"),
        ({"image": upload(), "overrides": "[" * 5000 + "]" * 5000}, "overrides", "too deep"),
        ({"image": upload(), "overrides": '{"seed": NaN}'}, "overrides", "JSON"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value),
)
def test_post_of_a_bad_form_stores_nothing(
    api: APIClient, fields: dict[str, Any], field: str, sentence: str
) -> None:
    if isinstance(file := fields.get("image"), SimpleUploadedFile):
        file.seek(0)

    answer = post(api, **fields)

    assert answer.status_code == 400, answer.content
    assert sentence in str(answer.json()[field])
    assert list(answer.json()) == [field]
    assert everything_stored() == (0, 0, [])


@pytest.mark.parametrize(
    ("overrides", "key", "sentence"),
    [
        ({"furniture": 3}, "furniture", "is not a parameter of this model"),
        ({"output_quality": "high"}, "output_quality", "not a whole number"),
        ({"output_quality": 101}, "output_quality", "more than the maximum of 100"),
        ({"output_quality": None}, "output_quality", "null"),
        ({"output_format": "bmp"}, "output_format", "not one of"),
        ({"num_outputs": 5}, "num_outputs", "more than the maximum"),
        ({"go_fast": [[[]]]}, "go_fast", "not true or false"),
        ({"prompt": "around the rules"}, "prompt", "is not a parameter"),
        ({"image": "https://example.com/a.png"}, "image", "is not a parameter"),
        ({"seed": 1.5}, "seed", "whole number"),
    ],
)
def test_post_of_bad_overrides_names_each_key(
    api: APIClient, photo: Photo, overrides: dict[str, Any], key: str, sentence: str
) -> None:
    answer = post_json(api, {"photo": str(photo.pk), "overrides": overrides})

    assert (answer.status_code, list(answer.json()["overrides"])) == (400, [key])
    assert sentence in answer.json()["overrides"][key][0]
    assert StagingJob.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "5",
        '{"photo": NaN}',
        '{"overrides": {"seed": 1e999}, "photo": "%s"}',
        '{"overrides": {"seed": ' + "9" * 400 + '}, "photo": "%s"}',
        '{"overrides": {"seed": ' + "9" * 5000 + '}, "photo": "%s"}',
        '{"overrides": {"disclosure": "a\\u0000b"}, "photo": "%s"}',
        '{"overrides": {"disclosure": "\\ud800"}, "photo": "%s"}',
        '{"overrides": {"\\u0000": 1}, "photo": "%s"}',
        '{"prompt": "\\ud800", "photo": "%s"}',
        '{"overrides": ' + "[" * 5000 + "]" * 5000 + ', "photo": "%s"}',
        '{"overrides": {"a": ' + '{"a":' * 5000 + "1" + "}" * 5000 + '}, "photo": "%s"}',
        '{"overrides": {"go_fast": ' + "[" * 900 + "]" * 900 + '}, "photo": "%s"}',
        '{"overrides": {"go_fast": ' + "[" * 300 + "]" * 300 + '}, "photo": "%s"}',
        '{"image": "aGVsbG8="}',
    ],
    ids=range(17),
)
def test_post_of_a_bad_document_is_a_400(api: APIClient, photo: Photo, body: str) -> None:
    answer = post_json(api, body.replace("%s", str(photo.pk)))

    assert answer.status_code == 400, answer.content
    assert StagingJob.objects.count() == 0


@pytest.mark.parametrize("extra", [1, 2**21])
def test_post_of_more_than_100_megabytes_is_too_large(api: APIClient, extra: int) -> None:
    answer = post(api, image=upload(b"\xff\xd8" + bytes(100 * 2**20 - 2 + extra)))

    assert (answer.status_code, "100 MB" in answer.json()["detail"]) == (413, True)
    assert everything_stored() == (0, 0, [])


def test_post_to_a_disabled_model_is_refused(api: APIClient) -> None:
    model = ReplicateModel.objects.get(slug=FLUX)
    model.is_enabled = False
    save_row(model)

    answer = post(api, image=upload(), model=FLUX)

    assert (answer.status_code, answer.json()) == (400, {"model": [f"{FLUX} is disabled."]})
    assert everything_stored() == (0, 0, [])


def test_post_to_a_model_that_cannot_stage_is_refused(api: APIClient) -> None:
    model = ReplicateModel.objects.get(slug=FLUX)
    model.roles = {"prompt": "prompt"}
    save_row(model)

    answer = post(api, image=upload(), model=FLUX)

    assert answer.status_code == 400
    assert answer.json()["model"][0].startswith(f"{FLUX} cannot stage a photo.")
    assert everything_stored() == (0, 0, [])
