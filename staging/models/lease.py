"""Who works on a row: one at a time, for so long, and under a number that every write names.

The lease's end lets another take over from whoever died. The number, which grows with each claim,
lets whoever was only thought dead come back without a difference: its writes find another number.
"""

from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

Row = TypeVar("Row", bound="Leased")


class LeasedQuerySet(models.QuerySet[Row]):
    def free(self, now: datetime) -> Self:
        """Those that nobody holds."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=now))

    def held(self, one: Row) -> Self:
        """That row, for as long as the claim still holds with which it was read."""
        return self.filter(pk=one.pk, lease_number=one.lease_number)

    def take(self, one: Row, *, lease: timedelta, **values: Any) -> bool:
        """Lease a row in one conditional UPDATE, and write values; say whether it is ours.

        Call it on what filters by columns of this table alone: the UPDATE looks at them again
        where it has waited for the row.
        """
        now = timezone.now()
        until, number = now + lease, one.lease_number + 1
        taken = self.free(now).held(one).update(lease_until=until, lease_number=number, **values)
        if taken:
            one.lease_until, one.lease_number = until, number
        return bool(taken)

    def hand_back(self, one: Row) -> bool:
        """Let another take over at once; say whether the claim still held."""
        held = self.held(one).filter(lease_until__isnull=False)
        return bool(held.update(lease_until=None, lease_number=F("lease_number") + 1))


class Leased(models.Model):
    """A row that a worker claims before it works on it."""

    lease_until = models.DateTimeField(null=True)
    lease_number = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True
