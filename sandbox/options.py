"""The options of a sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Options:
    """Every choice of the command line, each with its default.

    `seconds` is how long a prediction takes on average; `*_s` are durations in seconds.
    """

    host: str = "127.0.0.1"
    port: int = 8100
    models: tuple[Path, ...] = field(default=())
    seconds: float = 1.0
    token: str = ""
    creations_per_minute: float = 600
    requests_per_minute: float = 3000
    retention_s: float = 3600
    file_lifetime_s: float = 3600
    shortest_deadline_s: float = 5
    webhook_secret: str = ""
    webhook_retry_scale: float = 1.0
    webhook_timeout_s: float = 5
    refuse_unknown_keys: bool = True
    threads: int = 1

    @property
    def origin(self) -> str:
        """The server's address without a path: `http://127.0.0.1:8100`."""
        return f"http://{self.host}:{self.port}"

    @property
    def api(self) -> str:
        """The API's address: the value for `REPLICATE_BASE_URL`, and `/v1`."""
        return f"{self.origin}/v1"
