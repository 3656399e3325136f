"""What is answered where no view is."""

import pytest
from django.http import Http404
from django.test import Client, RequestFactory
from pytest_django import Settings

from config.errors import server_error


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
