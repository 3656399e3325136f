"""Compares this machine's clock with the database's, so that a worker with a wrong clock stops.

Purchases and claims are judged by their age. A worker whose clock runs ahead would take a purchase
that is just being made for one that was never made, and would make it again.
"""

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

log = structlog.get_logger(__name__)


def is_wrong() -> bool:
    """Say whether the clock differs from the database's by more than is tolerated."""
    off_by_s = _off_by_s()
    if abs(off_by_s) <= settings.STAGING_CLOCK_TOLERANCE_S:
        return False
    log.critical("the clock is wrong: set it, and run NTP", off_by_s=round(off_by_s, 1))
    return True


def _off_by_s() -> float:
    """Return by how many seconds this machine's clock is ahead of the database's."""
    # SQLite has this machine's clock.
    if connection.vendor != "postgresql":
        return 0.0
    asked_at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    answered_at = timezone.now()
    # The database read its clock about halfway between the question and its answer.
    return float((asked_at + (answered_at - asked_at) / 2 - theirs).total_seconds())
