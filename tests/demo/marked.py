"""Finds processes by a mark in their environment, which children inherit, orphans too."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.image import ROOT

MARK = "RESTAGE_DEMO_TEST"


@dataclass
class Marked:
    """A command of the demo's, and every process that came of it."""

    process: "subprocess.Popen[str]"
    mark: str
    printed: Path = field(repr=False)

    def left(self) -> list[str]:
        """Return the command lines of what is still alive, the command itself apart."""
        return [
            command
            for pid, command in _processes(f"{MARK}={self.mark}".encode())
            if pid != self.process.pid
        ]

    def await_(self, condition: Callable[[], bool], *, within_s: float = 60) -> bool:
        """Wait until it is so, and say whether it came to that."""
        until = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def output(self) -> str:
        """Return what the command printed so far, errors included."""
        return self.printed.read_text()


@contextmanager
def python(*arguments: str, folder: Path, **env: str) -> Iterator[Marked]:
    """Run Python from the project's root; kill what is left of it when the block ends."""
    mark = uuid.uuid4().hex
    printed = folder / "printed.txt"
    with printed.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | env | {MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield Marked(process, mark, printed)
    finally:
        process.kill()
        process.wait()
        for pid, _ in _processes(f"{MARK}={mark}".encode()):
            os.kill(pid, signal.SIGKILL)


def _processes(mark: bytes) -> list[tuple[int, str]]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                # A zombie has ended, and has neither.
                found.append((int(entry.name), command.strip()))
        except OSError:
            continue
    return found
