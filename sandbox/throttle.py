"""Rate limits: a bucket of tokens, refilled steadily."""

from __future__ import annotations

import math
import time

from sandbox.problems import throttled


class Bucket:
    """Lets `per_minute` requests through each minute, and a short burst at once.

    How large a burst Replicate tolerates is not established: docs/replicate-facts/http.md,
    "Rate limits".
    """

    def __init__(self, per_minute: float, *, burst: float) -> None:
        self._per_s = per_minute / 60
        self._burst = max(1.0, burst)
        self._tokens = self._burst
        self._filled_at = time.monotonic()

    def take(self) -> None:
        """Take one token, or raise the 429 that says when the next one is there."""
        moment = time.monotonic()
        grown = self._tokens + (moment - self._filled_at) * self._per_s
        self._tokens = min(self._burst, grown)
        self._filled_at = moment
        if self._tokens < 1:
            wait_s = (1 - self._tokens) / self._per_s if self._per_s else 3600
            raise throttled(retry_after=max(1, math.ceil(wait_s)))
        self._tokens -= 1
