from __future__ import annotations

import httpx
import pytest

from tests.sandbox.conftest import BODY, STAGER


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
