"""The check of each call: any bearer token, or the one token of the options, and the rate limit."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.options import Options
from sandbox.problems import Problem, unauthenticated
from sandbox.throttle import Bucket


def require_token(options: Options) -> Callable[[ASGIApp], ASGIApp]:
    """Return a middleware that answers 401 without the token, and 429 to a flood."""
    bucket = Bucket(options.requests_per_minute, burst=options.requests_per_minute)

    def wrap(app: ASGIApp) -> ASGIApp:
        async def checked(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                _check(Headers(scope=scope).get("authorization", ""), token=options.token)
                if not _is_create(scope):
                    bucket.take()
            except Problem as problem:
                await problem.answer()(scope, receive, send)
                return
            await app(scope, receive, send)

        return checked

    return wrap


def _check(header: str, *, token: str) -> None:
    scheme, _, given = header.partition(" ")
    # Older clients write "Token", which the service still takes.
    if scheme.lower() not in ("bearer", "token") or not given.strip():
        raise unauthenticated()
    if token and not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise unauthenticated()


def _is_create(scope: Scope) -> bool:
    """Return whether a request is a creation, which has a rate limit of its own.

    docs/replicate-facts/http.md, "Rate limits".
    """
    return bool(scope["method"] == "POST" and scope["path"].endswith("/predictions"))
