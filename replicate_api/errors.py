"""The errors of calls to Replicate, one family.

    ReplicateError
    ├── TryAgain
    │   ├── Unreachable          no connection was made *
    │   ├── RateLimited          429 *
    │   ├── NoAnswer             sent, and no whole answer came; 408
    │   ├── ServerError          5xx
    │   └── BadAnswer            an answer that the API does not document
    └── DoNotRetry
        ├── Unauthenticated      401 *
        ├── InsufficientCredit   402 *
        ├── NotFound             404, and a removed output *
        ├── TooLarge             413 *
        ├── InvalidInput         422 *
        ├── UndocumentedRefusal  any other 4xx
        └── OutputRefused        an output's address or size that we do not accept

UnusableToken, a ValueError, means that no client can be made.

* proves that no prediction was created (`proves_not_bought`). After any other error of a
create a purchase may exist: look it up before buying again.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DEFAULT_RETRY_AFTER_S = 10.0
MAX_RETRY_AFTER_S = 600.0
MAX_DETAIL_CHARACTERS = 2000
MAX_FIELDS = 50
MAX_FIELD_CHARACTERS = 500

_NAME_IN_DESCRIPTION = re.compile(
    r"(?:Additional property )?(?P<name>\S+) (?P<what>is required|is not allowed)"
)

Fields = tuple[tuple[str, str], ...]


class UnusableToken(ValueError):
    """A token that no request could bear."""


class ReplicateError(Exception):
    """A call to Replicate that failed.

    Only `detail`, the text for people, is positional, so that Celery can rebuild the error.
    """

    proves_not_bought: bool = False

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class TryAgain(ReplicateError):
    """The same call may succeed later."""


class Unreachable(TryAgain):
    """No connection was made, so the request never left."""

    proves_not_bought = True


class RateLimited(TryAgain):
    """Too many requests: wait for `retry_after_s` (0 to 600 seconds).

    `told_by` is the source of that time: "header", "body", or "" where neither had it and it is
    DEFAULT_RETRY_AFTER_S.
    """

    proves_not_bought = True

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after_s: float = DEFAULT_RETRY_AFTER_S,
        told_by: str = "",
    ) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.told_by = told_by


class NoAnswer(TryAgain):
    """The request went out and no whole answer came back in time."""


class ServerError(TryAgain):
    """Replicate, or Cloudflare before it, answered 5xx."""

    def __init__(self, detail: str = "", *, status: int = 500) -> None:
        super().__init__(detail)
        self.status = status


class BadAnswer(TryAgain):
    """The answer is not what the API documents: not JSON, no id, too long."""


class DoNotRetry(ReplicateError):
    """The same call will fail the same way."""


class Unauthenticated(DoNotRetry):
    """The token is not valid."""

    proves_not_bought = True


class InsufficientCredit(DoNotRetry):
    """The account has no credit left."""

    proves_not_bought = True


class NotFound(DoNotRetry):
    """No such model, prediction or file, or it is gone."""

    proves_not_bought = True


class TooLarge(DoNotRetry):
    """The file is larger than Replicate takes."""

    proves_not_bought = True


class InvalidInput(DoNotRetry):
    """The model or the input is refused; `fields` pairs each input with what is wrong.

    A name is `input.` and the input's, in whichever form it was answered, and MAX_FIELDS are kept,
    of MAX_FIELD_CHARACTERS each.

    >>> error.fields
    (('input.output_format', 'must be one of "webp", "jpg", "png"'),)
    """

    proves_not_bought = True

    def __init__(self, detail: str = "", *, fields: Fields = ()) -> None:
        super().__init__(detail)
        self.fields = fields


class UndocumentedRefusal(DoNotRetry):
    """A 4xx that the API does not document, such as Cloudflare's 403."""

    def __init__(self, detail: str = "", *, status: int = 400) -> None:
        super().__init__(detail)
        self.status = status


class OutputRefused(DoNotRetry):
    """An output that we do not fetch: a host that is not allowed, or too many bytes."""


def error_from_answer(status: int, *, headers: Mapping[str, str], body: bytes) -> ReplicateError:
    """Return the error for an answer of status 400 or more.

    The names in `headers` are looked up in lower case.
    """
    problem = _problem(body)
    detail = _detail(status, problem=problem, body=body)
    match status:
        case 401:
            return Unauthenticated(detail)
        case 402:
            return InsufficientCredit(detail)
        case 404:
            return NotFound(detail)
        case 408:
            return NoAnswer(detail)
        case 413:
            return TooLarge(detail)
        case 422:
            fields = _invalid_fields(problem) or _fastapi_fields(problem)
            return InvalidInput(detail, fields=fields)
        case 429:
            header, in_body = headers.get("retry-after", ""), problem.get("retry_after")
            wait_s, told_by = _retry_after(header, in_body)
            return RateLimited(detail, retry_after_s=wait_s, told_by=told_by)
    if status >= 500:
        return ServerError(detail, status=status)
    return UndocumentedRefusal(detail, status=status)


def _problem(body: bytes) -> dict[str, object]:
    try:
        problem = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return problem if isinstance(problem, dict) else {}


def _detail(status: int, *, problem: dict[str, object], body: bytes) -> str:
    told = problem.get("detail") or problem.get("title")
    if fields := _fastapi_fields(problem):
        told = "; ".join(": ".join(filter(None, field)) for field in fields)
    text = told if isinstance(told, str) else body[:200].decode(errors="replace")
    return f"Replicate answered {status}: {text.strip() or 'no details'}"[:MAX_DETAIL_CHARACTERS]


def _invalid_fields(problem: dict[str, object]) -> Fields:
    fields = problem.get("invalid_fields")
    if not isinstance(fields, list):
        return ()
    return tuple(
        _bounded(*_named(str(field.get("field", "")), str(field.get("description", ""))))
        for field in fields[:MAX_FIELDS]
        if isinstance(field, dict)
    )


def _named(field: str, description: str) -> tuple[str, str]:
    """Name an input that is missing or not known, as its description alone does.

    >>> _named("input", "prompt is required")
    ('input.prompt', 'is required')
    """
    named = _NAME_IN_DESCRIPTION.fullmatch(description)
    if not field.startswith("input") or not named:
        return field, description
    return f"{field}.{named['name']}", named["what"]


def _fastapi_fields(problem: dict[str, object]) -> Fields:
    """Read the answer of a model's own server, which has no `invalid_fields`.

    >>> _fastapi_fields({"detail": [{"loc": ["body", "input", "seed"], "msg": "field required"}]})
    (('input.seed', 'field required'),)
    """
    found = problem.get("detail")
    if not isinstance(found, list):
        return ()
    fields: list[tuple[str, str]] = []
    for entry in found[:MAX_FIELDS]:
        loc, msg = (entry.get("loc"), entry.get("msg")) if isinstance(entry, dict) else (None, None)
        if isinstance(loc, list) and isinstance(msg, str):
            path = loc[1:] if loc[:1] == ["body"] else loc
            fields.append(_bounded(".".join(map(str, path)), msg))
    return tuple(fields)


def _bounded(name: str, what: str) -> tuple[str, str]:
    return name[:MAX_FIELD_CHARACTERS], what[:MAX_FIELD_CHARACTERS]


def _retry_after(header: str, in_body: object) -> tuple[float, str]:
    wait_s, told_by = _seconds_in_header(header.strip()), "header"
    if wait_s is None and isinstance(in_body, int | float) and math.isfinite(in_body):
        wait_s, told_by = float(in_body), "body"
    if wait_s is None:
        wait_s, told_by = DEFAULT_RETRY_AFTER_S, ""
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S), told_by


def _seconds_in_header(header: str) -> float | None:
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", header):
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    # A date with the zone "-0000" comes back without one; it means UTC.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()
