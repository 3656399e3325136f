from __future__ import annotations

import httpx


def test_token_is_checked(origin: str) -> None:
    missing = httpx.get(f"{origin}/v1/account")

    assert missing.status_code == 401
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.json() == {
        "title": "Unauthenticated",
        "detail": "You did not pass a valid authentication token",
        "status": 401,
    }
