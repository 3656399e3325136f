"""Budgets of memory for decoding, one for photos and one for pictures, shared out by turns.

Each web and each worker process has its own; `python -m benchmarks.uploads` measures them.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition

from modelsettings.errors import RequestRefused
from staging.images.weights import MOST_BYTES


class TooManyWaiting(RequestRefused):
    """A photo that may not wait for memory, because enough others wait already."""

    status = 503
    headers = {"Retry-After": "30"}

    def __init__(self) -> None:
        super().__init__(
            "Too many photos are being read at once: send it again in half a minute.",
            field="image",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the sender of a file waits: behind so many files, so many of its own account.

    After `wait_s` the file is sent away; after `most_s` it has its answer.
    """

    behind: int
    behind_own: int
    wait_s: float
    most_s: float


@dataclass(eq=False, slots=True)
class _Place:
    """A file's place in its account's line, and then its share of the memory."""

    account: object
    share: int
    patience: Patience | None
    came_at: float
    is_served: bool = False

    def wait_s(self) -> float | None:
        """Return how much longer it may wait; None: as long as it takes."""
        waited = time.monotonic() - self.came_at
        return max(0.0, self.patience.wait_s - waited) if self.patience else None

    def seconds_left(self) -> int:
        """Return how long its decoding may take: at least what is behind the longest wait."""
        if self.patience is None:
            return 3600
        return max(1, round(self.patience.most_s - (time.monotonic() - self.came_at)))


class Budget:
    """Bytes that files take turns to decode in.

    The accounts come in turn, a file each, and an account holds at most `most` at once: the rest is
    there for the others. No file overtakes one of another account that its turn has come for, so
    small files do not starve a large one. A file that weighs more than all runs alone.
    """

    def __init__(self, total: int, *, least: int, most: int) -> None:
        self.total, self.least, self.most = total, least, most
        self.clear()

    def clear(self) -> None:
        """Forget who holds what: in a process that was forked, their threads are not there."""
        self._changed = Condition()
        self._lines: dict[object, list[_Place]] = {}
        self._held: Counter[object] = Counter()

    @property
    def waiting(self) -> int:
        return sum(map(len, self._lines.values()))

    @contextmanager
    def hold(self, account: object, patience: Patience | None = None) -> Iterator[_Place]:
        """Hold the least share, to read a file's header; `grow` asks for what its pixels take.

        Raises TooManyWaiting where the file would have to wait for more than its patience allows.
        """
        place = _Place(account, self.least, patience, time.monotonic())
        with self._changed:
            own = len(self._lines.get(account, ()))
            if patience and (self.waiting >= patience.behind or own >= patience.behind_own):
                raise TooManyWaiting
            self._lines.setdefault(account, []).append(place)
            self._wait(place)
        try:
            yield place
        finally:
            with self._changed:
                self._give_back(place)

    def grow(self, place: _Place, weight: int) -> None:
        """Exchange the least share for the one that a file weighs. Raises TooManyWaiting.

        The share is given back first: files that each hold some and wait for more would wait for
        each other. The file stays the first of its account.
        """
        if weight <= place.share:
            return
        with self._changed:
            self._give_back(place)
            place.share, place.is_served = min(weight, self.total), False
            self._lines.setdefault(place.account, []).insert(0, place)
            self._wait(place)

    def _wait(self, place: _Place) -> None:
        self._serve()
        if not self._changed.wait_for(lambda: place.is_served, timeout=place.wait_s()):
            self._leave(place)
            self._serve()
            raise TooManyWaiting

    def _give_back(self, place: _Place) -> None:
        if place.is_served:
            place.is_served = False
            self._held[place.account] -= place.share
            self._serve()

    def _serve(self) -> None:
        """Give shares to those whose turn it is, while there is memory."""
        while place := self._find_next():
            self._leave(place)
            if line := self._lines.pop(place.account, None):
                # The account goes behind the others.
                self._lines[place.account] = line
            place.is_served = True
            self._held[place.account] += place.share
        self._changed.notify_all()

    def _find_next(self) -> _Place | None:
        free = self.total - sum(self._held.values())
        for account, line in self._lines.items():
            held, share = self._held[account], line[0].share
            if held and held + share > self.most:
                continue
            return line[0] if share <= free else None
        return None

    def _leave(self, place: _Place) -> None:
        line = self._lines[place.account]
        line.remove(place)
        if not line:
            del self._lines[place.account]


# One account's photos take what the heaviest one may, and leave room for two of 12 megapixels.
PHOTOS = Budget(MOST_BYTES + 2**28, least=2**27, most=MOST_BYTES)
# Pictures that are paid for: no photo takes their room.
PICTURES = Budget(2**29, least=2**26, most=2**29)
for _budget in (PHOTOS, PICTURES):
    os.register_at_fork(after_in_child=_budget.clear)
