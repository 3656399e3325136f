"""What Django refuses before any view is answered in the API's shape under /api/."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

PHOTOS = "/api/v1/staging/photos"

pytestmark = pytest.mark.django_db


def form(*parts: tuple[str, bytes]) -> bytes:
    head = b"--x\r\nContent-Disposition: form-data; "
    return b"".join(
        head + name.encode() + b"\r\n\r\n" + content + b"\r\n" for name, content in parts
    )


@pytest.mark.parametrize(
    ("parts", "status", "detail"),
    [
        ([('name="a"', b"")] * 1001, 400, "The request has too many fields or files."),
        ([('name="a"; filename="a"', b"")] * 202, 400, "The request has too many fields or files."),
        ([('name="project"', b"a" * (2 * 2**20 + 1))], 413, "The fields of the form are too long."),
    ],
    ids=["fields", "files", "length"],
)
def test_form_beyond_the_limits_is_refused_in_json(
    api: APIClient, parts: list[tuple[str, bytes]], status: int, detail: str
) -> None:
    body = form(*parts) + b"--x--\r\n"

    answer = api.generic("POST", PHOTOS, body, content_type="multipart/form-data; boundary=x")  # type: ignore[arg-type]

    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_query_of_too_many_names_is_refused_in_json(api: APIClient) -> None:
    answer = api.get(f"{PHOTOS}?{'&'.join(f'a{number}=1' for number in range(1001))}")

    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "The request has too many fields or files."},
    )


@pytest.mark.parametrize(
    ("path", "kind"), [(PHOTOS, "application/json"), ("/admin/login/", "text/html; charset=utf-8")]
)
def test_host_that_is_not_ours_is_refused(
    api: APIClient, settings: Settings, path: str, kind: str
) -> None:
    settings.DEBUG = False

    answer = api.get(path, HTTP_HOST="elsewhere.example")

    assert (answer.status_code, answer["Content-Type"]) == (400, kind)
