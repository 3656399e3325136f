"""Leases: one worker at a time claims a row, for a limited time, under a number.

After a lease's end another worker takes the row over from one that died. The number grows with each
claim, and every write names it: where a worker was only thought dead, its late writes find another
number in the row, and change nothing.
"""

from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

Row = TypeVar("Row", bound="Leased")


class LeasedQuerySet(models.QuerySet[Row]):
    def free(self, now: datetime) -> Self:
        """Return the rows that no worker holds."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=now))

    def held(self, row: Row) -> Self:
        """Return the row as long as it is under the claim with which it was read; else no row."""
        return self.filter(pk=row.pk, lease_number=row.lease_number)

    def take(self, row: Row, *, lease: timedelta, **values: Any) -> bool:
        """Lease a row in one conditional UPDATE, and write values; say whether it is ours.

        Call it on a queryset that filters by columns of this table alone: those conditions are
        checked again where the UPDATE has waited for another transaction.
        """
        now = timezone.now()
        until, number = now + lease, row.lease_number + 1
        # Of two workers that read the same number, the second finds it grown, and updates no row.
        taken = self.free(now).held(row).update(lease_until=until, lease_number=number, **values)
        if taken:
            row.lease_until, row.lease_number = until, number
        return bool(taken)

    def hand_back(self, row: Row) -> bool:
        """End the claim, so that another worker can take over; say whether the claim still held."""
        held = self.held(row).filter(lease_until__isnull=False)
        return bool(held.update(lease_until=None, lease_number=F("lease_number") + 1))


class Leased(models.Model):
    """A row that a worker claims before it works on it."""

    lease_until = models.DateTimeField(null=True)
    lease_number = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True
