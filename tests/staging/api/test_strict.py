"""A field that is not there is refused: misspelt, it would buy what nobody asked for."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from staging.models import Photo, StagingBatch, StagingJob
from tests.staging.conftest import Ask

STAGING = "/api/v1/staging"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("jobs", {"photo": "{photo}", "stile": "industrial"}),
        ("jobs/{job}/repeat", {"seed": "same", "sed": 4}),
        ("jobs/{job}/rating", {"stars": 4, "star": 4}),
        ("jobs/{job}/shares", {"picture": 1}),
        ("batches", {"photos": ["{photo}"], "styles": ["modern"], "style": "industrial"}),
        ("projects", {"name": "Elm Street 5", "modell": "no/such"}),
    ],
)
def test_post_refuses_a_field_that_is_not_there(
    api: APIClient, ask: Ask, path: str, body: dict[str, Any]
) -> None:
    job = ask()
    ids = {"photo": str(job.photo_id), "job": str(job.pk)}

    answer = api.post(f"{STAGING}/{path.format(**ids)}", _filled(body, ids), format="json")

    (unknown,) = answer.json()
    assert answer.status_code == 400
    assert answer.json()[unknown][0].startswith("There is no field of this name: choose from ")
    assert (StagingJob.objects.count(), StagingBatch.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("jobs", r'{"\ud800": 1}'),
        ("projects", r'{"\ud800": 1}'),
        ("jobs/{job}/shares", r'{"\ud800": 1}'),
        ("jobs", r'{"photo": "{photo}", "style": "\ud800"}'),
        ("jobs", r'{"photo": "{photo}", "prompt_mode": "\ud800"}'),
        ("jobs/{job}/rating", r'{"verdict": "\ud800"}'),
        ("batches", r'{"photos": ["{photo}"], "room_types": {"\ud800": "bedroom"}}'),
        ("batches", r'{"photos": ["{photo}"], "room_types": {"1.jpg": "\udfff"}}'),
        ("jobs", '{"a":' * 400 + "1" + "}" * 400),
    ],
)
def test_post_refuses_half_a_character(api: APIClient, ask: Ask, path: str, body: str) -> None:
    job = ask()
    for name, value in {"photo": str(job.photo_id), "job": str(job.pk)}.items():
        path, body = (text.replace(f"{{{name}}}", value) for text in (path, body))

    answer = api.generic("POST", f"{STAGING}/{path}", body, content_type="application/json")

    assert answer.status_code == 400


def test_post_of_a_form_refuses_half_a_character(api: APIClient, photo_bytes: bytes) -> None:
    image = SimpleUploadedFile("a.jpg", photo_bytes)
    form = {"images": image, "room_types": r'{"a.jpg": "\ud800"}'}

    answer = api.post(f"{STAGING}/batches", form, format="multipart")

    assert (answer.status_code, list(answer.json())) == (400, ["room_types"])


def test_post_photo_refuses_a_field_that_is_not_there(api: APIClient, photo_bytes: bytes) -> None:
    form = {"image": ("a.jpg", photo_bytes), "projct": "x"}

    answer = api.post(f"{STAGING}/photos", _upload(form), format="multipart")

    assert (answer.status_code, list(answer.json())) == (400, ["projct"])
    assert not Photo.objects.exists()


def _filled(body: Any, ids: dict[str, str]) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, ids) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, ids) for value in body]
    return body.format(**ids) if isinstance(body, str) else body


def _upload(form: dict[str, Any]) -> dict[str, Any]:
    name, content = form["image"]
    return {**form, "image": SimpleUploadedFile(name, content, "image/jpeg")}
