"""A client that accepts no JSON is told in JSON all the same."""

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("accept", ["text/html", "application/zip", "text/html;q=0.9,x", ""])
def test_api_answers_json_whatever_is_accepted(api: APIClient, accept: str) -> None:
    answer = api.get("/api/v1/staging/styles", HTTP_ACCEPT=accept)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("name", ["xml", "json", "zip"])
def test_api_answers_json_whatever_format_is_named(api: APIClient, name: str) -> None:
    answer = api.get("/api/v1/staging/styles", {"format": name})

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("json", "application/vnd.oai.openapi+json"),
        ("yaml", "application/vnd.oai.openapi; charset=utf-8"),
    ],
)
def test_document_is_answered_in_the_format_that_is_named(
    api: APIClient, name: str, kind: str
) -> None:
    answer = api.get("/api/v1/schema", {"format": name})

    assert (answer.status_code, answer["Content-Type"]) == (200, kind)
