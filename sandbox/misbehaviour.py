"""Misbehaviour on the wire: requests refused, held, cut off or answered with nonsense."""

from __future__ import annotations

import asyncio
import re
from asyncio import BaseTransport, Transport
from collections.abc import AsyncIterator
from typing import ClassVar

from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.faults import WIRE, Fault, Faults
from sandbox.problems import Problem

SEGMENT = "[^/]+"
ENDPOINTS = [
    (method, re.compile(f"^{path}$"), name)
    for method, path, name in (
        ("POST", "/v1/predictions", "create"),
        ("POST", f"/v1/models/{SEGMENT}/{SEGMENT}/predictions", "create"),
        ("GET", "/v1/predictions", "list"),
        ("GET", f"/v1/predictions/{SEGMENT}", "get"),
        ("POST", f"/v1/predictions/{SEGMENT}/cancel", "cancel"),
        ("POST", "/v1/files", "upload"),
        ("GET", "/v1/files", "files"),
        ("GET", f"/v1/files/{SEGMENT}", "file"),
        ("DELETE", f"/v1/files/{SEGMENT}", "delete_file"),
        ("GET", f"/v1/files/{SEGMENT}/download", "download_file"),
        ("GET", "/v1/models", "models"),
        ("QUERY", "/v1/models", "search"),
        ("GET", f"/v1/models/{SEGMENT}/{SEGMENT}", "model"),
        ("GET", f"/v1/models/{SEGMENT}/{SEGMENT}/versions.*", "versions"),
        ("GET", "/v1/account", "account"),
        ("GET", "/v1/webhooks/default/secret", "secret"),
        ("GET", "/v1/hardware", "hardware"),
        ("GET", "/v1/collections.*", "collections"),
        ("GET", "/v1/deployments", "deployments"),
        ("GET", "/v1/trainings", "trainings"),
        ("GET", "/outputs/.*", "download"),
    )
]


def endpoint_name(method: str, path: str) -> str | None:
    """Return the name that faults and the record use: `endpoint_name("GET", "/v1/models")`."""
    for known, pattern, name in ENDPOINTS:
        if method == known and pattern.match(path):
            return name
    return None


class DroppableProtocol(H11Protocol):
    """uvicorn's own protocol, which also remembers each open connection by its client's address.

    An ASGI application cannot close a connection without an answer: uvicorn would send a 500.
    """

    open: ClassVar[dict[tuple[str, int], Transport]] = {}

    # uvicorn narrows the type as well, as asyncio's protocols do.
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Remember the connection."""
        super().connection_made(transport)
        if self.client:
            self.open[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self.client:
            self.open.pop(self.client, None)
        super().connection_lost(exc)


class Misbehaviour:
    """Counts each request and, where a fault strikes, misbehaves around the application."""

    def __init__(self, app: ASGIApp, *, faults: Faults, counts: dict[str, int]) -> None:
        self._app = app
        self._faults = faults
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        name = endpoint_name(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if name is None:
            await self._app(scope, receive, send)
            return
        self._counts[name] = self._counts.get(name, 0) + 1
        fault = self._faults.take(name, WIRE)
        match fault and fault.do:
            case None:
                await self._app(scope, receive, send)
            case "drop":
                await _drop(scope, receive)
            case "drop_after":
                # The application acts, so that a purchase exists whose answer is lost.
                await self._answer(scope, receive)
                await _drop(scope, receive)
            case "stall_before":
                await asyncio.sleep(_seconds(fault))
                await self._app(scope, receive, send)
            case "stall" | "truncate" | "drip":
                await self._spoil(scope, receive, send, fault=fault)
            case _:
                await _drain(receive)
                await _instead(fault)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> list[Message]:
        """Let the application act, and keep its answer."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        return messages

    async def _spoil(
        self, scope: Scope, receive: Receive, send: Send, *, fault: Fault | None
    ) -> None:
        """Act at once, then hold the answer, cut it in half, or let it drip."""
        start, *rest = await self._answer(scope, receive)
        body = b"".join(message.get("body", b"") for message in rest)
        if fault and fault.do == "stall":
            await asyncio.sleep(_seconds(fault))
        await send(start)
        if fault and fault.do == "truncate":
            half = body[: len(body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            await _drop(scope, receive)
            return
        if fault and fault.do == "drip":
            for byte in body[:-1]:
                await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
                await asyncio.sleep(_seconds(fault))
            body = body[-1:]
        await send({"type": "http.response.body", "body": body})


def _seconds(fault: Fault | None) -> float:
    return 5.0 if fault is None or fault.seconds is None else fault.seconds


def _instead(fault: Fault | None) -> ASGIApp:
    """Return the answer that replaces the application's; the application does nothing."""
    if fault is None:
        raise ValueError("no fault")
    match fault.do:
        case "garbage":
            return PlainTextResponse("<html>not what you asked for</html>")
        case "huge":
            return stream_blanks(fault.size, media_type="application/json")
        case "redirect":
            return RedirectResponse(fault.address or "http://127.0.0.1:9/", status_code=302)
    return _refusal(fault)


def _refusal(fault: Fault) -> Response:
    extra: dict[str, int] = {}
    headers: dict[str, str] = {}
    if fault.retry_after is not None:
        extra = {"retry_after": fault.retry_after}
        headers = {"Retry-After": str(fault.retry_after)}
    return Problem(fault.status, detail=fault.detail, extra=extra, headers=headers).answer()


def stream_blanks(size: int, *, media_type: str) -> StreamingResponse:
    """Stream about `size` blanks, without saying how many will come."""
    chunk = b" " * 65536

    async def blanks() -> AsyncIterator[bytes]:
        for _ in range(size // len(chunk) + 1):
            yield chunk

    return StreamingResponse(blanks(), media_type=media_type)


async def _drain(receive: Receive) -> None:
    """Read the request to its end: an earlier answer would break the connection."""
    more = True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)


async def _drop(scope: Scope, receive: Receive) -> None:
    """Close the connection without a further byte, and wait until uvicorn knows."""
    transport: BaseTransport | None = DroppableProtocol.open.get(tuple(scope["client"]))
    if transport is not None:
        # `close` sends what was written (half an answer); `abort` would discard it.
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
