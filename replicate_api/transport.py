"""The transport of requests to Replicate: pooled connections, one deadline, bounded answers.

`Wire` sends; `Exchange` is the httpx transport that the official client is given for one
call. The official client wraps any transport in a retrying one of its own, which sleeps
for as long as `Retry-After` says: an Exchange raises our errors itself, so that the
wrapper sees nothing to retry.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import httpcore
import httpx

from replicate_api.deadline import DeadlineBackend, deadline
from replicate_api.errors import BadAnswer, NoAnswer, Unreachable, error_from_answer

MAX_JSON_BYTES = 20_000_000
# Enough to read the reason of a refusal.
MAX_REFUSAL_BYTES = 64_000
# Below the 5 seconds after which common servers close an idle connection: a create sent
# into a closing connection would be an uncertain purchase.
KEEPALIVE_S = 2.0

NEVER_SENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
)
NO_ANSWER = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)

# The official client gets this in place of each answer. All its models (account, model,
# prediction, page, file, secret) accept it, so no answer of Replicate's can break the client;
# the objects that it makes are not used.
STAND_IN = {
    "id": "",
    "name": "",
    "owner": "",
    "username": "",
    "type": "user",
    "url": "",
    "visibility": "public",
    "run_count": 0,
    "model": "",
    "version": "",
    "status": "starting",
    "results": [],
    "content_type": "",
    "size": 0,
    "etag": "",
    "checksums": {},
    "metadata": {},
    "created_at": "",
    "urls": {},
    "key": "",
}


class AnswerTooLong(Exception):
    """An answer has more bytes than the caller takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer; where its status is not 2xx, the first bytes of its body."""

    status: int
    headers: httpx.Headers
    body: bytes


class Wire:
    """Pooled connections, shared by the threads of a process; each process makes its own."""

    def __init__(self, *, connect_timeout_s: float) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._pool = httpcore.ConnectionPool(
            ssl_context=_ssl_context(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=DeadlineBackend(),
        )

    def send(self, request: httpx.Request, *, timeout_s: float, max_bytes: int) -> Answer:
        """Send once and return the whole answer within `timeout_s`, whatever its status.

        Raises Unreachable, NoAnswer or AnswerTooLong.
        """
        connect_s = min(self._connect_timeout_s, timeout_s)
        with deadline(timeout_s):
            with _own_errors(request):
                response = self._pool.handle_request(
                    httpcore.Request(
                        method=request.method,
                        url=httpcore.URL(
                            scheme=request.url.raw_scheme,
                            host=request.url.raw_host,
                            port=request.url.port,
                            target=request.url.raw_path,
                        ),
                        headers=request.headers.raw,
                        content=request.stream,
                        extensions={"timeout": {"pool": connect_s, "connect": connect_s}},
                    )
                )
            try:
                body = _read(request, response, max_bytes=max_bytes)
            finally:
                response.close()
        return Answer(status=response.status, headers=httpx.Headers(response.headers), body=body)

    def close(self) -> None:
        self._pool.close()


class Exchange(httpx.BaseTransport):
    """One request of the official client, and the raw answer to it.

    >>> exchange = Exchange(wire, timeout_s=30)
    >>> Client(api_token=token, transport=exchange).predictions.get(id)
    >>> exchange.json
    {'id': …, 'status': 'aborted', …}
    """

    def __init__(self, wire: Wire, *, timeout_s: float) -> None:
        self._wire = wire
        self._timeout_s = timeout_s
        self.json: object = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Keep the answer, raise our error for it, or give the client the stand-in."""
        try:
            answer = self._wire.send(request, timeout_s=self._timeout_s, max_bytes=MAX_JSON_BYTES)
        except AnswerTooLong as error:
            raise BadAnswer(f"{call_of(request)}: {error}") from error
        if answer.status >= 400:
            raise error_from_answer(answer.status, headers=answer.headers, body=answer.body)
        if answer.status >= 300:
            raise BadAnswer(f"{call_of(request)}: the API answered a redirect ({answer.status})")
        self.json = _json(request, answer)
        return httpx.Response(200, json=STAND_IN)


def call_of(request: httpx.Request) -> str:
    """Name a request for people, without its query, which may hold a signature."""
    return f"{request.method} {request.url.host}{request.url.path}"


@cache
def _ssl_context() -> ssl.SSLContext:
    # Reading the authorities' certificates takes tens of milliseconds.
    return httpx.create_ssl_context()


@contextmanager
def _own_errors(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except NEVER_SENT as error:
        raise Unreachable(f"{call_of(request)}: no connection ({error!r})") from error
    except NO_ANSWER as error:
        raise NoAnswer(f"{call_of(request)}: no whole answer ({error!r})") from error


def _read(request: httpx.Request, response: httpcore.Response, *, max_bytes: int) -> bytes:
    if response.status >= 300:
        return _read_refusal(request, response)
    body = bytearray()
    with _own_errors(request):
        for part in response.iter_stream():
            body += part
            if len(body) > max_bytes:
                raise AnswerTooLong(f"the answer has more than {max_bytes} bytes")
    return bytes(body)


def _read_refusal(request: httpx.Request, response: httpcore.Response) -> bytes:
    # The status alone decides what a refusal proves, even where its text breaks off.
    body = bytearray()
    try:
        with _own_errors(request):
            for part in response.iter_stream():
                body += part
                if len(body) > MAX_REFUSAL_BYTES:
                    break
    except NoAnswer:
        pass
    # A refusal may quote the request, and its text goes into errors and logs: the token is taken
    # out.
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    refusal = bytes(body[:MAX_REFUSAL_BYTES])
    return refusal.replace(token.encode(), b"[token]") if token else refusal


def _json(request: httpx.Request, answer: Answer) -> object:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"{call_of(request)}: the answer is not JSON") from error
