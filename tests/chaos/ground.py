"""One installation of Restage whose every process can be broken, and is started again."""

import json
import os
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from sandbox.webhooks import new_secret
from tests import processes
from tests.chaos.servers import Postgres, Redis
from tests.chaos.tokens import VARIABLE

# Nowhere but at Replicate may this be seen.
SECRET_TOKEN = "r8_Chaos0Secret0Of0Nobody00000"
CLIENT = "olga"
WORKERS = ("worker-1", "worker-2")
LOOK_EVERY_S = 0.1
# A connection for each request: one that is kept may be closed by its server as it is used again.
ONE_REQUEST = httpx.Limits(max_keepalive_connections=0)
# How long a prediction takes at Replicate.
PREDICTION_S = 0.8


class Ground:
    """The processes of one installation, kept running but for what is stopped on purpose."""

    def __init__(self, folder: Path, *, outage_s: float) -> None:
        self.folder = folder
        # How long the broker is away where it is stopped.
        self.outage_s = outage_s
        self.media = folder / "media"
        self.tokens = folder / "tokens"
        self.tokens.mkdir()
        self.postgres, self.redis = Postgres(folder), Redis(folder)
        self.port = processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.webhook_secret = new_secret()
        self.env: dict[str, str] = {}
        self.operator: dict[str, str] = {}
        # Grows when the database goes, and when it is back.
        self.outages = 0
        # How often each process died, and another was started for it.
        self.deaths: Counter[str] = Counter()
        self._running: dict[str, processes.Process] = {}
        self._wanted: dict[str, tuple[str, ...]] = {}
        self._lock = threading.RLock()
        self._closed = threading.Event()

    def open(self, sandbox_url: str) -> None:
        """Start every process and wait until the API answers."""
        self.sandbox = httpx.Client(base_url=sandbox_url, timeout=30, limits=ONE_REQUEST)
        self.redis.start()
        self.postgres.start()
        self.env = {
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            # As production: errors are answered in a line, logs are JSON.
            "DEBUG": "0",
            "SECRET_KEY": "chaos-" + "k3y0f" * 10,
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATABASE_URL": self.postgres.url,
            "CELERY_BROKER_URL": self.redis.url,
            "MEDIA_ROOT": str(self.media),
            "REPLICATE_API_TOKEN": SECRET_TOKEN,
            "REPLICATE_BASE_URL": sandbox_url,
            "PUBLIC_URL": self.url,
            VARIABLE: str(self.tokens),
            # Where kombu writes what it could not give back to a broker that is away.
            "TMPDIR": str(self.folder),
        }
        processes.manage("migrate", "--no-input", "-v", "0", env=self.env)
        operator = processes.manage("create_operator", CLIENT, env=self.env)
        self.operator = json.loads(operator.splitlines()[-1])
        bind = ("--bind", f"127.0.0.1:{self.port}")
        self.want("web", "-m", "gunicorn", "config.wsgi", *bind)
        for worker in WORKERS:
            self.want_worker(worker)
        self.want_beat("beat")
        threading.Thread(target=self._keep, name="keeper", daemon=True).start()
        web = self.folder / "web.log"
        processes.wait_for(lambda: processes.answers(self.url), timeout_s=60, log=web)

    def want(self, name: str, *command: str) -> None:
        """Keep a process of that name running."""
        with self._lock:
            self._wanted[name] = command
            self._start(name)

    def want_worker(self, name: str) -> None:
        """Keep a worker running."""
        options = ("--without-mingle", "--without-gossip")
        self.want(name, "-m", "celery", "-A", "config", "worker", *options, "-n", f"{name}@chaos")

    def want_beat(self, name: str) -> None:
        """Keep a beat running."""
        self.want(name, "-m", "celery", "-A", "config", "beat")

    def unwant(self, name: str) -> None:
        """End a process, and leave it so."""
        with self._lock:
            del self._wanted[name]
            process = self._running.pop(name)
        # One that was put to sleep does not hear.
        os.killpg(process.pid, signal.SIGCONT)
        processes.end(process)

    def kill(self, name: str) -> bool:
        """Kill a process without a warning; it is started again."""
        return self.signal(name, signal.SIGKILL)

    def signal(self, name: str, number: int) -> bool:
        """Send a signal to a process and whatever it started; say whether it was there."""
        with self._lock, suppress(ProcessLookupError, KeyError):
            os.killpg(self._running[name].pid, number)
            return True
        return False

    def is_asleep(self, name: str) -> bool:
        """Say whether a process is stopped, and waits for SIGCONT."""
        with self._lock, suppress(FileNotFoundError, KeyError):
            status = Path(f"/proc/{self._running[name].pid}/stat").read_text()
            return status.rpartition(")")[2].split()[0] == "T"
        return False

    @contextmanager
    def other_environment(self, **env: str) -> Iterator[None]:
        """Run the workers with other variables."""
        before, self.env = self.env, {**self.env, **env}
        self._start_workers_again()
        try:
            yield
        finally:
            self.env = before
            self._start_workers_again()

    def restart_database(self, with_signal: int) -> None:
        """Stop PostgreSQL and start it again."""
        self.outages += 1
        self.postgres.stop(with_signal)
        self.postgres.start()
        self.outages += 1

    @property
    def has_database(self) -> bool:
        """Say whether no outage is under way."""
        return self.outages % 2 == 0

    def misbehave(self, *faults: dict[str, Any]) -> None:
        """Let faults of the sandbox stand."""
        answer = self.sandbox.post("/_sandbox/faults", json=list(faults))
        assert answer.status_code == 201, answer.text

    def behave(self) -> None:
        """Let the sandbox behave again."""
        self.sandbox.delete("/_sandbox/faults")

    def close(self) -> None:
        """End every process."""
        self._closed.set()
        with self._lock:
            self._wanted.clear()
            for process in self._running.values():
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGCONT)
                processes.end(process, signal.SIGKILL)
        self.redis.stop()
        self.postgres.stop()
        self.sandbox.close()

    def _start_workers_again(self) -> None:
        for worker in WORKERS:
            self.unwant(worker)
            self.want_worker(worker)

    def _start(self, name: str) -> None:
        log = self.folder / f"{name}.log"
        command = (sys.executable, *self._wanted[name])
        self._running[name] = processes.start(*command, log=log, env=self.env)

    def _keep(self) -> None:
        """Start again what has died and is wanted, as a supervisor does."""
        while not self._closed.wait(LOOK_EVERY_S):
            with self._lock:
                for name in self._wanted:
                    if self._running[name].poll() is not None and not self._closed.is_set():
                        self.deaths[name] += 1
                        self._start(name)


@contextmanager
def standing_ground(*, outage_s: float) -> Iterator[Ground]:
    """Stand up an installation in a folder of its own; raise servers.Missing where it cannot."""
    with tempfile.TemporaryDirectory(prefix="restage-chaos-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        # PostgreSQL, which runs as another user, looks for its files in it.
        folder.chmod(0o755)
        ground = Ground(folder, outage_s=outage_s)
        options = ["--token", SECRET_TOKEN, "--webhook-secret", ground.webhook_secret]
        options += ["--seconds", str(PREDICTION_S), "--webhook-retry-scale", "0.05"]
        options += ["--webhook-timeout", "3", "--requests-per-minute", "30000"]
        with processes.sandbox(folder / "sandbox.log", *options) as sandbox_url:
            try:
                ground.open(sandbox_url)
                yield ground
            finally:
                ground.close()
