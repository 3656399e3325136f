"""A bound on the memory that decoding takes, for all threads of a process together.

Measured by `python -m benchmarks.uploads`, as is what goes back to the system afterwards.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock

from modelsettings.errors import RequestRefused

_M_MMAP_THRESHOLD = -3


class TooManyWaiting(RequestRefused):
    """So many wait for memory already that this one must not."""

    status = 503
    headers = {"Retry-After": "30"}

    def __init__(self) -> None:
        super().__init__(
            "Too many photos are being read at once: send it again in half a minute.",
            field="image",
        )


class Budget:
    """Bytes that threads share: each takes what its image weighs, and waits until that is free.

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

        `weigh` runs when it is this thread's turn, one at a time, since it reads a file. What
        weighs more than there is takes all: it runs alone. Raises TooManyWaiting where
        `most_waiting` wait already.
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

    By itself it stops that (mallopt(3), M_MMAP_THRESHOLD) after the first ones: up to 32 MB then
    stay in the arena of whichever thread decoded, and 32 threads hold hundreds of megabytes of
    nothing. Elsewhere than on glibc this does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 2**20)


# With what Django takes (some 120 MB) the web process stays below 400 MB.
DECODING = Budget(256 * 2**20)
# Once, for the whole process, before anything is decoded.
give_back_large_blocks()
