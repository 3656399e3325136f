"""Sends messages with a signature that proves to their receivers that they are ours.

The scheme is Standard Webhooks: https://www.standardwebhooks.com
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Collection
from typing import Any

from django.conf import settings

from staging.outbound import public_http

PREFIX = "whsec_"


def post(
    url: str,
    message: dict[str, Any],
    *,
    message_id: str,
    secrets: list[str],
    private_networks: Collection[public_http.Network],
) -> int:
    """Send a message once; return the answer's status.

    By `message_id` a receiver recognises a message that it already has. Raises what
    `public_http.post` raises.
    """
    body = json.dumps(message, ensure_ascii=False).encode()
    signed = signed_headers(message_id, body, at=int(time.time()), secrets=secrets)
    named = {"content-type": "application/json", "user-agent": "Restage", **signed}
    return public_http.post(
        url,
        body=body,
        headers=named.items(),
        timeout_s=settings.STAGING_CALLBACK_LIMIT_S,
        private_networks=private_networks,
    )


def signed_headers(message_id: str, body: bytes, *, at: int, secrets: list[str]) -> dict[str, str]:
    """Return the headers that prove to a receiver that we sent `body`; `at` is Unix time.

    Each secret gives a signature. So a receiver may know the old or the new secret while it is
    being replaced.
    """
    signed = f"{message_id}.{at}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix(PREFIX)) for secret in secrets]
    digests = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(digest).decode()}" for digest in digests
        ),
    }
