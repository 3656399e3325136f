"""Errors as answers: in the API's own shape under /api/, as a page elsewhere."""

from types import MappingProxyType

import pytest
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from django.test import Client, RequestFactory
from pytest_django import Settings
from rest_framework import exceptions
from rest_framework.test import APIClient

from config.http.errors import answer_refusal, server_error
from modelsettings.errors import RequestRefused

PHOTOS = "/api/v1/staging/photos"


@pytest.fixture(autouse=True)
def _as_in_production(settings: Settings) -> None:
    settings.DEBUG = False


@pytest.mark.parametrize("path", ["/api/v1/no/such", "/api/v2/staging/jobs", "/api/v1/media/x"])
def test_not_found_in_the_api_is_json(client: Client, path: str, db: None) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
    assert list(answer.json()) == ["detail"]


def test_not_found_elsewhere_is_a_page(client: Client, db: None) -> None:
    answer = client.get("/no/such")

    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(("path", "kind"), [("/api/v1/x", "application/json"), ("/x", "text/html")])
def test_server_error_says_nothing_of_the_reason(path: str, kind: str) -> None:
    answer = server_error(RequestFactory().get(path))

    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (500, kind)
    assert Http404.__name__ not in answer.content.decode()


class _Waits(RequestRefused):
    status = 503
    headers = MappingProxyType({"Retry-After": "7"})


@pytest.mark.parametrize(
    ("refusal", "status", "body"),
    [
        (RequestRefused("Write 1 to 5.", field="stars"), 400, {"stars": ["Write 1 to 5."]}),
        (RequestRefused("Say something."), 400, {"non_field_errors": ["Say something."]}),
        (_Waits("Too many at once."), 503, {"detail": "Too many at once."}),
    ],
)
def test_a_refusal_is_answered_as_its_class_says(
    refusal: RequestRefused, status: int, body: object
) -> None:
    answer = answer_refusal(refusal, {})

    assert answer is not None
    assert (answer.status_code, answer.data) == (status, body)
    assert answer.headers.get("Retry-After") == refusal.headers.get("Retry-After")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.PermissionDenied(), 403, "permission_denied"),
        (exceptions.PermissionDenied("Not you.", code="not_you"), 403, "not_you"),
        (DjangoPermissionDenied("Nobody is signed in."), 403, "permission_denied"),
        (exceptions.Throttled(wait=3), 429, "throttled"),
        (exceptions.NotFound(), 404, None),
        (exceptions.NotAuthenticated(), 401, None),
    ],
)
def test_a_refusal_of_the_framework_bears_a_code(
    error: Exception, status: int, code: str | None
) -> None:
    answer = answer_refusal(error, {})

    assert answer is not None
    assert (answer.status_code, answer.data.get("code")) == (status, code)


def test_a_fault_of_ours_is_no_answer() -> None:
    assert answer_refusal(ValueError("a bug"), {}) is None


def form(*parts: tuple[str, bytes]) -> bytes:
    head = b"--x\r\nContent-Disposition: form-data; "
    return b"".join(
        head + name.encode() + b"\r\n\r\n" + content + b"\r\n" for name, content in parts
    )


@pytest.mark.parametrize(
    ("parts", "status", "detail"),
    [
        ([('name="a"', b"")] * 1001, 400, "The request has too many fields."),
        ([('name="a"; filename="a"', b"")] * 202, 400, "The request has more than 201 files."),
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
        {"detail": "The request has too many fields."},
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
