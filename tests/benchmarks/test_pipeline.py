"""The measurement of waiting: what it reads, and that nothing of it stays behind."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from benchmarks.pipeline.readings import Row, read_kill, read_pace
from tests import missing, processes

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
COMMAND = (sys.executable, "-m", "benchmarks.pipeline", "--only", "ours", "--without-kill")


def bought(number: int, *, photo: str = "", begins_s: float = 0, takes_s: float = 30) -> Any:
    """Return a prediction as the sandbox records it."""
    begin = NOON + timedelta(seconds=begins_s)
    end = begin + timedelta(seconds=takes_s)
    return {
        "id": f"p{number}",
        "created_at": begin.isoformat(),
        "completed_at": end.isoformat(),
        "input": {"image": photo or f"photo {number}"},
    }


def row(number: int, *, status: str = "succeeded", finished_s: float = 0) -> Row:
    return Row(
        status=status,
        replicate_id=f"p{number}",
        photo_url=f"photo {number}",
        finished_at=NOON + timedelta(seconds=finished_s),
    )


def test_read_pace_counts_from_completion_at_replicate() -> None:
    record = {
        "requests": {"upload": 2, "create": 2, "list": 1, "download": 2},
        "predictions": [bought(1), bought(2, begins_s=20)],
    }

    told = read_pace([row(1, finished_s=30.5), row(2, finished_s=60)], record)

    assert told == {
        "jobs_per_minute": 2.0,
        "in_flight": 2,
        "requests_per_job": 2.5,
        "downloads_per_job": 1.0,
        "p50_s": 10.0,
        "p99_s": 10.0,
    }


def test_read_pace_takes_of_many_what_is_sustained() -> None:
    record = {"requests": {}, "predictions": [bought(number) for number in range(100)]}
    # One a second, but for the last, which everybody waits for.
    rows = [row(number, finished_s=30 + number) for number in range(99)]

    told = read_pace([*rows, row(99, finished_s=1000)], record)

    assert told["jobs_per_minute"] == 60.0


def test_read_kill_tells_lost_from_bought_twice() -> None:
    record = {"predictions": [bought(1), bought(2, photo="an earlier one"), bought(3)]}
    record["predictions"] += [bought(4, photo="photo 3"), bought(2)]

    told = read_kill([row(1), row(2), row(3, status="running")], record)

    assert told == {"lost_by_kill": 1, "bought_twice_by_kill": 2}


@pytest.fixture
def database_url() -> str:
    missing.POSTGRES.require()
    return os.environ["DATABASE_URL"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the measurement makes its temporary folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def databases(database_url: str) -> list[str]:
    server = urlsplit(database_url)._replace(path="/postgres").geturl()
    with psycopg.connect(server) as postgres:
        names = postgres.execute("select datname from pg_database order by 1").fetchall()
    return [name for (name,) in names if name.startswith("restage_bench_pipeline_")]


def test_measures_ours_and_leaves_nothing_behind(
    database_url: str, broker_url: str, folder: Path
) -> None:
    done = subprocess.run(
        [*COMMAND, "--jobs", "6", "--seconds", "0.3", "--json"],
        cwd=processes.ROOT,
        env={**os.environ, "CELERY_BROKER_URL": broker_url},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["jobs"], figures["downloads_per_job"]) == (6, 1)
    assert figures["requests_per_job"] >= 2
    assert list(folder.iterdir()) == []


def test_leaves_nothing_behind_when_it_is_interrupted(
    database_url: str, broker_url: str, folder: Path
) -> None:
    log = folder / "log"
    with processes.running(*COMMAND, log=log, env={"CELERY_BROKER_URL": broker_url}) as command:
        mine = f"restage_bench_pipeline_{command.pid}"
        processes.wait_for(lambda: mine in databases(database_url), log=log)
        os.kill(command.pid, signal.SIGINT)

        assert command.wait(90) == 130, log.read_text()

    assert mine not in databases(database_url)
    assert list(folder.iterdir()) == [log]
