"""One measurement of one set-up: jobs at the account's pace, or a worker killed halfway."""

import time
from dataclasses import dataclass, replace

from benchmarks.pipeline import readings
from benchmarks.pipeline.premises import Premises, Process, opened
from benchmarks.pipeline.readings import Row
from benchmarks.pipeline.setups import Setup
from tests import processes

LOOK_EVERY_S = 0.5
KILL_JOBS = 100
# A kill has the same effect on predictions of three seconds and of thirty.
KILL_SECONDS = 3.0
# Longer than a task of the blocking set-ups takes then, shorter than their `quiet_s`.
REDELIVERY_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The number of jobs, their time at Replicate, the account's pace and the network's latency."""

    jobs: int
    seconds: float
    pace: int
    latency_s: float

    def longest_s(self, *, slots: int | None) -> float:
        """Return the seconds after which something has gone wrong."""
        each_s = self.seconds * 1.25 + 15 + 10 * self.latency_s
        by_pace = self.jobs / self.pace * 60
        by_slots = self.jobs * each_s / slots if slots else 0.0
        return 2 * (by_pace + by_slots + each_s) + 120


def measure_pace(setup: Setup, load: Load) -> dict[str, float]:
    """Return the figures of one worker process that makes the jobs."""
    with opened(setup, seconds=load.seconds, pace=load.pace, latency_s=load.latency_s) as premises:
        worker = premises.start_worker()
        cpu_s = readings.cpu_s(worker.pid)
        _feed(premises, load.jobs)
        longest_s = load.longest_s(slots=setup.slots)
        premises.wait(lambda: _are_over(premises, worker), "The jobs did not all end", longest_s)
        rows = _rows(premises)
        if bad := sum(row.status != "succeeded" for row in rows):
            raise RuntimeError(f"{bad} jobs did not succeed.\n{premises.tell()}")
        return {
            **readings.read_pace(rows, premises.record()),
            "cpu_ms_per_job": (readings.cpu_s(worker.pid) - cpu_s) / len(rows) * 1000,
            "rss_mb": readings.peak_mb(worker.pid),
        }


def measure_kill(setup: Setup, load: Load) -> dict[str, float]:
    """Return the losses and second purchases after a SIGKILL of the worker halfway."""
    seconds = min(load.seconds, KILL_SECONDS)
    setup = replace(setup, env={**setup.env, "BENCHMARK_REDELIVERY_S": str(REDELIVERY_S)})
    with opened(setup, seconds=seconds, pace=load.pace, latency_s=load.latency_s) as premises:
        worker = premises.start_worker()
        jobs = min(KILL_JOBS, load.jobs)
        _feed(premises, jobs)
        longest_s = load.longest_s(slots=setup.slots)
        premises.wait(
            lambda: len(premises.record()["predictions"]) >= jobs / 2,
            "Half of the jobs were not bought",
            longest_s,
        )
        processes.kill(worker)
        worker = premises.start_worker()
        _wait_for_quiet(premises, worker, quiet_s=setup.quiet_s, within_s=longest_s + 600)
        return readings.read_kill(_rows(premises), premises.record())


def _feed(premises: Premises, jobs: int) -> None:
    kind = "ours" if premises.setup.is_ours else "blocking"
    premises.finish(
        "feeding", "-m", "benchmarks.pipeline.feeding", kind, str(jobs), within_s=60 + jobs / 5
    )


def _rows(premises: Premises) -> list[Row]:
    return [
        Row(status=status, replicate_id=replicate_id, photo_url=photo_url, finished_at=finished_at)
        for status, replicate_id, photo_url, finished_at in premises.query(readings.ROWS)
    ]


def _are_over(premises: Premises, worker: Process) -> bool:
    if worker.poll() is not None:
        raise RuntimeError(f"The worker ended by itself.\n{premises.tell()}")
    time.sleep(LOOK_EVERY_S)
    return all(row.finished_at for row in _rows(premises))


def _wait_for_quiet(
    premises: Premises, worker: Process, *, quiet_s: float, within_s: float
) -> None:
    """Wait until all jobs are over, or nothing has changed for so long."""
    moved_at, seen = time.monotonic(), -1

    def is_quiet() -> bool:
        nonlocal moved_at, seen
        is_over = _are_over(premises, worker)
        ended = sum(row.finished_at is not None for row in _rows(premises))
        if ended != seen:
            moved_at, seen = time.monotonic(), ended
        return is_over or time.monotonic() - moved_at > quiet_s

    premises.wait(is_quiet, "The jobs of the killed worker did not come to rest", within_s)
