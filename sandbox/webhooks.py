"""Webhooks: signed, filtered by event, and the terminal one retried for a minute.

All of it follows docs/replicate-facts/http.md, "Webhooks".
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from sandbox.faults import LETTERS, Fault, Faults
from sandbox.identifiers import new_id
from sandbox.predictions import Prediction
from sandbox.problems import Problem
from sandbox.validation import Document

EVENTS = ("start", "output", "logs", "completed")
# The events that a prediction without a filter gets.
UNFILTERED = ("output", "completed")
# Exponential, the last one about a minute after completion; the exact steps are not established.
RETRY_DELAYS_S = (1, 2, 4, 8, 16, 30)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One delivery, for the record. `status` is None when no answer came."""

    prediction: str
    event: str
    webhook_id: str
    number: int
    status: int | None


def new_secret() -> str:
    """Return a fresh signing secret, `whsec_` and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def sign(body: bytes, *, secret: str, webhook_id: str, timestamp: int) -> str:
    """Return the `webhook-signature` header: HMAC-SHA256 over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def check_address(address: str) -> None:
    """Raise the 422 unless the address is https, or http on this machine's loopback."""
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return
    raise Problem(422, detail="webhook must be an https address (or http on loopback).")


def is_loopback(host: str) -> bool:
    """Return whether the host is this machine, by name or number, without a look-up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Postman:
    """Delivers the webhooks of predictions, each delivery a task of its own."""

    def __init__(
        self, *, secret: str, faults: Faults, retry_scale: float, timeout_s: float
    ) -> None:
        self.secret = secret or new_secret()
        self.attempts: list[Attempt] = []
        self._faults = faults
        self._retry_scale = retry_scale
        self._client = httpx.AsyncClient(timeout=timeout_s, follow_redirects=False, trust_env=False)
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, prediction: Prediction, *, event: str, shown: Document) -> None:
        """Begin to deliver an event, if the prediction asked for it."""
        wanted = prediction.webhook_events_filter or UNFILTERED
        if not prediction.webhook or event not in wanted:
            return
        # The one body that was captured has its keys in alphabetical order.
        body = json.dumps(shown, sort_keys=True, separators=(",", ":")).encode()
        letter = _Letter(prediction.id, prediction.webhook, event, "msg_" + new_id(), body)
        fault = self._faults.take("webhook", LETTERS, event=event, model=prediction.model.slug)
        task = asyncio.get_running_loop().create_task(self._deliver(letter, fault))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up the deliveries that are left."""
        for task in self._tasks:
            task.cancel()
        await self._client.aclose()

    async def _deliver(self, letter: _Letter, fault: Fault | None) -> None:
        deed = fault.do if fault else ""
        if fault and deed == "delay":
            await asyncio.sleep(fault.seconds or 0)
        if deed == "lose":
            return
        delays = RETRY_DELAYS_S if letter.event == "completed" else ()
        for number, delay in enumerate((*delays, None), start=1):
            delivered = await self._post(letter, number=number, deed=deed)
            if delivered or delay is None:
                break
            await asyncio.sleep(delay * self._retry_scale)
        if deed == "repeat":
            await self._post(letter, number=0, deed="")

    async def _post(self, letter: _Letter, *, number: int, deed: str) -> bool:
        """Post once; return whether the receiver answered with a 2xx."""
        timestamp = int(time.time()) - (3600 if deed == "stale" else 0)
        secret = new_secret() if deed == "forge" else self.secret
        body = letter.body[: len(letter.body) // 2] if deed == "garble" else letter.body
        headers = {
            "content-type": "application/json",
            "user-agent": "Replicate-Sandbox/1",
            "webhook-id": letter.webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(
                body, secret=secret, webhook_id=letter.webhook_id, timestamp=timestamp
            ),
        }
        if deed == "unsigned":
            del headers["webhook-signature"]
        status = await self._answer(letter.address, body=body, headers=headers)
        self.attempts.append(
            Attempt(
                prediction=letter.prediction,
                event=letter.event,
                webhook_id=letter.webhook_id,
                number=number,
                status=status,
            )
        )
        # A redirect is neither followed nor tried again: it fails silently.
        return status is not None and status < 400

    async def _answer(self, address: str, *, body: bytes, headers: dict[str, str]) -> int | None:
        try:
            answer = await self._client.post(address, content=body, headers=headers)
        except httpx.HTTPError:
            return None
        return answer.status_code


@dataclass(frozen=True)
class _Letter:
    prediction: str
    address: str
    event: str
    webhook_id: str
    body: bytes
