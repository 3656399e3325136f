"""Measures what waiting for Replicate costs, ours beside the usual blocking task.

    python -m benchmarks.pipeline [--jobs N] [--seconds S] [--only NAME …] [--without-kill]
                                  [--pace N] [--latency S] [--json]

Four set-ups in turn, each with one worker on a new PostgreSQL database beside the one that
DATABASE_URL names, an empty database of CELERY_BROKER_URL's Redis, and a sandbox of its own:

    ours       with webhooks; one worker process, as `celery -A config worker` starts it
    polling    ours by polling alone
    blocking   the usual task as Celery starts it: one slot a core, asks every half second
    threads    the best of that kind: 320 threads, late acknowledgement, asks every ten seconds

All jobs are recorded at once, so the account's limit (`--pace`) sets the pace. A blocking set-up
gets as many jobs as its slots can do in two minutes. Then 100 jobs of at most three seconds, and
the worker is killed once half are bought. `p50_s` and `p99_s` are from completed at Replicate to
succeeded here; `requests_per_job` is without downloads; `cpu_ms_per_job` and `rss_mb` are of the
worker alone.
"""

import argparse
import signal
import sys
import time
from typing import Any

from benchmarks.measure import print_json, print_table
from benchmarks.pipeline.runs import Load, measure_kill, measure_pace
from benchmarks.pipeline.setups import SETUPS, Setup
from benchmarks.uploads import make_photos
from staging.images.pictures import finish_picture

WANTED = {
    "jobs_per_minute": "600",
    "cpu_ms_per_job": "≤ 60",
    "rss_mb": "≤ 300",
    "requests_per_job": "≤ 2.2",
    "p50_s": "< 0.3",
    "p99_s": "< 1.5",
    "lost_by_kill": "0",
    "bought_twice_by_kill": "0",
}
REENCODED = 10


def measure(setup: Setup, load: Load, *, with_kill: bool) -> dict[str, float]:
    """Return the figures of one set-up."""
    jobs = setup.jobs_in_window(load.jobs, seconds=load.seconds)
    own = Load(jobs=jobs, seconds=load.seconds, pace=load.pace, latency_s=load.latency_s)
    print(f"  {setup.name}: {jobs} jobs", flush=True)
    figures = {"jobs": float(jobs), **measure_pace(setup, own)}
    if with_kill:
        print(f"  {setup.name}: a worker killed", flush=True)
        figures |= measure_kill(setup, load)
    return figures


def measure_reencoding() -> float:
    """Return the milliseconds of processor that a megapixel takes from JPEG to WebP."""
    (_, content), *_ = make_photos("jpg", megapixels=1, count=1)
    begin = time.process_time()
    for _ in range(REENCODED):
        finish_picture(
            content, aspect_ratio=None, output_format="webp", quality=90, disclosure=None
        )
    return (time.process_time() - begin) / REENCODED * 1000


def show(found: dict[str, dict[str, float]]) -> None:
    """Print the set-ups side by side."""
    names = list(next(iter(found.values())))
    rows: list[tuple[str, ...]] = [("figure", *found, "wanted of ours")]
    for name in names:
        cells = (f"{figures[name]:.2f}" for figures in found.values())
        rows.append((name, *cells, WANTED.get(name, "")))
    print_table(rows)


def main() -> None:
    names = [setup.name for setup in SETUPS]
    parser = argparse.ArgumentParser(description="Measures what waiting for Replicate costs.")
    parser.add_argument("--jobs", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--seconds", type=float, default=30, help="a prediction takes (30)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="these set-ups")
    parser.add_argument("--without-kill", action="store_true", help="kill no worker")
    parser.add_argument("--pace", type=int, default=600, help="creations a minute (600)")
    parser.add_argument(
        "--latency", type=float, default=0, help="seconds that Replicate's answers take longer (0)"
    )
    parser.add_argument("--json", action="store_true", help="print one object of figures last")
    options = parser.parse_args()
    # SIGTERM cleans up as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    load = Load(
        jobs=options.jobs, seconds=options.seconds, pace=options.pace, latency_s=options.latency
    )
    print(f"Jobs of {options.seconds:g} s at {options.pace} a minute, on PostgreSQL and Redis\n")
    found = {
        setup.name: measure(setup, load, with_kill=not options.without_kill)
        for setup in SETUPS
        if setup.name in options.only
    }
    print()
    show(found)
    reencoding_ms = measure_reencoding()
    print(f"\nWhere a picture is encoded again, as WebP: {reencoding_ms:.0f} ms more of processor")
    if options.json:
        figures = {
            f"{setup.prefix}{name}": value
            for setup in SETUPS
            for name, value in found.get(setup.name, {}).items()
        }
        print_json({**figures, "reencoding_ms": reencoding_ms})


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
