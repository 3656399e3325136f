from __future__ import annotations

import httpx
import pytest

from tests.sandbox.conftest import BODY, STAGER, Finish, Make


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


def test_no_output(api: httpx.Client, create: Make, finish: Finish) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "no_output"})

    over = finish(create())

    assert (over["status"], over["output"]) == ("succeeded", None)


def test_deadline_before_start_aborts(api: httpx.Client, finish: Finish) -> None:
    api.post("/_sandbox/faults", json={"on": "create", "do": "queue"})

    created = api.post(STAGER, json=BODY, headers={"Cancel-After": "0s"})

    assert "deadline" in created.json()
    assert finish(created.json())["status"] == "aborted"
