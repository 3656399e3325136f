"""Figures from the database, the sandbox and Linux."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
# With fewer jobs the middle eight tenths are too few to measure.
MANY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A prediction as the database tells of it."""

    status: str
    replicate_id: str | None
    photo_url: str
    finished_at: datetime | None


ROWS = "select status, replicate_id, photo_url, finished_at from staging_prediction"


def read_pace(rows: Sequence[Row], record: dict[str, Any]) -> dict[str, float]:
    """Return the figures of jobs that all succeeded: pace, requests and delays."""
    predictions = record["predictions"]
    completed = {bought["id"]: _moment(bought["completed_at"]) for bought in predictions}
    late = sorted(
        (row.finished_at - completed[row.replicate_id]).total_seconds()
        for row in rows
        if row.finished_at and row.replicate_id
    )
    requests: dict[str, int] = record["requests"]
    calls = sum(count for name, count in requests.items() if name != "download")
    began = min(_moment(bought["created_at"]) for bought in predictions)
    return {
        "jobs_per_minute": _per_minute([r.finished_at for r in rows if r.finished_at], began=began),
        "in_flight": _most_at_once(predictions),
        "requests_per_job": calls / len(rows),
        "downloads_per_job": requests.get("download", 0) / len(rows),
        "p50_s": _percentile(late, 50),
        "p99_s": _percentile(late, 99),
    }


def read_kill(rows: Sequence[Row], record: dict[str, Any]) -> dict[str, float]:
    """Return how many jobs a kill lost, and how many purchases were made once more.

    A row knows the last photo that was uploaded for it: a purchase with an earlier photo was
    made once more since.
    """
    known = {row.photo_url for row in rows}
    photos = [bought["input"]["image"] for bought in record["predictions"]]
    again = len(photos) - len(set(photos)) + sum(photo not in known for photo in set(photos))
    return {
        "lost_by_kill": sum(row.status != "succeeded" for row in rows),
        "bought_twice_by_kill": again,
    }


def cpu_s(pid: int) -> float:
    """Return the seconds of processor that a process and its children have taken."""
    return sum(_ticks(member) for member in _family(pid)) / TICKS_A_SECOND


def peak_mb(pid: int) -> float:
    """Return the peak memory of a process and its children; shared pages count in each."""
    return sum(_high_water_kb(member) for member in _family(pid)) / 1024


def _per_minute(finished: Sequence[datetime], *, began: datetime) -> float:
    """Return the jobs a minute; of many jobs, the sustained pace of the middle eight tenths."""
    times = sorted(finished)
    if len(times) < MANY:
        return len(times) / (times[-1] - began).total_seconds() * 60
    first, last = len(times) // 10, len(times) * 9 // 10
    return (last - first) / (times[last] - times[first]).total_seconds() * 60


def _most_at_once(predictions: Sequence[dict[str, Any]]) -> int:
    begins = [(_moment(bought["created_at"]), 1) for bought in predictions]
    ends = [
        (_moment(bought["completed_at"]), -1) for bought in predictions if bought["completed_at"]
    ]
    return max(accumulate(change for _, change in sorted(begins + ends)))


def _percentile(values: Sequence[float], percent: int) -> float:
    return values[min(len(values) - 1, len(values) * percent // 100)]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _family(pid: int) -> list[int]:
    """Return the ids of a process and of all its descendants."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        words = [word for task in tasks for word in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(member for word in words for member in _family(int(word)))]


def _ticks(pid: int) -> int:
    """Return user and system time of a process, and of its children that have ended."""
    try:
        # The name, in brackets, may hold blanks.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(field) for field in fields[11:15])


def _high_water_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) if found else 0
