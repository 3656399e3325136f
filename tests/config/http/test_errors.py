"""Errors as answers."""

from typing import ClassVar

import pytest
from django.http import Http404
from django.test import Client, RequestFactory
from pytest_django import Settings

from config.http.errors import answer_refusal, server_error
from modelsettings.errors import RequestRefused


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
    headers: ClassVar = {"Retry-After": "7"}


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


def test_a_fault_of_ours_is_no_answer() -> None:
    assert answer_refusal(ValueError("a bug"), {}) is None
