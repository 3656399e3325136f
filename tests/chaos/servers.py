"""A PostgreSQL and a Redis of this run's own, which can be stopped and started again."""

import os
import shutil
import signal
import subprocess
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import psycopg
import redis

from tests.processes import Process, end, free_port, start, wait_for


class Missing(Exception):
    """A server's program is not installed."""


class Server(ABC):
    """One server, in a process of its own; its log lies in the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: Process | None = None

    @property
    @abstractmethod
    def command(self) -> list[str]:
        """What is run."""

    @abstractmethod
    def answers(self) -> bool:
        """Say whether the server does its work."""

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = self.folder / f"{type(self).__name__.lower()}.log"
        self._process = start(*self.command, log=log, cwd=self.folder)
        wait_for(self.answers, timeout_s=60, log=log)

    def stop(self, with_signal: int = signal.SIGINT) -> None:
        """Stop the server; whoever is connected loses the connection."""
        if self._process:
            end(self._process, with_signal)


class Postgres(Server):
    """A cluster of its own, without durability: processes are killed here, not machines."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # PostgreSQL refuses to run as root.
        self._become: list[str] = []
        place = folder / "postgres"
        place.mkdir()
        if os.geteuid() == 0:
            self._become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(place, "postgres")
        self._bin, self._data = find_postgres(), place / "data"
        subprocess.run(
            [*self._become, str(self._bin / "initdb"), "--pgdata", str(self._data), "--no-sync",
             "--auth", "trust", "--username", "postgres", "--encoding", "UTF8"],
            cwd=place, check=True, capture_output=True,
        )  # fmt: skip

    @property
    def command(self) -> list[str]:
        """The server; connections of killed workers linger, so it takes many."""
        options = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off")
        named = [word for one in (*options, "max_connections=300") for word in ("-c", one)]
        postgres = [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        return [*self._become, *postgres, *named]

    @property
    def url(self) -> str:
        """What DATABASE_URL names: the database that initdb makes, as nobody else uses it."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def answers(self) -> bool:
        """Say whether the server lets somebody in."""
        try:
            psycopg.connect(self.url, connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True


class Redis(Server):
    """A broker that keeps nothing on disk, so that a stop empties it."""

    @property
    def command(self) -> list[str]:
        """The server, without persistence."""
        program = shutil.which("redis-server")
        if not program:
            raise Missing("redis-server is not installed.")
        return [program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", ""]

    @property
    def url(self) -> str:
        """What CELERY_BROKER_URL names."""
        return f"redis://127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        """Say whether the server answers a ping."""
        with redis.Redis(port=self.port) as broker:
            try:
                return bool(broker.ping())
            except redis.ConnectionError:
                return False

    def empty(self) -> int:
        """Lose every message; return how many keys were lost.

        Of one that is stopped, or stops meanwhile, nothing is left to lose: it keeps nothing on
        disk.
        """
        with redis.Redis(port=self.port) as broker, suppress(redis.ConnectionError):
            size: int = broker.dbsize()
            broker.flushdb()
            return size
        return 0


def find_postgres() -> Path:
    """Return the folder of the newest PostgreSQL's programs; raise Missing without one."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise Missing("PostgreSQL is not installed.")
    return found[-1].parent


def are_installed() -> bool:
    """Say whether a run can have servers of its own."""
    try:
        find_postgres()
    except Missing:
        return False
    return shutil.which("redis-server") is not None
