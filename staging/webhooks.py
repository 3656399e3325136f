"""The secrets that Replicate signs its webhooks with, and the check of a signature."""

import time
from collections.abc import Mapping

from replicate_api.webhooks import InvalidSignature, verify
from staging.pipeline.connection import replicate

# A rotated secret is noticed by signatures that fail; it is asked for at most so often.
REFRESH_EVERY_S = 60.0


class SigningSecret:
    """The account's secret, in this process's memory alone."""

    def __init__(self) -> None:
        self._value = ""
        self._read_at = float("-inf")

    def read(self, *, refresh: bool = False) -> str:
        """Return the secret; ask Replicate where it is not known, or for `refresh`.

        Raises a ReplicateError where Replicate cannot be asked.
        """
        is_old = time.monotonic() - self._read_at > REFRESH_EVERY_S
        if not self._value or (refresh and is_old):
            self._value = replicate().get_webhook_secret()
            self._read_at = time.monotonic()
        return self._value


secret = SigningSecret()


def check_signature(body: bytes, *, headers: Mapping[str, str]) -> str:
    """Return the webhook's id. Raises InvalidSignature, and ReplicateError as `secret.read`."""
    try:
        return verify(body, headers=headers, secrets=[secret.read()])
    except InvalidSignature:
        return verify(body, headers=headers, secrets=[secret.read(refresh=True)])
