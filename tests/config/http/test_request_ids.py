"""Each request has an id, in its answer and in what is logged of it."""

import re

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config.http.request_ids import request_ids


@pytest.mark.parametrize("sent", ["0190c5a4-0000-7000-8000-000000000000", "req_12345678"])
def test_request_keeps_the_id_of_its_proxy(client: Client, sent: str) -> None:
    answer = client.get("/api/v1/staging/jobs", headers={"X-Request-ID": sent})

    assert answer.headers["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", ["", "short", "a" * 65, "with spaces in it", "line\nbreak"])
def test_request_without_a_good_id_is_given_one(client: Client, sent: str) -> None:
    answer = client.get("/api/v1/staging/jobs", headers={"X-Request-ID": sent})

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_id_is_bound_for_as_long_as_the_request_takes() -> None:
    bound = []

    def answer(_: HttpRequest) -> HttpResponse:
        bound.append(structlog.contextvars.get_contextvars())
        return HttpResponse()

    request_ids(answer)(RequestFactory().get("/", headers={"X-Request-ID": "req_12345678"}))

    assert bound == [{"request": "req_12345678"}]
    assert structlog.contextvars.get_contextvars() == {}
