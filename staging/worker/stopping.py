"""Ends a worker within its grace period, and hands back the rows that it still holds.

On SIGTERM, Celery lets running tasks end, however long they take
(docs/replicate-facts/celery.md, "When a worker is told to end"), and our tasks go on for as long as
rows wait. So each loop asks `has_begun` before it claims the next row. The rows that are still held
when the grace period is over are handed back: their leases end, and another worker takes them over
at once. A purchase that is being made then is looked up, like a purchase whose answer was lost.

>>> while not stopping.has_begun() and (claimed := claim_next(status)):
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from staging.models.lease import Leased, LeasedQuerySet

log = structlog.get_logger(__name__)

_begun = threading.Event()
# The rows that this process has claimed and not finished.
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
    _held.update({(type(row), row.pk): row for row in rows})
    try:
        yield
    finally:
        for row in rows:
            _held.pop((type(row), row.pk), None)


def hand_back() -> int:
    """End the claims that this process still holds; return how many there were.

    Threads of this process may still write to those rows after this: their writes name an old
    claim number, and change nothing.
    """
    handed = 0
    # A copy: threads that finish their work change the dictionary meanwhile.
    for row in list(_held.values()):
        rows: LeasedQuerySet[Leased] = LeasedQuerySet(type(row))
        held = rows.hand_back(row)
        log.warning("handed back", held=held, **{str(row._meta.model_name): str(row.pk)})
        handed += held
    return handed
