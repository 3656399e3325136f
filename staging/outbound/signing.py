"""How a receiver knows that a message is ours: https://www.standardwebhooks.com"""

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

    A receiver knows by `message_id` what it has had already. Raises what `public_http.post` does.
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
    """Return the headers by which a receiver knows that we sent this; `at` is Unix time.

    One signature a secret, so that a receiver may know either while a secret is replaced.
    """
    signed = f"{message_id}.{at}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix(PREFIX)) for secret in secrets]
    digests = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in digests),
    }
