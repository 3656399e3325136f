"""The signature of a webhook by Standard Webhooks, which proves that Replicate sent it.

The signed content is `{webhook-id}.{webhook-timestamp}.{body}`; the key is the base64
after `whsec_`; `webhook-signature` holds one or more `v1,<base64>` parted by spaces.
"""

from __future__ import annotations

import base64
import hmac
import re
import time
from collections.abc import Mapping, Sequence


class InvalidSignature(Exception):
    """The request is not, or not provably, a recent webhook of Replicate's."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


def verify(
    body: bytes,
    *,
    headers: Mapping[str, str],
    secrets: Sequence[str],
    now: float | None = None,
    tolerance_s: int = 300,
) -> str:
    """Return the webhook's id if one of the secrets signed the body within `tolerance_s`.

    Several secrets are tried, so that an old one stays valid while its successor takes over.
    A webhook that is sent again has the same id; the caller decides about a known id.
    Raises InvalidSignature, whatever is wrong.
    """
    # An empty key would let anyone sign.
    keys = [key for key in map(_key, secrets) if key]
    if not keys:
        raise InvalidSignature("no usable webhook secret is configured")
    named = {name.lower(): value for name, value in headers.items()}
    webhook_id = _header(named, "webhook-id", r"[!-~]{1,255}")
    timestamp = _header(named, "webhook-timestamp", r"[0-9]{1,12}")
    signatures = _signatures(_header(named, "webhook-signature", r"[ -~]{1,10000}"))
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance_s:
        raise InvalidSignature(f"webhook-timestamp is more than {tolerance_s} s from now")
    _check_text(body)
    content = f"{webhook_id}.{timestamp}.".encode() + body
    expected = [hmac.digest(key, content, "sha256") for key in keys]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures):
        raise InvalidSignature("no v1 signature matches")
    return webhook_id


def _key(secret: str) -> bytes | None:
    return _decoded(secret.strip().removeprefix("whsec_"))


def _header(headers: Mapping[str, str], name: str, pattern: str) -> str:
    value = headers.get(name, "")
    if not re.fullmatch(pattern, value):
        raise InvalidSignature(f"{name} is missing or malformed")
    return value


def _signatures(header: str) -> list[bytes]:
    versioned = (entry.partition(",") for entry in header.split())
    decoded = [_decoded(text) for version, _, text in versioned if version == "v1"]
    return [signature for signature in decoded if signature]


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _check_text(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError:
        raise InvalidSignature("the body is not UTF-8") from None
