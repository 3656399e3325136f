"""Starts processes, each in a group of its own, and ends them all, whatever happens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from demo import guard
from demo.options import ROOT

GRACE_S = 8.0
LOOK_EVERY_S = 0.05
LINES_OF_LOG = 15


class Ended(Exception):
    """A signal told the demo to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class ChildFailed(Exception):
    """A process ended too early or did not get ready; the message has the end of its log."""


@dataclass(frozen=True)
class Child:
    """A process with its log; its id is also the id of its process group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def group(self) -> int:
        return self.process.pid

    def last_lines(self) -> str:
        """Return the end of the log, indented."""
        lines = self.log.read_text(errors="replace").splitlines()[-LINES_OF_LOG:]
        return "\n".join(f"    {line}" for line in lines)


class Supervisor:
    """Keeps the demo's processes: `with Supervisor(logs=folder) as supervisor:` ends them all.

    It ends whole groups, since some processes leave children behind. Where the supervisor itself
    is killed, the guard (`demo.guard`) ends them.
    """

    def __init__(self, *, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []
        self._before: dict[int, signal.Handlers | Callable[..., object] | int | None] = {}
        self._told_to_end_by: int | None = None

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "demo.guard"],
            stdin=subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
        )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A second Ctrl-C ends the supervisor at once; the guard then ends the processes.
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)
        groups = {child.group for child in self._children}
        guard.end(groups, grace_s=GRACE_S, reap=self._reap)
        for child in self._children:
            child.process.wait()
            self._tell_guard(f"-{child.group}")
        if self._guard.stdin:
            self._guard.stdin.close()
        self._guard.wait()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        pass_fds: Sequence[int] = (),
    ) -> Child:
        """Start a process in a group of its own, writing to its own log."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 -- the commands are the demo's own
                [*command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=ROOT,
                pass_fds=pass_fds,
                start_new_session=True,
            )
        self._tell_guard(f"+{process.pid}")
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def finish(self, child: Child, *, within_s: float) -> str:
        """Wait for a process that has an end, and return what it printed.

        Raises ChildFailed where it fails, or where another process ends meanwhile.
        """
        self._await(lambda: child.process.poll() is not None, child, within_s=within_s, but=child)
        self._children.remove(child)
        self._tell_guard(f"-{child.group}")
        if child.process.returncode != 0:
            raise ChildFailed(_obituary(child))
        return child.log.read_text(errors="replace")

    def wait_until(self, is_ready: Callable[[], bool], child: Child, *, within_s: float) -> None:
        """Wait until a process is ready. Raises ChildFailed where it does not get ready."""
        self._await(is_ready, child, within_s=within_s)

    def check(self, *, but: Child | None = None) -> None:
        """Raise ChildFailed where a process has ended, Ended after a signal."""
        if self._told_to_end_by is not None:
            raise Ended(self._told_to_end_by)
        for child in self._children:
            if child is not but and child.process.poll() is not None:
                raise ChildFailed(_obituary(child))

    def _await(
        self,
        is_so: Callable[[], bool],
        child: Child,
        *,
        within_s: float,
        but: Child | None = None,
    ) -> None:
        until = time.monotonic() + within_s
        while not is_so():
            self.check(but=but)
            if time.monotonic() > until:
                raise ChildFailed(
                    f"{child.name} was not ready within {within_s:.0f} seconds. "
                    f"The end of {child.log}:\n{child.last_lines()}"
                )
            time.sleep(LOOK_EVERY_S)

    def _reap(self) -> None:
        for child in self._children:
            child.process.poll()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        # Only noted: an exception raised here could strike between a process's start and its entry
        # in the list.
        self._told_to_end_by = number

    def _tell_guard(self, line: str) -> None:
        if self._guard.stdin:
            try:
                os.write(self._guard.stdin.fileno(), f"{line}\n".encode())
            except BrokenPipeError:
                # The guard was killed: the supervisor alone ends the processes then.
                return


def _obituary(child: Child) -> str:
    code = child.process.returncode
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return f"{child.name} {how}. The end of {child.log}:\n{child.last_lines()}"
