"""Readiness, asked in this process; tests/end_to_end asks with real workers."""

import socket
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.monitoring import readiness
from staging.models import Heartbeat, Tallied, Tally
from tests import processes

READY = {"status": "ready", "database": "ok", "migrations": "ok", "broker": "ok"}
HANGS = "no answer within 1 s"
PASSWORD = "s3cret-Of-Nobody"


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "migrations", readiness.Migrations())


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Something that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("host", ["restage.example.com", "10.0.0.7:8000"])
def test_readiness_answers_under_any_name_without_redirect(
    client: Client, settings: Settings, host: str
) -> None:
    settings.ALLOWED_HOSTS = ["restage.example.com"]
    settings.SECURE_SSL_REDIRECT = True

    answer = client.get("/readyz", headers={"Host": host})

    assert (answer.status_code, answer.json()) == (200, READY)


@pytest.mark.django_db(transaction=True)
def test_readiness_tells_of_migrations_that_are_missing(client: Client) -> None:
    applied = MigrationRecorder(connection).migration_qs.filter(app="staging")
    last = applied.latest("name")
    applied.filter(name=last.name).delete()
    try:
        answer = client.get("/readyz")
    finally:
        MigrationRecorder(connection).record_applied("staging", last.name)

    assert (answer.status_code, answer.json()) == (
        503, {**READY, "status": "not ready", "migrations": "1 not applied"}
    )  # fmt: skip
    assert client.get("/readyz").json() == READY


@pytest.mark.parametrize("is_there", [True, False])
def test_readiness_ends_without_an_answer_and_tells_no_address(
    tmp_path: Path, silent_port: int, is_there: bool
) -> None:
    """A database and a broker that hang, or are gone, as a web process of its own sees them."""
    port, away = processes.free_port(), silent_port if is_there else processes.free_port()
    env = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"postgres://nobody:{PASSWORD}@127.0.0.1:{away}/restage",
        "CELERY_BROKER_URL": f"redis://:{PASSWORD}@127.0.0.1:{away}/0",
        "METRICS_TOKEN": PASSWORD,
    }
    command = (sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}")
    with processes.running(*command, log=tmp_path / "log", env=env):
        processes.wait_for(lambda: answers(f"http://127.0.0.1:{port}/livez"))
        ready = httpx.get(f"http://127.0.0.1:{port}/readyz")
        workers = httpx.get(f"http://127.0.0.1:{port}/readyz/workers")
        bearer = {"Authorization": f"Bearer {PASSWORD}"}
        figures = httpx.get(f"http://127.0.0.1:{port}/metrics", headers=bearer, timeout=30)

    why = HANGS if is_there else "does not answer"
    assert (ready.status_code, ready.json()) == (
        503, {"status": "not ready", "database": why, "migrations": "unknown", "broker": why}
    )  # fmt: skip
    assert (workers.status_code, workers.json()) == (
        503, {"status": "not ready", "database": why}
    )  # fmt: skip
    assert (figures.status_code, figures.text) == (503, "The database does not answer.\n")
    assert PASSWORD not in (tmp_path / "log").read_text()


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def beat(name: str, *, moved_s_ago: float | None, seen_s_ago: float = 0) -> None:
    now = timezone.now()
    moved_at = None if moved_s_ago is None else now - timedelta(seconds=moved_s_ago)
    seen_at = now - timedelta(seconds=seen_s_ago)
    Heartbeat.objects.create(
        id=uuid.uuid4(), name=name, started_at=now, seen_at=seen_at, moved_at=moved_at
    )


def sweep(*, s_ago: float = 0) -> None:
    Tally.add(Tallied.SWEPT)
    Tally.objects.update(last_at=timezone.now() - timedelta(seconds=s_ago))


def seen(answer: Any) -> tuple[int, str, dict[str, bool]]:
    told = answer.json()
    return (
        answer.status_code,
        told["status"],
        {one["name"]: one["ready"] for one in told["workers"]},
    )


@pytest.mark.django_db(transaction=True)
def test_readiness_of_workers_needs_one_that_gets_on(client: Client) -> None:
    sweep()
    assert seen(client.get("/readyz/workers")) == (503, "not ready", {})
    beat("stuck:1", moved_s_ago=60)
    beat("new:2", moved_s_ago=None)
    assert seen(client.get("/readyz/workers")) == (
        503, "not ready", {"stuck:1": False, "new:2": False}
    )  # fmt: skip
    beat("good:3", moved_s_ago=1)
    assert seen(client.get("/readyz/workers")) == (
        200, "ready", {"stuck:1": False, "new:2": False, "good:3": True}
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_readiness_of_workers_needs_beat_to_go_on(client: Client) -> None:
    beat("good:3", moved_s_ago=1)
    never = client.get("/readyz/workers")
    sweep(s_ago=60)
    long_ago = client.get("/readyz/workers")
    sweep(s_ago=1)
    now = client.get("/readyz/workers")

    assert (never.status_code, never.json()["swept_s_ago"]) == (503, None)
    assert (long_ago.status_code, long_ago.json()["swept_s_ago"] >= 60) == (503, True)
    assert (now.status_code, 1 <= now.json()["swept_s_ago"] < 60) == (200, True)


@pytest.mark.django_db(transaction=True)
def test_readiness_of_workers_forgets_who_is_gone_for_long(client: Client) -> None:
    beat("killed:1", moved_s_ago=120, seen_s_ago=120)
    beat("forgotten:2", moved_s_ago=7200, seen_s_ago=7200)

    assert seen(client.get("/readyz/workers")) == (503, "not ready", {"killed:1": False})


def test_a_question_that_hangs_is_asked_once() -> None:
    asked = []
    go_on = threading.Event()

    def hang() -> str:
        asked.append(1)
        go_on.wait()
        return "ok"

    question = readiness.Question(hang, else_value=lambda why: why)
    waited = [question.begin().value(until=0) for _ in range(3)]
    go_on.set()
    last = question.begin()
    last.is_over.wait()

    assert (waited, last.value(until=0), asked) == ([HANGS] * 3, "ok", [1])
