from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models


class Line(models.TextChoices):
    """The lines in which an account's requests stand, each with its own spacing."""

    SINGLE = "single", "predictions that a user waits for"
    BATCH = "batch", "predictions of batches"
    PHOTO = "photo", "photos of batches, to be read"


class Turn(models.Model):
    """The last rank that an account was given in a line, so that accounts take turns.

    Each account's requests stand apart in the queue by the time that one of them takes. So those of
    another account, which come later, find a place between them.
    """

    account = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    line = models.CharField(max_length=10, choices=Line.choices)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "line"], name="one_turn_an_account_and_line")
        ]

    def __str__(self) -> str:
        return f"{self.line} of account {self.account_id}: {self.last_at:%H:%M:%S}"

    @classmethod
    def take(
        cls,
        account: User,
        line: Line,
        *,
        count: int,
        earliest: datetime,
        each: timedelta | None = None,
    ) -> list[datetime]:
        """Return an account's next ranks: none before `earliest`, none before its last one.

        They are `each` apart, by default the time of one creation at CREATIONS_PER_MINUTE. Call
        this in the transaction that records what gets the ranks, as its last lock: it holds the row
        to its end, so that of two writers the second goes on behind the first.
        """
        if each is None:
            each = timedelta(minutes=1) / settings.STAGING_CREATIONS_PER_MINUTE
        row, _ = cls.objects.select_for_update().get_or_create(
            account=account, line=line, defaults={"last_at": earliest - each}
        )
        first = max(earliest, row.last_at + each)
        row.last_at = first + (count - 1) * each
        row.save(update_fields=["last_at"])
        return [first + number * each for number in range(count)]
