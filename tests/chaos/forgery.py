"""Webhooks that Replicate did not send, or sent at another time: none may change anything."""

import base64
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any

import httpx

from sandbox.webhooks import new_secret, sign
from tests.chaos.ground import Ground

# Stands in whatever a forged webhook says, so that it would be seen.
LIE = "FORGED-BY-CHAOS"
REFUSALS = (400, 401, 404, 413)
# The secret that it was signed with could not be read: nothing was believed.
UNCHECKED = 503
# Each kind once in so long: the machine is to have time for the jobs.
EVERY_S = 1.0
TOO_LARGE = 3 * 2**20


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What is posted."""

    address: str
    body: bytes
    headers: dict[str, str]


def forge_webhooks(ground: Ground, over: Event) -> list[str]:
    """Post forged webhooks of each kind, in turn; return what was not refused."""
    return _post(ground, over, list(FORGED.values()), expected=(*REFUSALS, UNCHECKED))


def send_old_news(ground: Ground, over: Event) -> list[str]:
    """Post what Replicate might have sent earlier, rightly signed; return what was not taken."""
    return _post(ground, over, [_old_news, _beside_malformed], expected=(200, UNCHECKED))


def _post(
    ground: Ground,
    over: Event,
    kinds: list[Callable[["Victim"], Letter]],
    *,
    expected: tuple[int, ...],
) -> list[str]:
    wrong: list[str] = []
    dice = random.Random(5)  # noqa: S311
    with httpx.Client(timeout=10) as http:
        turn = 0
        while not over.wait(EVERY_S):
            known = _find_victims(ground)
            for _ in range(len(kinds) if known else 0):
                kind = kinds[turn % len(kinds)]
                turn += 1
                one, other = dice.choice(known), dice.choice(known)
                victim = Victim(one, other=other, secret=ground.webhook_secret)
                outages = ground.outages
                status = _answer(http, kind(victim))
                if status in (None, *expected):
                    continue
                # A web process without its database answers 500 to whatever comes.
                if ground.outages == outages and ground.has_database:
                    wrong.append(f"{kind.__name__.strip('_')} was answered with {status}")
    return wrong


def _answer(http: httpx.Client, letter: Letter) -> int | None:
    """Return the status of the answer; None where the connection was closed on what is too long."""
    # httpx by itself sends nothing but ASCII.
    headers = [(name.encode(), value.encode("latin-1")) for name, value in letter.headers.items()]
    try:
        return http.post(letter.address, content=letter.body, headers=headers).status_code
    except httpx.TransportError:
        return None


def _find_victims(ground: Ground) -> list[dict[str, Any]]:
    recorded = ground.sandbox.get("/_sandbox/record").json()["predictions"]
    return [one for one in recorded if one["webhook"]]


class Victim:
    """A prediction of which a lie is told; `other` is another one."""

    def __init__(self, known: dict[str, Any], *, other: dict[str, Any], secret: str) -> None:
        self.known, self.other, self.secret = known, other, secret
        self.address: str = known["webhook"]
        self.lie = {**_shown(known), "status": "failed", "error": LIE, "output": None}

    def letter(
        self,
        body: bytes,
        *,
        secret: str = "",
        age_s: int = 0,
        address: str = "",
        signature: str = "{}",
        timestamp: str = "",
    ) -> Letter:
        """Return a letter; `signature` is a template of the header, `timestamp` another header."""
        named, at = "msg_" + random.randbytes(8).hex(), int(time.time()) - age_s  # noqa: S311
        signed = sign(body, secret=secret or self.secret, webhook_id=named, timestamp=at)
        own = {
            "content-type": "application/json",
            "webhook-id": named,
            "webhook-timestamp": timestamp or str(at),
            "webhook-signature": signature.format(signed),
        }
        return Letter(address=address or self.address, body=body, headers=own)


def _shown(known: dict[str, Any]) -> dict[str, Any]:
    """Return a prediction of the record as a webhook's body shows it."""
    names = (
        "id",
        "model",
        "version",
        "input",
        "webhook",
        "created_at",
        "status",
        "error",
        "output",
    )
    return {**{name: known[name] for name in names}, "logs": "", "urls": {}}


def _bytes(body: object) -> bytes:
    return json.dumps(body).encode()


def wrong_secret(victim: Victim) -> Letter:
    return victim.letter(_bytes(victim.lie), secret=new_secret())


def old_timestamp(victim: Victim) -> Letter:
    return victim.letter(_bytes(victim.lie), age_s=3600)


def replayed(victim: Victim) -> Letter:
    """A letter that was true ten minutes ago, with its own headers."""
    return victim.letter(_bytes(_shown(victim.known)), age_s=600)


def replayed_as_new(victim: Victim) -> Letter:
    """The same under today's date, which its signature does not cover."""
    now = str(int(time.time()))
    return victim.letter(_bytes(_shown(victim.known)), age_s=600, timestamp=now)


def another_address(victim: Victim) -> Letter:
    """Rightly signed, and sent to another prediction."""
    if victim.other["webhook"] == victim.address:
        return wrong_secret(victim)
    return victim.letter(_bytes(victim.lie), address=victim.other["webhook"])


def another_token(victim: Victim) -> Letter:
    """To the right prediction, with a secret part of an address that is not its own."""
    address = victim.address.rsplit("/", 1)[0] + "/" + "0" * 32
    return victim.letter(_bytes(victim.lie), address=address)


def oversized(victim: Victim) -> Letter:
    return victim.letter(_bytes({**victim.lie, "logs": "x" * TOO_LARGE}))


def not_json(victim: Victim) -> Letter:
    return victim.letter(f"<html>{LIE}</html>".encode())


def not_an_object(victim: Victim) -> Letter:
    return victim.letter(b"[" * 100_000)


def invalid_utf8(victim: Victim) -> Letter:
    return victim.letter(_bytes(victim.lie)[:-1] + b"\xff\xfe}")


def without_signature(victim: Victim) -> Letter:
    return victim.letter(_bytes(victim.lie), signature="")


def malformed_signatures(victim: Victim) -> Letter:
    """What is no base64, beside one of another secret."""
    return victim.letter(_bytes(victim.lie), secret=new_secret(), signature="v1,%%% v9,AAAA v1 {}")


def strange_headers(victim: Victim) -> Letter:
    """A time in other digits, which Python would read as a number."""
    return victim.letter(_bytes(victim.lie), timestamp="١٢٣".encode().decode("latin-1"))


FORGED: dict[str, Callable[[Victim], Letter]] = {
    kind.__name__: kind
    for kind in (
        *(wrong_secret, old_timestamp, replayed, replayed_as_new, another_address, another_token),
        *(oversized, not_json, not_an_object, invalid_utf8, without_signature),
        *(malformed_signatures, strange_headers),
    )
}


def _old_news(victim: Victim) -> Letter:
    """What was so before: it runs."""
    return victim.letter(_bytes({**_shown(victim.known), "status": "processing", "output": None}))


def _beside_malformed(victim: Victim) -> Letter:
    """What is so, rightly signed, with a malformed signature before the right one."""
    noise = base64.b64encode(b"noise").decode()
    signature = f"v1,%%% v1,{noise} {{}}"
    return victim.letter(_bytes(_shown(victim.known)), signature=signature)
