"""Has files decoded in another process, which knows no secrets and ends with the file.

One decoder (staging.images.decoder) runs beside each process that needs it, from its first file on;
it forks a child for each file. docs/decisions/0028-files-are-decoded-apart.md says why.
"""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from staging.images.memory import Budget, Patience, TooManyWaiting
from staging.images.refusals import ImageRefused

_ROOT = Path(__file__).resolve().parents[2]
# A child ends itself in time; the decoder is ended where one does not.
_GRACE_S = 5.0
# A header takes two seconds of the processor at most, which a busy machine stretches.
_HEADER_S = 20
_BLOCK = 2**18
DECODER_COMMAND = ("-m", "staging.images")


class DecoderLost(Exception):
    """The decoder ended while it had a file, or does not start: says nothing about the file."""


class OutOfTime(Exception):
    """A file was not done in time, though it took no more of the processor than it may."""


class ChildLost(DecoderLost):
    """The system ended the child that had a file, as it does where the machine has no memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The facts that a child told of a file, and the files that it made of it."""

    facts: dict[str, Any]
    files: list[bytes]


class Decoder:
    """The decoder of this process; a process that was forked starts its own."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Close this process's end without ending the decoder, which is another process's."""
        self._lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        if control := getattr(self, "_control", None):
            control.close()
        self._control: socket.socket | None = None

    def send(self, *descriptors: int) -> int:
        """Have the decoder fork a child with these; return the decoder's pid. Raises DecoderLost.

        A decoder that is ending may take them still: its end is found by who waits for an answer.
        """
        for _ in range(2):
            with self._lock:
                control = self._control or self._start()
                try:
                    socket.send_fds(control, [b"."], descriptors)
                except OSError:
                    self._stop()
                else:
                    return self._pid
        raise DecoderLost("The decoder of image files does not start.")

    def stop(self, pid: int | None = None) -> None:
        """End the decoder, and with it the children that it has; with `pid`, no other than that."""
        with self._lock:
            if pid in (None, self._pid):
                self._stop()

    def _start(self) -> socket.socket:
        ours, its = socket.socketpair()
        with its:
            self.process = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-s", *DECODER_COMMAND],
                stdin=its.fileno(),
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
                # No secret of this process is there to be read.
                env={},
                # A signal to a terminal's or a service's processes is not for it.
                start_new_session=True,
            )
        self._control, self._pid = ours, self.process.pid
        return ours

    def _stop(self) -> None:
        if self._control:
            self._control.close()
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._control = self.process = None


DECODER = Decoder()
os.register_at_fork(after_in_child=DECODER.forget)
atexit.register(DECODER.stop)


def decode_apart(
    file: IO[bytes],
    work: str,
    arguments: Mapping[str, Any],
    *,
    budget: Budget,
    refusal: type[ImageRefused],
    account: object = None,
    patience: Patience | None = None,
) -> Answer:
    """Do a piece of work of staging.images.decoder with a file, once there is memory for it.

    Raises `refusal`, also for a file that takes more memory or time than it may, and
    TooManyWaiting.
    """
    with budget.hold(account, patience) as place:
        for is_last in (False, True):
            try:
                with _Child(file, work, arguments, refusal) as child:
                    budget.grow(place, child.weigh())
                    return child.carry_out(within_s=place.seconds_left())
            except DecoderLost:
                # Another file may have ended it.
                if is_last:
                    raise
            except OutOfTime as error:
                # The machine was too busy; the file itself is bounded by the processor's time.
                if patience:
                    raise TooManyWaiting from error
                raise refusal(refusal.too_slow) from error
    raise AssertionError("unreachable")


class _Child:
    """A child of the decoder's that has one file, from its header to its answer."""

    def __init__(
        self,
        file: IO[bytes],
        work: str,
        arguments: Mapping[str, Any],
        refusal: type[ImageRefused],
    ) -> None:
        self._asked = {"work": work, "arguments": dict(arguments)}
        self._file, self._refusal = file, refusal
        self._open = ExitStack()

    def __enter__(self) -> "_Child":
        with self._open:
            ours, its = socket.socketpair()
            self._talk = self._open.enter_context(ours)
            self._end, writes_end = os.pipe()
            self._open.callback(os.close, self._end)
            try:
                with _descriptor(self._file) as photo:
                    self._decoder = DECODER.send(its.fileno(), writes_end, photo)
            finally:
                its.close()
                os.close(writes_end)
            self._read = self._open.enter_context(ours.makefile("rb"))
            self._open = self._open.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def weigh(self) -> int:
        """Have the header read; return the bytes that decoding takes. Raises the refusal."""
        self._say({**self._asked, "within_s": _HEADER_S}, limit_s=_HEADER_S)
        facts = self._hear()
        self._limit_s = float(facts["limit_s"])
        return int(facts["weight"])

    def carry_out(self, *, within_s: int) -> Answer:
        """Have the file decoded; return what became of it. Raises the refusal."""
        self._say({"within_s": within_s}, limit_s=min(within_s, self._limit_s))
        facts = self._hear()
        files = [self._take(length) for length in facts.pop("lengths")]
        return Answer(facts=facts, files=files)

    def _say(self, words: Mapping[str, Any], *, limit_s: float) -> None:
        self._talk.settimeout(limit_s + _GRACE_S)
        with suppress(BrokenPipeError, ConnectionResetError):
            self._talk.sendall(json.dumps(words).encode() + b"\n")

    def _hear(self) -> dict[str, Any]:
        try:
            line = self._read.readline()
        except TimeoutError as error:
            DECODER.stop(self._decoder)
            raise OutOfTime from error
        except ConnectionResetError:
            line = b""
        if not line.endswith(b"\n"):
            self._explain_end()
        facts: dict[str, Any] = json.loads(line)
        if "refused" in facts:
            raise self._refusal(facts["refused"])
        if "is_too_heavy" in facts:
            raise self._refusal(self._refusal.too_heavy)
        if "error" in facts:
            raise RuntimeError(facts["error"])
        return facts

    def _take(self, length: int) -> bytes:
        content = self._read.read(length)
        if len(content) < length:
            self._explain_end()
        return content

    def _explain_end(self) -> None:
        """Raise what it means that the child ended without an answer."""
        told = os.read(self._end, 9)
        if not told:
            DECODER.stop(self._decoder)
            raise DecoderLost("The decoder of image files ended.")
        match int(told):
            case signal.SIGXCPU:
                raise self._refusal(self._refusal.too_slow)
            case signal.SIGALRM:
                raise OutOfTime
            case signal.SIGKILL:
                raise ChildLost("The system ended the process that had an image file.")
        raise self._refusal(self._refusal.damaged)


@contextmanager
def _descriptor(file: IO[bytes]) -> Iterator[int]:
    """Give the descriptor of a file on disk that has these bytes; a copy where it is no such."""
    size = file.seek(0, os.SEEK_END)
    try:
        number = file.fileno()
        is_same = os.fstat(number).st_size == size
    except (AttributeError, OSError):
        is_same = False
    if is_same:
        yield number
        return
    with tempfile.TemporaryFile() as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy, _BLOCK)
        copy.flush()
        yield copy.fileno()
