"""Ends a worker within its grace period, and hands back what it still holds.

Celery ends a worker (SIGTERM) once its running tasks are over, without limit; ours work something
off for as long as anything waits. So each loop asks `has_begun` before it takes the next, and what
is still held when the grace period is over is handed back: its lease ends, and another worker takes
it over at once. A purchase that is being made is then looked up, like one whose answer was lost.

>>> while not stopping.has_begun() and (claimed := claim_next(status)):
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db.models import F

from staging.models import Prediction

log = structlog.get_logger(__name__)

_begun = threading.Event()
# What this process has claimed and not finished, by its primary key.
_held: dict[uuid.UUID, Prediction] = {}


def begin() -> None:
    """Let every loop of this process end; only sets a flag, as a signal's handler may."""
    _begun.set()


def has_begun() -> bool:
    return _begun.is_set()


def wait() -> None:
    """Wait until this process begins to stop."""
    _begun.wait()


@contextmanager
def holding(*predictions: Prediction) -> Iterator[None]:
    """Remember, for the block, that this process works on predictions that it has claimed."""
    _held.update({one.pk: one for one in predictions})
    try:
        yield
    finally:
        for one in predictions:
            _held.pop(one.pk, None)


def hand_back() -> int:
    """End the claims that this process still holds; return how many there were.

    The number goes up as well: what a thread of ours writes after this changes nothing.
    """
    handed = 0
    for prediction in list(_held.values()):
        ended = Prediction.objects.filter(
            pk=prediction.pk,
            status=prediction.status,
            lease_number=prediction.lease_number,
            lease_until__isnull=False,
        ).update(lease_until=None, lease_number=F("lease_number") + 1)
        log.warning(
            "handed back",
            job=str(prediction.job_id),
            prediction=str(prediction.pk),
            status=prediction.status,
            held=bool(ended),
        )
        handed += ended
    return handed
