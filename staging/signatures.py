"""How a receiver knows that a message is ours: https://www.standardwebhooks.com"""

import base64
import hashlib
import hmac

PREFIX = "whsec_"


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
