from __future__ import annotations

import json

import httpx
import pytest
from replicate.webhook import Webhooks, WebhookSigningSecret
from standardwebhooks import Webhook, WebhookVerificationError

from sandbox.webhooks import sign
from tests.sandbox.conftest import BODY, STAGER, Make, Receiver, wait_for


def statuses(receiver: Receiver) -> list[str]:
    return [json.loads(body)["status"] for _, body in receiver.received]


def await_letters(receiver: Receiver, count: int) -> None:
    wait_for(lambda: len(receiver.received), until=lambda found: found >= count)


def secret(api: httpx.Client) -> str:
    return str(api.get("/v1/webhooks/default/secret").json()["key"])


def test_sign_gives_the_published_vector() -> None:
    signature = sign(
        b'{"test": 2432232314}',
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_webhook_passes_two_verifiers(api: httpx.Client, create: Make, receiver: Receiver) -> None:
    created = create(webhook=receiver.address, webhook_events_filter=["completed"])
    await_letters(receiver, 1)

    headers, body = receiver.received[0]
    verified = Webhook(secret(api)).verify(body.decode(), headers)
    Webhooks.validate(
        headers=headers,
        body=body.decode(),
        secret=WebhookSigningSecret(key=secret(api)),
        tolerance=300,
    )

    assert verified["id"] == created["id"]
    assert list(verified) == sorted(verified)


def test_without_filter_output_and_completed_are_sent(create: Make, receiver: Receiver) -> None:
    create(webhook=receiver.address)

    await_letters(receiver, 2)

    assert sorted(statuses(receiver)) == ["processing", "succeeded"]


def test_filter_is_honoured(create: Make, receiver: Receiver) -> None:
    create(webhook=receiver.address, webhook_events_filter=["start", "logs", "completed"])

    await_letters(receiver, 3)

    assert sorted(statuses(receiver)) == ["processing", "processing", "succeeded"]


def test_terminal_webhook_is_retried_with_its_id(create: Make, receiver: Receiver) -> None:
    receiver.statuses = [500, 404]

    create(webhook=receiver.address, webhook_events_filter=["completed"])
    await_letters(receiver, 3)

    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1


def test_start_webhook_is_not_retried(api: httpx.Client, create: Make, receiver: Receiver) -> None:
    receiver.statuses = [500]

    create(webhook=receiver.address, webhook_events_filter=["start", "completed"])
    await_letters(receiver, 2)

    assert sorted(statuses(receiver)) == ["processing", "succeeded"]


@pytest.mark.parametrize("address", ["http://example.com/hook", "ftp://127.0.0.1/", "here"])
def test_webhook_address_is_checked(api: httpx.Client, address: str) -> None:
    answer = api.post(STAGER, json={**BODY, "webhook": address})

    assert answer.status_code == 422


def test_lost_webhook_never_comes(api: httpx.Client, create: Make, receiver: Receiver) -> None:
    api.post("/_sandbox/faults", json={"on": "webhook", "do": "lose"})

    lost = create(webhook=receiver.address, webhook_events_filter=["completed"])
    kept = create(webhook=receiver.address, webhook_events_filter=["completed"])
    await_letters(receiver, 1)

    assert {json.loads(body)["id"] for _, body in receiver.received} < {lost["id"], kept["id"]}


def test_repeated_webhook_has_one_id(api: httpx.Client, create: Make, receiver: Receiver) -> None:
    api.post("/_sandbox/faults", json={"on": "webhook", "do": "repeat"})

    create(webhook=receiver.address, webhook_events_filter=["completed"])
    await_letters(receiver, 2)

    assert receiver.received[0][1] == receiver.received[1][1]
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1


@pytest.mark.parametrize("deed", ["forge", "stale", "unsigned"])
def test_false_webhook_fails_the_check(
    api: httpx.Client, create: Make, receiver: Receiver, deed: str
) -> None:
    api.post("/_sandbox/faults", json={"on": "webhook", "do": deed})

    create(webhook=receiver.address, webhook_events_filter=["completed"])
    await_letters(receiver, 1)

    headers, body = receiver.received[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret(api)).verify(body.decode(), headers)
