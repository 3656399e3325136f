"""The premises of one set-up: a database, a broker, a media folder, a sandbox and processes.

All of it is gone when the block ends, also on Ctrl-C.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import redis
from django.conf import settings

from benchmarks.pipeline.setups import Setup
from tests import databases, processes

Process = processes.Process

TOKEN = "r8_of_nobody"  # noqa: S105 - the sandbox takes any
DATABASES_OF_REDIS = 16
START_S = 60.0


class Premises:
    """The parts of one set-up; each process has its log in `folder`."""

    def __init__(self, setup: Setup, *, folder: Path, sandbox: str, env: dict[str, str]) -> None:
        self.setup = setup
        self.folder = folder
        self.env = env
        self.sandbox = httpx.Client(base_url=sandbox, timeout=60)
        self._stack = ExitStack()
        self._logs: list[Path] = []

    def start(self, name: str, *command: str) -> Process:
        """Start `python COMMAND` with the environment that all processes share."""
        log = self.folder / f"{len(self._logs)}-{name}.log"
        self._logs.append(log)
        running = processes.running(sys.executable, *command, log=log, env=self.env)
        return self._stack.enter_context(running)

    def start_worker(self) -> Process:
        """Start a worker, and wait until it takes tasks."""
        worker = self.start("worker", "-m", "celery", *self.setup.worker)
        log = self._logs[-1]
        self.wait(lambda: " ready." in log.read_text(), "The worker did not start", START_S)
        return worker

    def finish(self, name: str, *command: str, within_s: float = 120.0) -> None:
        """Run `python COMMAND` to its end, and insist that it ends well."""
        process = self.start(name, *command)
        self.wait(lambda: process.poll() is not None, f"{name} did not end", within_s)
        if process.returncode:
            raise RuntimeError(f"{name} failed.\n{self.tell()}")

    def wait(self, is_so: Callable[[], object], otherwise: str, within_s: float) -> None:
        """Wait until `is_so`; raise with the ends of all logs where that takes too long."""
        try:
            processes.wait_for(is_so, timeout_s=within_s)
        except AssertionError:
            raise RuntimeError(f"{otherwise} within {within_s:g} s.\n{self.tell()}") from None

    def tell(self) -> str:
        """Return the ends of all logs."""
        return "\n".join(f"--- {log.name}\n{log.read_text()[-1500:]}" for log in self._logs)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        with psycopg.connect(self.env["DATABASE_URL"]) as database:
            # A fixed statement of ours.
            return database.execute(statement.encode()).fetchall()

    def record(self) -> dict[str, Any]:
        """Return the sandbox's record."""
        told: dict[str, Any] = self.sandbox.get("/_sandbox/record").raise_for_status().json()
        return told

    def close(self) -> None:
        """End every process."""
        self._stack.close()
        self.sandbox.close()


@contextmanager
def opened(setup: Setup, *, seconds: float, pace: int, latency_s: float) -> Iterator[Premises]:
    """Start all parts but the worker: the sandbox, beat for ours, and web for webhooks.

    The sandbox's predictions take `seconds`; the sandbox creates `pace` a minute at most, and
    answers uploads, creations and downloads `latency_s` late.
    """
    with (
        tempfile.TemporaryDirectory(prefix="restage-benchmark-") as name,
        _database() as database,
        _broker() as broker,
        processes.sandbox(
            Path(name) / "sandbox.log",
            *("--seconds", str(seconds), "--creations-per-minute", str(pace)),
        ) as sandbox,
    ):
        port = processes.free_port()
        env = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": broker,
            "MEDIA_ROOT": f"{name}/media",
            "REPLICATE_API_TOKEN": TOKEN,
            "REPLICATE_BASE_URL": sandbox,
            "CREATIONS_PER_MINUTE": str(pace),
            "PUBLIC_URL": f"http://127.0.0.1:{port}" if setup.has_webhooks else "",
            # As in production: no error pages with details, no record of queries.
            "DEBUG": "0",
            "SECRET_KEY": "a key of nobody's, for as long as this measurement takes",
            "ALLOWED_HOSTS": "127.0.0.1",
            **setup.env,
        }
        premises = Premises(setup, folder=Path(name), sandbox=sandbox, env=env)
        try:
            premises.finish("migrate", "manage.py", "migrate", "--no-input", "-v", "0")
            if setup.is_ours:
                premises.start("beat", "-m", "celery", "-A", "config", "beat")
            if setup.has_webhooks:
                bind = ("--bind", f"127.0.0.1:{port}")
                premises.start("web", "-m", "gunicorn", "config.wsgi", *bind)
                premises.wait(
                    lambda: processes.answers(env["PUBLIC_URL"]), "No web server", START_S
                )
            if latency_s:
                _slow_down(premises, latency_s)
            yield premises
        finally:
            premises.close()


def _slow_down(premises: Premises, latency_s: float) -> None:
    faults = [
        {"on": call, "do": "stall", "seconds": latency_s, "times": 0}
        for call in ("upload", "create", "download")
    ]
    premises.sandbox.post("/_sandbox/faults", json=faults).raise_for_status()


@contextmanager
def _database() -> Iterator[str]:
    """Make a database beside the one that DATABASE_URL names, and drop it at the end."""
    address = os.environ.get("DATABASE_URL", "")
    if not address.startswith("postgres"):
        sys.exit("This runs on PostgreSQL: set DATABASE_URL, to postgres://…")
    with databases.beside(address, name=f"restage_bench_pipeline_{os.getpid()}") as own:
        yield own


@contextmanager
def _broker() -> Iterator[str]:
    """Yield an empty database of Redis: CELERY_BROKER_URL's, or the last one that is empty."""
    address = settings.CELERY_BROKER_URL
    if not address.startswith("redis"):
        sys.exit("This runs on Redis: set CELERY_BROKER_URL, to redis://…")
    candidates = [urlsplit(address).path, *(f"/{n}" for n in reversed(range(DATABASES_OF_REDIS)))]
    for path in candidates:
        own = urlsplit(address)._replace(path=path).geturl()
        with redis.Redis.from_url(own) as broker:
            if broker.dbsize():
                continue
            try:
                yield own
            finally:
                broker.flushdb()
            return
    sys.exit("No database of that Redis is empty.")
