"""Whether this machine's clock can be trusted: purchases and claims are told apart by time.

A worker whose clock runs ahead takes a purchase that is just being made for one that never was, and
makes it again; so one whose clock is wrong takes nothing on.
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
    """Return how far the clock is ahead of PostgreSQL's; SQLite is on this machine."""
    if connection.vendor != "postgresql":
        return 0.0
    asked_at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    answered_at = timezone.now()
    return float((asked_at + (answered_at - asked_at) / 2 - theirs).total_seconds())
