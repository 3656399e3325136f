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
from tests.chaos.ground import ONE_REQUEST, Ground
from tests.chaos.outcome import Outcome

# Stands in whatever a forged webhook says, so that it would be seen.
LIE = "FORGED-BY-CHAOS"
REFUSALS = (400, 401, 404, 413)
# The secret that it was signed with could not be read: nothing was believed.
UNCHECKED = 503
# Each kind once in so long: the machine is to have time for the jobs.
EVERY_S = 1.0
# A worker that was put to sleep may hold the row that an answer waits for.
ANSWERS_WITHIN_S = 60.0
TOO_LARGE = 3 * 2**20


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What is posted."""

    address: str
    body: bytes
    headers: dict[str, str]


Kind = Callable[["Victim"], Letter]


def forge_webhooks(ground: Ground, over: Event) -> Outcome:
    """Post forged webhooks of each kind; find what was not refused."""
    return _post(ground, over, FORGED, expected=REFUSALS)


def send_old_news(ground: Ground, over: Event) -> Outcome:
    """Post what Replicate might have sent earlier, rightly signed; find what was not taken."""
    return _post(ground, over, (_old_news, _beside_malformed), expected=(200,))


def _post(
    ground: Ground, over: Event, kinds: tuple[Kind, ...], *, expected: tuple[int, ...]
) -> Outcome:
    outcome = Outcome(struck={name_of(kind): 0 for kind in kinds})
    dice = random.Random(5)  # noqa: S311
    with httpx.Client(timeout=ANSWERS_WITHIN_S, limits=ONE_REQUEST) as http:
        while not over.wait(EVERY_S):
            known = _find_victims(ground)
            for kind in kinds if len(known) > 1 else ():
                one, other = dice.sample(known, 2)
                victim = Victim(one, other=other, secret=ground.webhook_secret)
                outages = ground.outages
                status, text = _answer(http, kind(victim))
                outcome.answers.append(text)
                if status == UNCHECKED:
                    # Neither believed nor refused for what it is: that shows nothing.
                    continue
                if _is_right(kind, status, expected=expected):
                    outcome.struck[name_of(kind)] += 1
                # A web process without its database answers 500 to whatever comes.
                elif ground.outages == outages and ground.has_database:
                    outcome.problems.append(f"{name_of(kind)} was answered with {status}: {text}")
    return outcome


def name_of(kind: Kind) -> str:
    """Return what a kind of webhook is counted as."""
    return f"webhook {kind.__name__.strip('_')}"


def _is_right(kind: Kind, status: int | None, *, expected: tuple[int, ...]) -> bool:
    """Say whether an answer is as expected; on what is too long the connection may be closed."""
    return status in expected or (status is None and kind is oversized)


def _answer(http: httpx.Client, letter: Letter) -> tuple[int | None, str]:
    """Return the answer's status and text; None and what happened, where there was none."""
    # httpx by itself sends nothing but ASCII.
    headers = [(name.encode(), value.encode("latin-1")) for name, value in letter.headers.items()]
    try:
        answer = http.post(letter.address, content=letter.body, headers=headers)
    except httpx.TransportError as error:
        return None, repr(error)
    return answer.status_code, answer.text


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


FORGED = (
    *(wrong_secret, old_timestamp, replayed, replayed_as_new, another_address, another_token),
    *(oversized, not_json, not_an_object, invalid_utf8, without_signature),
    *(malformed_signatures, strange_headers),
)


def _old_news(victim: Victim) -> Letter:
    """What was so before: it runs."""
    return victim.letter(_bytes({**_shown(victim.known), "status": "processing", "output": None}))


def _beside_malformed(victim: Victim) -> Letter:
    """What is so, rightly signed, with a malformed signature before the right one."""
    noise = base64.b64encode(b"noise").decode()
    signature = f"v1,%%% v1,{noise} {{}}"
    return victim.letter(_bytes(_shown(victim.known)), signature=signature)
