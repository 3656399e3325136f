"""The errors that the API answers, in Replicate's own words.

Recorded errors are `application/problem+json` with `title`, `detail` and `status`; a 404 and a 429
were seen without a title: docs/replicate-facts/http.md, "Errors", and its chapter "Rate limits".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

TITLES = {
    400: "Bad request",
    402: "Insufficient credit",
    403: "Forbidden",
    422: "Invalid request",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}
DETAILS = {
    401: "You did not pass a valid authentication token",
    402: "You have insufficient credit to run this model. Go to billing to purchase credit.",
    404: "The requested resource could not be found.",
    413: "The file is too large. The limit is 100 MiB.",
    429: "Request was throttled.",
}


class Problem(Exception):
    """An answer that is not a success.

    `extra` joins the body: `Problem(429, extra={"retry_after": 3})`.
    """

    def __init__(
        self,
        status: int,
        *,
        detail: str = "",
        title: str = "",
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {title or detail}")
        self.status = status
        self.detail = detail or DETAILS.get(status, TITLES.get(status, "Something went wrong."))
        self.title = title or TITLES.get(status, "")
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    def answer(self) -> JSONResponse:
        """Return the HTTP answer of this problem."""
        body: dict[str, Any] = {"detail": self.detail, "status": self.status, **self.extra}
        if self.title:
            body = {"title": self.title, **body}
        return JSONResponse(
            body,
            status_code=self.status,
            headers=self.headers,
            media_type="application/problem+json",
        )


def unauthenticated() -> Problem:
    """Return the 401 exactly as recorded."""
    return Problem(401, title="Unauthenticated")


def throttled(*, retry_after: int) -> Problem:
    """Return a 429; whether Replicate always sends the header is not established.

    docs/replicate-facts/http.md, "Rate limits".
    """
    return Problem(
        429,
        detail=f"Request was throttled. Your rate limit resets in ~{retry_after}s.",
        extra={"retry_after": retry_after},
        headers={"Retry-After": str(retry_after)},
    )


def invalid_version() -> Problem:
    """Return the 422 for a version that is unknown or may not be run."""
    return Problem(
        422,
        title="Invalid version or not permitted",
        detail="The specified version does not exist (or perhaps you don't have permission "
        "to use it?)",
    )


async def answer_problem(request: Request, error: Exception) -> Response:
    """Turn a `Problem`, or Starlette's own 404 and 405, into an answer."""
    del request
    if isinstance(error, Problem):
        return error.answer()
    if isinstance(error, HTTPException):
        return Problem(error.status_code, detail=error.detail).answer()
    raise error
