"""What a front end of another origin may do in a browser: call the API, and read its answers."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from staging import links

FRONT_END = "https://app.example.com"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


@pytest.fixture(autouse=True)
def _one_front_end(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [FRONT_END]
    settings.CORS_ALLOW_CREDENTIALS = True


def words_of(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}


@pytest.mark.django_db
def test_an_answer_can_be_read_by_a_named_front_end(api: APIClient) -> None:
    answer = api.get("/api/v1/staging/jobs", headers={"Origin": FRONT_END})

    assert (answer.status_code, answer.headers[ALLOW_ORIGIN]) == (200, FRONT_END)
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert words_of(answer.headers["Access-Control-Expose-Headers"]) == {
        "content-disposition", "etag", "idempotent-replayed", "link", "location", "retry-after",
    }  # fmt: skip
    assert "origin" in words_of(answer.headers["Vary"])


@pytest.mark.django_db
def test_a_refusal_can_be_read_too(client: Client) -> None:
    answer = client.get("/api/v1/staging/jobs", headers={"Origin": FRONT_END})

    assert (answer.status_code, answer.headers[ALLOW_ORIGIN]) == (401, FRONT_END)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://app.example.com", "https://app.example.com:8443", "null"],
)
@pytest.mark.django_db
def test_no_other_origin_can_read(api: APIClient, origin: str) -> None:
    answer = api.get("/api/v1/staging/jobs", headers={"Origin": origin})

    assert ALLOW_ORIGIN not in answer.headers


def test_a_preflight_needs_no_token_and_allows_our_headers(client: Client) -> None:
    asks = {
        "Origin": FRONT_END,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }

    answer = client.options("/api/v1/staging/jobs", headers=asks)

    assert (answer.status_code, answer.headers[ALLOW_ORIGIN]) == (200, FRONT_END)
    assert words_of(answer.headers["Access-Control-Allow-Headers"]) == {
        "authorization", "content-type", "idempotency-key", "if-match", "if-none-match",
        "x-change-reason",
    }  # fmt: skip
    assert {"put", "patch", "delete"} <= words_of(answer.headers["Access-Control-Allow-Methods"])


def test_a_picture_can_be_drawn_on_a_canvas(client: Client) -> None:
    name = default_storage.save("pictures/a/0-1f.webp", ContentFile(b"a picture"))

    answer = client.get(links.link_to(name), headers={"Origin": FRONT_END})

    assert (answer.getvalue(), answer.headers[ALLOW_ORIGIN]) == (b"a picture", FRONT_END)


@pytest.mark.django_db
def test_the_admin_is_for_no_other_origin(client: Client) -> None:
    answer = client.get("/admin/login/", headers={"Origin": FRONT_END})

    assert (answer.status_code, ALLOW_ORIGIN in answer.headers) == (200, False)


@pytest.mark.usefixtures("operator")
def test_cookies_are_not_sent_from_other_sites(client: Client) -> None:
    answer = client.post("/admin/login/", {"username": "olga", "password": "secret"})

    cookies = {name: one["samesite"] for name, one in answer.cookies.items()}
    assert cookies == {"csrftoken": "Lax", "sessionid": "Lax"}
