"""Restage whole, as in production: gunicorn, Celery's worker and beat, a broker, a database."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import databases, processes
from tests.conftest import make_photo
from tests.processes import Process

# Nowhere but at Replicate may this be seen.
SECRET_TOKEN = "r8_EndToEnd0Secret0Of0Nobody"
UNFINISHED = {"queued", "submitting", "running", "collecting"}


class Restage:
    """The processes of one installation, and its API as a client uses it."""

    def __init__(self, folder: Path, *, env: dict[str, str], sandbox_url: str) -> None:
        self.folder = folder
        self.env = env
        self.port = processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sandbox = httpx.Client(base_url=sandbox_url)
        self.http = httpx.Client(base_url=self.url, timeout=60)
        self.worker: Process | None = None
        self._started: list[Process] = []
        self._stack = ExitStack()

    def start(self, name: str, *command: str, **env: str) -> Process:
        """Start one process of the installation; its log lies in the folder."""
        log = self.folder / f"{name}-{len(self._started)}.log"
        running = processes.running(sys.executable, *command, log=log, env={**self.env, **env})
        process = self._stack.enter_context(running)
        self._started.append(process)
        return process

    def start_worker(self, **env: str) -> None:
        """Start a worker where the last one stood; `PUBLIC_URL=""` lets it settle by polling."""
        if self.worker:
            processes.end(self.worker)
        options = ("--without-mingle", "--without-gossip", "--concurrency", "8")
        self.worker = self.start(
            "worker", "-m", "celery", "-A", "config", "worker", *options, **env
        )

    def kill_worker(self) -> None:
        """Kill the worker and whatever it started, without a warning."""
        assert self.worker
        processes.kill(self.worker)

    def run(self, *command: str) -> str:
        """Run one command of manage.py; return what it printed."""
        return processes.manage(*command, env=self.env)

    def stage(self, **fields: Any) -> str:
        """Ask for a job; return its address."""
        asked = {name: json.dumps(v) if isinstance(v, dict) else v for name, v in fields.items()}
        photo = {"image": ("room.jpg", make_photo(), "image/jpeg")}
        answer = self.http.post("/api/v1/staging/jobs", data=asked, files=photo)
        assert answer.status_code == 202, answer.text
        return answer.headers["Location"]

    def look(self, job: str) -> dict[str, Any]:
        """Return a job as the API shows it."""
        told: dict[str, Any] = self.http.get(job).json()
        return told

    def finish(self, job: str, *, timeout_s: float = 90) -> dict[str, Any]:
        """Wait until a job is over; return it."""

        def is_over() -> dict[str, Any] | None:
            told = self.look(job)
            return None if told["status"] in UNFINISHED else told

        return processes.wait_for(is_over, timeout_s=timeout_s)

    def workers(self) -> dict[int, bool]:
        """Return which workers are ready, by the number of their process."""
        told = self.http.get("/readyz/workers").json()["workers"]
        return {int(worker["name"].rpartition(":")[2]): worker["ready"] for worker in told}

    def wait_until_ready(self, worker: Process) -> None:
        processes.wait_for(lambda: self.workers().get(worker.pid))

    def logs_of(self, name: str) -> str:
        """Return what the processes of a name have logged."""
        return "\n".join(file.read_text() for file in self.folder.glob(f"{name}-*.log"))

    def misbehave(self, on: str, do: str, **more: Any) -> None:
        """Let a fault of the sandbox stand."""
        answer = self.sandbox.post("/_sandbox/faults", json={"on": on, "do": do, **more})
        assert answer.status_code == 201, answer.text

    def record(self) -> Any:
        """Return what Replicate saw."""
        return self.sandbox.get("/_sandbox/record").json()

    def forget(self) -> None:
        """Let the sandbox behave, and forget what it saw."""
        self.sandbox.delete("/_sandbox/faults")
        self.sandbox.delete("/_sandbox/record")

    def dump(self) -> str:
        """Return everything that the database holds, as text."""
        return databases.dump(self.env["DATABASE_URL"])

    def close(self) -> None:
        """End every process."""
        self.http.close()
        self.sandbox.close()
        self._stack.close()


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of this run's own, of the kind that DATABASE_URL names."""
    address = os.environ.get("DATABASE_URL", "")
    if not address.startswith("postgres"):
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'restage.sqlite3'}"
        return
    with databases.beside(address, name=f"restage_end_to_end_{os.getpid()}") as own:
        yield own


@pytest.fixture(scope="session")
def whole(
    tmp_path_factory: pytest.TempPathFactory, database: str, broker_url: str
) -> Iterator[Restage]:
    """Restage with everything running."""
    folder = tmp_path_factory.mktemp("restage")
    options = ("--seconds", "0.3", "--token", SECRET_TOKEN, "--webhook-retry-scale", "0.1")
    with processes.sandbox(folder / "sandbox.log", *options) as sandbox_url:
        env = {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": broker_url,
            "MEDIA_ROOT": str(folder / "media"),
            "REPLICATE_API_TOKEN": SECRET_TOKEN,
            "REPLICATE_BASE_URL": sandbox_url,
        }
        restage = Restage(folder, env=env, sandbox_url=sandbox_url)
        env["PUBLIC_URL"] = restage.url
        try:
            set_up(restage)
            yield restage
        finally:
            restage.close()


def set_up(restage: Restage) -> None:
    """Migrate, make an operator, start every process."""
    restage.run("migrate", "--no-input", "-v", "0")
    operator = json.loads(restage.run("create_operator", "olga").splitlines()[-1])
    restage.http.headers["Authorization"] = f"Token {operator['token']}"
    restage.env["OPERATOR_PASSWORD"] = operator["password"]
    restage.start("web", "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{restage.port}")
    restage.start_worker()
    restage.start("beat", "-m", "celery", "-A", "config", "beat")
    processes.wait_for(lambda: processes.answers(restage.url))


@pytest.fixture
def restage(whole: Restage) -> Iterator[Restage]:
    """Restage, with a sandbox that behaves and remembers nothing."""
    whole.forget()
    yield whole
    whole.forget()


def check_purchases(restage: Restage, jobs: list[dict[str, Any]], *, each: int = 1) -> None:
    """Every prediction was bought, and none twice: each has its photo's address to itself."""
    bought = restage.record()["predictions"]
    assert [job["status"] for job in jobs] == ["succeeded"] * len(jobs)
    assert [len(job["images"]) for job in jobs] == [each] * len(jobs)
    assert len({one["input"]["image"] for one in bought}) == len(bought) == each * len(jobs)


def wait_for_request(restage: Restage, endpoint: str, *, after: int) -> None:
    processes.wait_for(lambda: restage.record()["requests"].get(endpoint, 0) > after)
