"""Webhook signatures, against the published vector and an independent signer."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from replicate_api.webhooks import InvalidSignature, verify

# docs/replicate-facts/client.md, "Test vector of a webhook".
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_" + base64.b64encode(b"another key of 24 bytes!").decode()
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = 1614265330
BODY = b'{"test": 2432232314}'
GOOD = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def signed_headers(**changes: str) -> dict[str, str]:
    headers = {"webhook_id": ID, "webhook_timestamp": str(AT), "webhook_signature": GOOD} | changes
    return {name.replace("_", "-"): value for name, value in headers.items() if value}


def test_verify_returns_the_id_for_the_published_vector() -> None:
    assert verify(BODY, headers=signed_headers(), secrets=[SECRET], now=AT) == ID


def test_verify_accepts_what_an_independent_signer_signed() -> None:
    body = '{"output": "sofa \N{COUCH AND LAMP}"}'
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign(ID, now, body)
    headers = signed_headers(
        webhook_timestamp=str(int(now.timestamp())), webhook_signature=signature
    )

    assert verify(body.encode(), headers=headers, secrets=[SECRET]) == ID


def test_verify_reads_header_names_of_any_case() -> None:
    headers = {name.title(): value for name, value in signed_headers().items()}

    assert verify(BODY, headers=headers, secrets=[SECRET], now=AT) == ID


@pytest.mark.parametrize(
    "signatures",
    [
        f"v1,AAAA {GOOD}",
        f"{GOOD} v1,AAAA",
        f"v1 {GOOD}",
        f"v1,not-base64! v9,zzz nonsense {GOOD}",
    ],
)
def test_verify_accepts_one_good_signature_beside_others(signatures: str) -> None:
    headers = signed_headers(webhook_signature=signatures)

    assert verify(BODY, headers=headers, secrets=[SECRET], now=AT) == ID


def test_verify_tries_every_secret() -> None:
    secrets = ["malformed!", OTHER_SECRET, SECRET]

    assert verify(BODY, headers=signed_headers(), secrets=secrets, now=AT) == ID


@pytest.mark.parametrize("now", [AT - 300, AT + 300])
def test_verify_accepts_the_ends_of_the_time_window(now: float) -> None:
    assert verify(BODY, headers=signed_headers(), secrets=[SECRET], now=now) == ID


@pytest.mark.parametrize("now", [AT - 301, AT + 301, None])
def test_verify_refuses_another_time(now: float | None) -> None:
    with pytest.raises(InvalidSignature, match="300 s from now"):
        verify(BODY, headers=signed_headers(), secrets=[SECRET], now=now)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook_id": ""},
        {"webhook_timestamp": ""},
        {"webhook_signature": ""},
        {"webhook_id": "msg_other"},
        {"webhook_id": "msg_\u2603"},
        {"webhook_timestamp": "yesterday"},
        {"webhook_timestamp": "\u0661\u0662"},
        {"webhook_timestamp": "1e9"},
        {"webhook_timestamp": f"{AT}.5"},
        {"webhook_timestamp": "9" * 5000},
        {"webhook_signature": GOOD.replace("v1,", "v9,")},
        {"webhook_signature": GOOD.replace("v1,", "")},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1,not-base64!"},
        {"webhook_signature": "v1,\udce4"},
        {"webhook_signature": " "},
    ],
)
def test_verify_refuses_a_changed_header(change: dict[str, str]) -> None:
    with pytest.raises(InvalidSignature):
        verify(BODY, headers=signed_headers(**change), secrets=[SECRET], now=AT)


@pytest.mark.parametrize("body", [b"", b'{"test": 2432232315}'])
def test_verify_refuses_another_body(body: bytes) -> None:
    with pytest.raises(InvalidSignature):
        verify(body, headers=signed_headers(), secrets=[SECRET], now=AT)


@pytest.mark.parametrize("secrets", [[], [""], ["whsec_"], ["whsec_%%%"], [OTHER_SECRET]])
def test_verify_refuses_without_the_right_secret(secrets: list[str]) -> None:
    with pytest.raises(InvalidSignature) as caught:
        verify(BODY, headers=signed_headers(), secrets=secrets, now=AT)

    assert "whsec" not in str(caught.value)


def signed_with(key: bytes, body: bytes) -> dict[str, str]:
    digest = hmac.digest(key, f"{ID}.{AT}.".encode() + body, "sha256")
    return signed_headers(webhook_signature=f"v1,{base64.b64encode(digest).decode()}")


def test_verify_refuses_a_signature_by_the_empty_key() -> None:
    with pytest.raises(InvalidSignature):
        verify(BODY, headers=signed_with(b"", BODY), secrets=["whsec_"], now=AT)


def test_verify_refuses_a_signed_body_that_is_no_text() -> None:
    headers = signed_with(base64.b64decode(SECRET.removeprefix("whsec_")), b"\xff\xfe")

    with pytest.raises(InvalidSignature, match="UTF-8"):
        verify(b"\xff\xfe", headers=headers, secrets=[SECRET], now=AT)
