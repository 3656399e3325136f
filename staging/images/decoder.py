"""The process that forks a child for each image file, and what such a child does.

The one that started it (staging.images.apart) sends three descriptors for a file: a socket to talk
with its child, a pipe on which the decoder tells how the child ended, and the file. The child reads
the header, tells what the pixels will weigh, waits to be told to go on, and answers with a line of
JSON and the files that it made.
"""

import ctypes
import gc
import io
import json
import os
import resource
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO, Any

from PIL import Image

from staging.images.photos import normalise
from staging.images.photos import weigh as weigh_photo
from staging.images.pictures import make_ready
from staging.images.pictures import weigh as weigh_picture
from staging.images.refusals import ImageRefused
from staging.images.weights import MOST_BYTES

# Beyond what its pixels weigh: Python with its libraries, and the stacks of libheif's threads.
_BASE = 96 * 2**20
_OPEN_FILES = 64
_M_MMAP_THRESHOLD = -3
_HEADER_S = 2
_LONG_S, _SLOW = 1.0, 10


@dataclass(slots=True)
class Child:
    """A child that has a file, and the pipe on which its end is told."""

    end: int
    began_at: float
    is_slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is done with a file: weighed by its header, then carried out within limits.

    `processor_s` gives the seconds of processor for a weight in bytes; `wall_s` are those in all.
    """

    weigh: Callable[[IO[bytes]], int]
    carry_out: Callable[..., tuple[dict[str, Any], list[bytes]]]
    processor_s: Callable[[int], int]
    wall_s: int


def _normalise(file: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    facts = asdict(normalise(file))
    return facts, [facts.pop("content"), facts.pop("thumbnail")]


def _make_ready(file: IO[bytes], **asked: Any) -> tuple[dict[str, Any], list[bytes]]:
    file.seek(0)
    facts = asdict(make_ready(file.read(), **asked))
    return facts, [facts.pop("content"), facts.pop("thumbnail")]


WORKS = {
    # From 3 seconds for 12 megapixels to 10 for the heaviest: three times what they were seen to
    # take, and several times that for ordinary ones.
    "photo": Work(
        weigh=weigh_photo,
        carry_out=_normalise,
        processor_s=lambda weight: 2 + weight // 2**26,
        wall_s=60,
    ),
    # Pictures are paid for, and few. Written anew as a WebP, 50 megapixels take half a minute.
    "picture": Work(
        weigh=weigh_picture,
        carry_out=_make_ready,
        processor_s=lambda weight: 5 + weight // 2**22,
        wall_s=120,
    ),
}


def main() -> None:
    """Fork a child for each file until the process that started this one ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    give_back_large_blocks()
    # Readers and writers are loaded once, not in each child.
    Image.init()
    # What is there now stays as it is, so children share its memory.
    gc.collect()
    gc.freeze()
    children: dict[int, Child] = {}
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with socket.socket(fileno=0) as control:
        while True:
            look_again_s = _LONG_S / 2 if children else None
            ready, _, _ = select.select([control.fileno(), woken], [], [], look_again_s)
            if woken in ready:
                os.read(woken, 512)
                _tell_ends(children)
            if control.fileno() in ready:
                said, descriptors, _, _ = socket.recv_fds(control, 1, 3)
                if not said:
                    break
                _fork(*descriptors, children=children, close=[control.fileno(), woken, wakes])
            _slow_down(children)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def give_back_large_blocks() -> None:
    """Have glibc return each block of a megabyte and more to the system when it is freed.

    glibc by itself stops doing that after the first blocks (mallopt(3), M_MMAP_THRESHOLD): then
    the pixels of one step stay in memory while the next one takes its own. Without glibc this
    function does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 2**20)


def _fork(talk: int, end: int, file: int, *, children: dict[int, Child], close: list[int]) -> None:
    pid = os.fork()
    if pid:
        children[pid] = Child(end, time.monotonic())
        os.close(talk)
        os.close(file)
        return
    # The child. It never returns, whatever happens.
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # Where the decoder ends, the others notice that by these.
        for other in (*close, end, *(child.end for child in children.values())):
            os.close(other)
        # libtiff and libjpeg would write what they find wrong in a file into the log.
        os.dup2(1, 2)
        with socket.socket(fileno=talk) as channel:
            _work(channel, Descriptor(file))
    finally:
        os._exit(0)


def _slow_down(children: dict[int, Child]) -> None:
    """Have files that take long leave the processor to those that do not."""
    for pid, child in children.items():
        if not child.is_slow and time.monotonic() - child.began_at > _LONG_S:
            child.is_slow = True
            os.setpriority(os.PRIO_PROCESS, pid, _SLOW)


def _tell_ends(children: dict[int, Child]) -> None:
    """Tell of each child that has ended the signal that ended it, or 0."""
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        end = children.pop(pid).end
        with suppress(BrokenPipeError):
            os.write(end, str(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0).encode())
        os.close(end)


def _work(channel: socket.socket, raw: "Descriptor") -> None:
    """Weigh a file, wait until there is memory for it, and carry out what is asked."""
    talk = channel.makefile("rwb")

    def say(facts: dict[str, Any], files: Iterable[bytes] = ()) -> None:
        for part in (json.dumps(facts).encode() + b"\n", *files):
            talk.write(part)
        talk.flush()

    file = io.BufferedReader(raw, 2**16)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    try:
        asked = json.loads(talk.readline())
        # Of a header, little memory is touched; readers reserve what the pixels would take.
        _limit(MOST_BYTES, processor_s=_HEADER_S, wall_s=asked["within_s"])
        work = WORKS[asked["work"]]
        weight = work.weigh(file)
        signal.alarm(0)
        say({"weight": weight, "limit_s": work.wall_s})
        told = talk.readline()
        if not told:
            return
        wall_s = min(work.wall_s, json.loads(told)["within_s"])
        _limit(weight, processor_s=_HEADER_S + work.processor_s(weight), wall_s=wall_s)
        facts, files = work.carry_out(file, **asked["arguments"])
        say({**facts, "lengths": [len(content) for content in files]}, files)
    except ImageRefused as refusal:
        is_heavy = isinstance(refusal.__cause__, MemoryError)
        say({"refused": refusal.too_heavy if is_heavy else str(refusal)})
    except MemoryError:
        say({"is_too_heavy": True})
    except Exception:
        # For the process that asked, which raises it too; this one ends with it.
        say({"error": traceback.format_exc()[-4000:]})
        raise


def _limit(weight: int, *, processor_s: int, wall_s: int) -> None:
    """Bound this child: the system ends one that takes more time, and gives it no more memory."""
    memory = weight + weight // 4 + _BASE
    # Its limit is one on data; that on addresses would count what libraries reserve and never use.
    resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CPU, (processor_s, resource.RLIM_INFINITY))
    signal.alarm(wall_s)


class Descriptor(io.RawIOBase):
    """A file that is read by its descriptor alone, at a position of its own.

    The process that sent it holds the same open file: its position must not move.
    """

    def __init__(self, number: int) -> None:
        self._number, self._position = number, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence)
        if begin is None:
            begin = os.fstat(self._number).st_size
        self._position = max(0, begin + offset)
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        count = os.preadv(self._number, [buffer], self._position)
        self._position += count
        return count
