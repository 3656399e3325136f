"""Starts the real parts that the tests talk to, each in a process group of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

import httpx

Found = TypeVar("Found")
Process: TypeAlias = "subprocess.Popen[bytes]"

ROOT = Path(__file__).resolve().parent.parent
CATALOG = ROOT / "modelsettings" / "catalog"


def start(
    *command: str, log: Path, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> Process:
    """Start a command, which writes to the end of the log."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {}), "PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def running(*command: str, log: Path, env: Mapping[str, str] | None = None) -> Iterator[Process]:
    """Run a command, with a new log, until the block ends; then end its whole group."""
    log.write_bytes(b"")
    with ExitStack() as stack:
        with uninterrupted():
            process = start(*command, log=log, env=env)
            stack.callback(end, process)
        yield process


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait for the block's end: it would leave a process that nobody ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    usual = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if pressed:
            signal.raise_signal(signal.SIGINT)


def end(process: Process, with_signal: int = signal.SIGTERM) -> None:
    """End a process group; kill what does not go within twenty seconds, on a busy machine."""
    if process.poll() is None:
        os.killpg(process.pid, with_signal)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            kill(process)


def kill(process: Process) -> None:
    """Kill a process and whatever it started, without a warning."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def manage(*command: str, env: Mapping[str, str]) -> str:
    """Run one command of manage.py; return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def sandbox(log: Path, *options: str, models: Path = CATALOG) -> Iterator[str]:
    """Run the sandbox on a free port; yield its address, without /v1."""
    command = (sys.executable, "-m", "sandbox", "--port", "0", "--models", str(models), *options)
    with running(*command, log=log):
        found = wait_for(lambda: re.search(r"Sandbox at (\S+)/v1", log.read_text()), log=log)
        yield found.group(1)


def wait_for(
    condition: Callable[[], Found | None], *, timeout_s: float = 60.0, log: Path | None = None
) -> Found:
    """Return what the condition returns once it is true; fail with the log after the time-out."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if result := condition():
            return result
        time.sleep(0.02)
    told = log.read_text()[-3000:] if log else ""
    raise AssertionError(f"Nothing came of it within {timeout_s} s. {told}")


def answers(url: str) -> bool:
    """Say whether a web process of Restage lives at an address."""
    try:
        return httpx.get(f"{url}/livez").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
