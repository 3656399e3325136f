from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image, UnidentifiedImageError

from tests.sandbox.conftest import BODY, STAGER

Make = Callable[..., dict[str, Any]]
Finish = Callable[[dict[str, Any]], dict[str, Any]]


def bought(api: httpx.Client) -> int:
    return len(api.get("/_sandbox/record").json()["predictions"])


@pytest.mark.parametrize(("deed", "count"), [("drop", 0), ("drop_after", 1), ("truncate", 1)])
def test_connection_is_closed(api: httpx.Client, deed: str, count: int) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": deed})

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        api.post(STAGER, json=BODY)

    assert bought(api) == count
    assert api.post(STAGER, json=BODY).status_code == 201


def test_upload_is_dropped(api: httpx.Client) -> None:
    api.post("/_sandbox/faults", json={"on": "upload", "do": "drop"})

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
        api.post("/v1/files", files={"content": b"x" * 5_000_000})

    assert api.get("/v1/account").status_code == 200


def test_status_answers_before_acting(api: httpx.Client) -> None:
    fault = {"on": "create", "do": "status", "status": 429, "retry_after": 7}
    api.post("/_sandbox/faults", json=fault)

    answer = api.post(STAGER, json=BODY)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert bought(api) == 0


def test_insufficient_credit(api: httpx.Client) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "status", "status": 402})

    assert api.post(STAGER, json=BODY).json()["title"] == "Insufficient credit"


@pytest.mark.parametrize(("deed", "seconds"), [("stall", 5), ("stall_before", 5), ("drip", 0.2)])
def test_answer_takes_too_long(api: httpx.Client, deed: str, seconds: float) -> None:
    api.post("/_sandbox/faults", json={"on": "account", "do": deed, "seconds": seconds})

    with pytest.raises(httpx.ReadTimeout):
        api.get("/v1/account", timeout=0.1)


def test_fault_counts_and_spares(api: httpx.Client) -> None:
    api.post("/_sandbox/faults", json={"on": "account", "do": "status", "after": 1, "times": 2})

    answers = [api.get("/v1/account").status_code for _ in range(4)]

    assert answers == [200, 503, 503, 200]
    assert api.get("/_sandbox/faults").json() == []


@pytest.mark.parametrize(
    "fault", [{"on": "get", "do": "fail"}, {"do": "drop"}, {"on": "get", "x": 1}]
)
def test_unknown_fault_is_refused(api: httpx.Client, fault: dict[str, Any]) -> None:
    assert api.post("/_sandbox/faults", json=fault).status_code == 422


@pytest.mark.parametrize(
    ("deed", "status"), [("fail", "failed"), ("abort", "aborted"), ("cancel", "canceled")]
)
def test_prediction_ends_badly(
    api: httpx.Client, create: Make, finish: Finish, deed: str, status: str
) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": deed})

    over = finish(create())

    assert (over["status"], over["output"]) == (status, None)
    assert bool(over["error"]) is (deed == "fail")


def test_prediction_is_hidden_from_the_list(api: httpx.Client, create: Make) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "hide_from_list"})

    hidden, shown = create(), create()

    assert [p["id"] for p in api.get("/v1/predictions").json()["results"]] == [shown["id"]]
    assert api.get(f"/v1/predictions/{hidden['id']}").status_code == 200


def test_forgotten_prediction_is_known_to_the_record_alone(api: httpx.Client, create: Make) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "forget"})

    forgotten, known = create(), create()

    assert api.get(f"/v1/predictions/{forgotten['id']}").status_code == 404
    assert [p["id"] for p in api.get("/v1/predictions").json()["results"]] == [known["id"]]
    recorded = api.get("/_sandbox/record").json()["predictions"]
    assert [p["id"] for p in recorded] == [forgotten["id"], known["id"]]


def test_prediction_is_forgotten_after_a_while(api: httpx.Client, create: Make) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "forget", "seconds": 60})

    created = create()

    assert api.get(f"/v1/predictions/{created['id']}").status_code == 200


def test_no_output(api: httpx.Client, create: Make, finish: Finish) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "no_output"})

    over = finish(create())

    assert (over["status"], over["output"]) == ("succeeded", None)


@pytest.mark.parametrize(
    ("deed", "status"), [("missing_output", 404), ("redirect_output", 302), ("html_output", 200)]
)
def test_output_address_misbehaves(
    api: httpx.Client, create: Make, finish: Finish, deed: str, status: int
) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": deed})

    answer = httpx.get(finish(create())["output"][0])

    assert answer.status_code == status
    assert answer.headers.get("content-type") != "image/webp"


def test_broken_output_is_no_whole_picture(api: httpx.Client, create: Make, finish: Finish) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "broken_output"})
    answer = httpx.get(finish(create({"output_format": "png"}))["output"][0])

    with pytest.raises((OSError, SyntaxError, UnidentifiedImageError)):
        Image.open(io.BytesIO(answer.content)).load()


def test_record_counts_requests(api: httpx.Client, create: Make) -> None:
    created = create(webhook="https://receiver.invalid/")
    api.get("/v1/predictions/nothing")

    record = api.get("/_sandbox/record").json()

    assert record["requests"] == {"create": 1, "get": 1}
    assert [(p["id"], p["webhook"]) for p in record["predictions"]] == [
        (created["id"], "https://receiver.invalid/")
    ]
