from __future__ import annotations

from typing import Any

import httpx
import pytest


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
