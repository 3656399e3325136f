"""Replicate's webhooks, as they come over HTTP: signed, forged, doubled, broken."""

import base64
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook

from replicate_api.errors import NoAnswer
from staging.models import Prediction, Tally
from staging.predictions import webhook_signature
from tests.processes import free_port
from tests.staging.conftest import Ask, Sandbox, only, steps

PUBLIC_URL = "https://restage.example"
OUTPUT = "https://replicate.delivery/a/out-0.webp"
OTHER_SECRET = "whsec_" + base64.b64encode(b"another account's secret").decode()
Send = Callable[..., Any]


@pytest.fixture
def running(running: Prediction, settings: Settings) -> Prediction:
    settings.PUBLIC_URL = PUBLIC_URL
    return running


@pytest.fixture
def send(sandbox: Sandbox, client: Client) -> Send:
    """Send a webhook as Replicate would: `send(prediction, body, to=…, secret=…)`."""
    client.raise_request_exception = False
    secret = sandbox.webhook_secret()

    def deliver(
        prediction: Prediction,
        body: str | bytes | dict[str, Any],
        *,
        to: str | None = None,
        signed_with: str = secret,
        at: datetime | None = None,
        **headers: str,
    ) -> Any:
        text = json.dumps(body).encode() if isinstance(body, dict) else body
        content = text.encode() if isinstance(text, str) else text
        at = at or datetime.now(UTC)
        signed = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": sign(content, secret=signed_with, at=at),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        address = to or path_of(prediction)
        return client.post(address, content, content_type="application/json", headers=signed)

    return deliver


def sign(content: bytes, *, secret: str, at: datetime) -> str:
    """Sign with an implementation that is not ours; what it cannot sign, by hand."""
    try:
        return Webhook(secret).sign("msg_1", at, content.decode())
    except UnicodeDecodeError:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"msg_1.{int(at.timestamp())}.".encode() + content
        return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def path_of(prediction: Prediction) -> str:
    return f"/api/v1/webhooks/replicate/{prediction.pk}/{prediction.webhook_token}"


def news(prediction: Prediction, status: str = "succeeded", **more: Any) -> dict[str, Any]:
    return {
        "id": prediction.replicate_id or "r1",
        "status": status,
        "output": [OUTPUT],
        "webhook": f"{PUBLIC_URL}{path_of(prediction)}",
        **more,
    }


def test_webhook_is_accepted(running: Prediction, send: Send) -> None:
    answer = send(running, news(running))

    assert (answer.status_code, answer.json()) == (200, {"detail": "Thank you."})
    assert (only(running.job).status, only(running.job).outputs) == ("collecting", [OUTPUT])
    assert steps(running)[-1] == ("running", "collecting", "webhook")


def test_webhook_that_comes_twice_works_once(running: Prediction, send: Send) -> None:
    answers = [send(running, news(running)).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert [step[1] for step in steps(running)].count("collecting") == 1


def test_webhook_out_of_order_changes_nothing(running: Prediction, send: Send) -> None:
    send(running, news(running))

    assert send(running, news(running, "processing")).status_code == 200
    assert only(running.job).status == "collecting"


@pytest.mark.parametrize("status", ["queued", "submitting"])
def test_webhook_adopts_a_purchase_that_was_not_written_down(
    sandbox: Sandbox, ask: Ask, send: Send, status: str, settings: Settings
) -> None:
    settings.PUBLIC_URL = PUBLIC_URL
    prediction = only(ask())
    Prediction.objects.update(status=status, intent_at=timezone.now())

    assert send(prediction, news(prediction)).status_code == 200

    assert (only(prediction.job).status, only(prediction.job).replicate_id) == ("collecting", "r1")


@pytest.mark.parametrize(
    "change",
    [
        {"signed_with": OTHER_SECRET},
        {"at": datetime.now(UTC) - timedelta(hours=1)},
        {"at": datetime.now(UTC) + timedelta(hours=1)},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,AAAA"},
        {"webhook_timestamp": "now"},
        {"webhook_id": "msg_2"},
    ],
    ids=["another's", "old", "of later", "no signature", "a wrong one", "no time", "another id"],
)
def test_webhook_that_is_not_replicates_is_refused(
    running: Prediction, send: Send, change: dict[str, Any]
) -> None:
    assert send(running, news(running), **change).status_code == 401
    assert only(running.job).status == "running"


def test_webhook_with_a_malformed_signature_beside_a_good_one(
    running: Prediction, send: Send, sandbox: Sandbox
) -> None:
    body = json.dumps(news(running)).encode()
    good = sign(body, secret=sandbox.webhook_secret(), at=datetime.now(UTC))
    signatures = f"v1,not-base64! nonsense v9,AAAA v1 {good}"

    assert send(running, body, webhook_signature=signatures).status_code == 200
    assert only(running.job).status == "collecting"


def test_webhook_without_a_good_token_is_not_found(
    running: Prediction, send: Send, ask: Ask
) -> None:
    other = only(ask())
    folder = "/api/v1/webhooks/replicate"
    addresses = [
        f"{folder}/{running.pk}/{other.webhook_token}",
        f"{folder}/{other.pk}/{running.webhook_token}",
        f"{folder}/{running.pk}/{running.webhook_token}é",
        f"{folder}/00000000-0000-0000-0000-000000000000/{running.webhook_token}",
    ]

    assert [send(running, news(running), to=to).status_code for to in addresses] == [404] * 4
    assert only(running.job).status == "running"


def test_webhook_of_another_prediction_is_refused(
    running: Prediction, send: Send, ask: Ask
) -> None:
    """A signature does not cover the address: what was signed for one may be sent to another."""
    other = only(ask())

    assert send(running, news(running), to=path_of(other)).status_code == 400
    silent = {**news(running), "webhook": None}
    assert send(running, silent, to=path_of(other)).status_code == 200

    assert (only(other.job).status, only(running.job).status) == ("queued", "running")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"not json", 400),
        (b'{"id": "r1"}', 400),
        (b'{"id": "r1", "status": 5}', 400),
        (b'{"id": "../r1", "status": "succeeded"}', 400),
        (b'{"id": "r1", "status": "succeeded"', 400),
        (b"\xff\xfe", 401),
        (b"[" * 5000 + b"]" * 5000, 400),
        (b'{"id": "r1", "status": "succeeded", "output": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
        (b'{"id": "r1", "status": "failed", "error": ' + b"9" * 5000 + b"}", 400),
        (b" " * (2 * 2**20 + 1), 413),
    ],
    ids=range(12),
)
def test_webhook_that_is_no_prediction_is_refused(
    running: Prediction, send: Send, body: bytes, status: int
) -> None:
    answer = send(running, body)

    assert (answer.status_code, list(answer.json())) == (status, ["detail"])
    assert only(running.job).status == "running"


@pytest.mark.parametrize(
    "more",
    [
        {"error": "a\0b"},
        {"error": "half \ud83d a pair"},
        {"error": {"a\0": "b\0"}},
        {"logs": "\0"},
        {"metrics": {"predict_time": float("nan"), "total": 1e400, "x\0": "\0"}},
        {"metrics": {"predict_time": 10**400}},
        {"metrics": {"deep": [[[[[]]]]]}},
        {"output": [f"{OUTPUT}\0"]},
        {"created_at": "yesterday", "version": {}, "input": []},
    ],
    ids=range(9),
)
@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_webhook_with_values_that_no_database_takes(
    running: Prediction, send: Send, status: str, more: dict[str, Any]
) -> None:
    assert send(running, news(running, status, **more)).status_code == 200
    ends_as = "collecting" if status == "succeeded" else "failed"
    assert only(running.job).status == ends_as


def test_webhook_while_replicate_cannot_be_asked_for_the_secret(
    running: Prediction, send: Send, settings: Settings
) -> None:
    settings.REPLICATE_BASE_URL = f"http://127.0.0.1:{free_port()}"

    assert send(running, news(running)).status_code == 503
    assert only(running.job).status == "running"


def test_many_webhooks_ask_for_the_secret_once(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A web process that begins while Replicate hangs must not lose its threads to it."""
    sandbox.misbehave("secret", "stall", seconds=1, times=0)

    def read(_: int) -> str:
        try:
            return webhook_signature.secret.read()
        except NoAnswer as error:
            return str(error)

    monkeypatch.setattr(webhook_signature, "LIMIT_S", 0.2)
    with ThreadPoolExecutor(8) as threads:
        told = set(threads.map(read, range(8)))

    assert len(told) == 1
    assert sandbox.requests()["secret"] == 1


def test_webhook_address_outlives_a_rotation_of_the_key(
    running: Prediction, send: Send, settings: Settings
) -> None:
    to, body = path_of(running), news(running)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-than-the-one-before-it"

    assert send(running, body, to=to).status_code == 200


def test_webhook_is_posted(running: Prediction, client: Client) -> None:
    assert client.get(path_of(running)).status_code == 405


def test_webhook_secret_is_asked_for_once(
    running: Prediction, send: Send, sandbox: Sandbox
) -> None:
    before = sandbox.requests().get("secret", 0)
    for _ in range(3):
        send(running, news(running, "processing"))
        send(running, news(running, "processing"), signed_with=OTHER_SECRET)

    assert sandbox.requests()["secret"] - before == 1


def test_webhooks_are_counted_by_verdict(running: Prediction, send: Send, ask: Ask) -> None:
    to = path_of(only(ask()))
    send(running, news(running), to=to[:-1] + "é")
    send(running, b" " * (2 * 2**20 + 1))
    send(running, news(running), signed_with=OTHER_SECRET)
    send(running, b"not json")
    send(running, news(running), to=to)
    for status in ("processing", "succeeded", "succeeded"):
        send(running, news(running, status))

    assert dict(Tally.objects.filter(name="webhooks").values_list("label", "count")) == {
        "unknown_address": 1,
        "too_large": 1,
        "bad_signature": 1,
        "not_a_prediction": 1,
        "another_predictions": 1,
        "accepted": 1,
        "no_change": 2,
    }


def test_webhook_leaves_nothing_in_its_thread(running: Prediction, send: Send) -> None:
    send(running, news(running))

    assert structlog.contextvars.get_contextvars() == {}
