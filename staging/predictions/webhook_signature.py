"""The secret that Replicate signs its webhooks with, and the check of a signature."""

import threading
import time
from collections.abc import Mapping

from replicate_api.errors import NoAnswer, ReplicateError
from replicate_api.webhooks import InvalidSignature, verify
from staging.predictions.replicate import replicate

# A signature that fails may mean that the secret was rotated. Replicate is asked for the new one,
# at most so often, because a forged webhook fails as well.
REFRESH_EVERY_S = 60.0
# The pause after a question that got no answer, while no secret is known.
ASK_AGAIN_AFTER_S = 5.0
# Webhooks wait while we ask. Replicate sends those again that we could not check.
LIMIT_S = 3.0


class SigningSecret:
    """The account's secret, kept in the memory of this process alone.

    One thread asks for it, for LIMIT_S at most, and the others wait for its answer. Where Replicate
    hangs, they share that wait: they do not ask one after the other.
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
            # Another thread may have asked while this one waited for the lock.
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
