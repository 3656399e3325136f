"""The demo's output: plain lines, and on a terminal one line that counts the seconds."""

import sys
import time
from collections.abc import Callable
from typing import TextIO


class Screen:
    """Writes lines, and shows the state of a job with the seconds it takes.

    On a terminal the line of the present state is rewritten as the seconds pass; elsewhere each
    state is written once, on a line of its own.
    """

    def __init__(
        self, stream: TextIO | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream or sys.stdout
        self._now = now
        self._started_at = now()
        self._open_line = False
        self._last = ""

    def say(self, line: str = "") -> None:
        """Write a line that stays."""
        self._end_open_line()
        self._write(f"{line}\n")

    def begin(self) -> None:
        """Count seconds from here."""
        self._started_at = self._now()
        self._last = ""

    def follow(self, state: str) -> None:
        """Show the job's state, and the seconds since `begin`."""
        line = f"  {self._now() - self._started_at:5.1f} s  {state}"
        if self._stream.isatty():
            if self._last != state:
                self._end_open_line()
            self._write(f"\r{line}")
            self._open_line = True
        elif self._last != state:
            self._write(f"{line}\n")
        self._last = state

    def _end_open_line(self) -> None:
        if self._open_line:
            self._write("\n")
            self._open_line = False

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
