"""Ends a worker within its grace period, and hands back what it still holds.

Celery ends a worker (SIGTERM) once its running tasks are over, without limit
(docs/replicate-facts/celery.md, "When a worker is told to end"); ours work something off for as
long as anything waits. So each loop asks `has_begun` before it takes the next, and what is still
held when the grace period is over is handed back: its lease ends, and another worker takes it over
at once. A purchase that is being made is then looked up, like one whose answer was lost.

>>> while not stopping.has_begun() and (claimed := claim_next(status)):
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from staging.models.lease import Leased, LeasedQuerySet

log = structlog.get_logger(__name__)

_begun = threading.Event()
# What this process has claimed and not finished.
_held: dict[tuple[type[Leased], object], Leased] = {}


def begin() -> None:
    """Let every loop of this process end; only sets a flag, as a signal's handler may."""
    _begun.set()


def has_begun() -> bool:
    return _begun.is_set()


def wait() -> None:
    """Wait until this process begins to stop."""
    _begun.wait()


@contextmanager
def holding(*rows: Leased) -> Iterator[None]:
    """Remember, for the block, that this process works on rows that it has claimed."""
    _held.update({(type(one), one.pk): one for one in rows})
    try:
        yield
    finally:
        for one in rows:
            _held.pop((type(one), one.pk), None)


def hand_back() -> int:
    """End the claims that this process still holds; return how many there were.

    What a thread of ours writes after this changes nothing.
    """
    handed = 0
    for one in list(_held.values()):
        rows: LeasedQuerySet[Leased] = LeasedQuerySet(type(one))
        held = rows.hand_back(one)
        log.warning("handed back", held=held, **{str(one._meta.model_name): str(one.pk)})
        handed += held
    return handed
