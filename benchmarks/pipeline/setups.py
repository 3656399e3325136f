"""The set-ups that are compared: four ways to have a thousand predictions made."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

# A set-up whose slots are soon taken is measured for this long.
WINDOW_S = 120.0
THREADS = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A worker, and the parts beside it; `prefix` begins the names of its figures.

    `slots` is how many predictions it can wait for at once, None where waiting takes no slot.
    `quiet_s` is how long the jobs of a killed worker may stand still until they count as lost.
    """

    name: str
    worker: tuple[str, ...]
    quiet_s: float
    slots: int | None = None
    has_webhooks: bool = False
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        return "" if self.name == "ours" else f"{self.name}_"

    @property
    def is_ours(self) -> bool:
        return self.slots is None

    def jobs_in_window(self, jobs: int, *, seconds: float) -> int:
        """Return how many of the jobs are measured: hours of waiting would tell no more."""
        if self.slots is None:
            return jobs
        return min(jobs, self.slots * max(2, round(WINDOW_S / max(seconds, 1.0))))


_OURS = ("-A", "config", "worker")
_BLOCKING = ("-A", "benchmarks.pipeline.blocking", "worker", "--loglevel", "INFO")
# Claims of a killed worker end after two minutes; a purchase that is not found is queued again
# after as long.
_OURS_QUIET_S = 300.0
# The tasks of a killed worker are delivered again after a minute.
_BLOCKING_QUIET_S = 100.0

SETUPS = (
    Setup(name="ours", worker=_OURS, quiet_s=_OURS_QUIET_S, has_webhooks=True),
    Setup(name="polling", worker=_OURS, quiet_s=_OURS_QUIET_S),
    Setup(name="blocking", worker=_BLOCKING, quiet_s=_BLOCKING_QUIET_S, slots=os.cpu_count() or 1),
    Setup(
        name="threads",
        worker=(*_BLOCKING, "--pool", "threads", "--concurrency", str(THREADS)),
        quiet_s=_BLOCKING_QUIET_S,
        slots=THREADS,
        env={"REPLICATE_POLL_INTERVAL": "10", "BENCHMARK_THREADS": "1"},
    ),
)
