"""A bound on the memory that decoding takes, for all threads of a process together.

`python -m benchmarks.uploads` measures it, and how much memory goes back to the system afterwards.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock

from modelsettings.errors import RequestRefused

_M_MMAP_THRESHOLD = -3


class TooManyWaiting(RequestRefused):
    """A photo that may not wait for memory, because enough others wait already."""

    status = 503
    headers = {"Retry-After": "30"}

    def __init__(self) -> None:
        super().__init__(
            "Too many photos are being read at once: send it again in half a minute.",
            field="image",
        )


class Budget:
    """Bytes that threads share: a thread takes what its image weighs, once so much is free.

    First come, first served, so that many small images do not starve a large one.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._free = total
        self._freed = Condition()
        self._turn = Lock()
        self.waiting = 0

    @contextmanager
    def hold(self, weigh: Callable[[], int], *, most_waiting: int | None = None) -> Iterator[int]:
        """Hold a share while the block runs; yield the weight.

        `weigh` reads a file, so it runs when it is this thread's turn, in one thread at a time. An
        image that weighs more than the total takes all of it, and runs alone. Raises TooManyWaiting
        where `most_waiting` threads wait already.
        """
        weight, share = self._take(weigh, most_waiting)
        try:
            yield weight
        finally:
            with self._freed:
                self._free += share
                self._freed.notify_all()

    def _take(self, weigh: Callable[[], int], most_waiting: int | None) -> tuple[int, int]:
        with self._freed:
            if most_waiting is not None and self.waiting >= most_waiting:
                raise TooManyWaiting
            self.waiting += 1
        try:
            # The turn is kept while the thread waits for memory: threads behind it stay behind.
            with self._turn:
                weight = weigh()
                share = min(weight, self.total)
                with self._freed:
                    self._freed.wait_for(lambda: self._free >= share)
                    self._free -= share
        finally:
            with self._freed:
                self.waiting -= 1
        return weight, share


def give_back_large_blocks() -> None:
    """Have glibc return each block of a megabyte and more to the system when it is freed.

    glibc by itself stops doing that after the first blocks (mallopt(3), M_MMAP_THRESHOLD): then up
    to 32 MB stay in the arena of each thread that decoded, and 32 threads hold hundreds of
    megabytes that no image uses. Without glibc this function does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 2**20)


# Django takes some 120 MB: the web process as a whole stays below 400 MB.
DECODING = Budget(256 * 2**20)
# Once, for the whole process, before anything is decoded.
give_back_large_blocks()
