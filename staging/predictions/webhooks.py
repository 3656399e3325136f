"""The secrets that Replicate signs its webhooks with, and the check of a signature."""

import threading
import time
from collections.abc import Mapping

from replicate_api.errors import NoAnswer, ReplicateError
from replicate_api.webhooks import InvalidSignature, verify
from staging.predictions.replicate import replicate

# A rotated secret is noticed by signatures that fail; it is asked for at most so often.
REFRESH_EVERY_S = 60.0
# After a question that came to nothing.
ASK_AGAIN_AFTER_S = 5.0
# Replicate, whose webhook waits meanwhile, or many of them, tries again where it takes longer.
LIMIT_S = 3.0


class SigningSecret:
    """The account's secret, in this process's memory alone.

    One thread asks for it, for LIMIT_S at most. The others wait for its answer: where Replicate
    hangs, the threads of a web process must not wait for it one after the other.
    """

    def __init__(self) -> None:
        self._value = ""
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._failure: ReplicateError | None = None

    def read(self, *, refresh: bool = False) -> str:
        """Return the secret; ask Replicate where it is not known, or for `refresh`.

        Raises a ReplicateError where Replicate cannot be asked, or could not a moment ago.
        """
        if self._value and not (refresh and self._asked_s_ago() > REFRESH_EVERY_S):
            return self._value
        with self._lock:
            if self._asked_s_ago() > (REFRESH_EVERY_S if self._value else ASK_AGAIN_AFTER_S):
                self._ask()
            if self._value:
                return self._value
            raise self._failure or NoAnswer("Replicate has not told its secret.")

    def _ask(self) -> None:
        try:
            self._value = replicate().get_webhook_secret(timeout_s=LIMIT_S)
            self._failure = None
        except ReplicateError as error:
            self._failure = error
            raise
        finally:
            self._asked_at = time.monotonic()

    def _asked_s_ago(self) -> float:
        return time.monotonic() - self._asked_at


secret = SigningSecret()


def check_signature(body: bytes, *, headers: Mapping[str, str]) -> str:
    """Return the webhook's id. Raises InvalidSignature, and ReplicateError as `secret.read`."""
    try:
        return verify(body, headers=headers, secrets=[secret.read()])
    except InvalidSignature:
        return verify(body, headers=headers, secrets=[secret.read(refresh=True)])
