from datetime import datetime
from enum import Enum

from django.db import models
from django.db.models import F
from django.utils import timezone


class Tallied(Enum):
    """What is counted for good: the figure's name, and the label under which it counts.

    Both stand in the database and in what monitoring keeps, so neither is ever renamed.
    """

    BOUGHT = ("submits", "bought")
    # For good: the input, the model or the account.
    REFUSED = ("submits", "refused")
    # Nothing was bought, and it is tried again.
    NOT_BOUGHT = ("submits", "not_bought")
    # The answer was lost: what came of it is counted below.
    UNCERTAIN = ("submits", "uncertain")

    LIMITED_CREATION = ("rate_limited", "create")
    LIMITED_UPLOAD = ("rate_limited", "upload")
    # Of a list, of one prediction, or of canceling one.
    LIMITED_LOOK = ("rate_limited", "look")

    FOUND_BY_WEBHOOK = ("uncertain_purchases", "found_by_webhook")
    FOUND_BY_LOOKUP = ("uncertain_purchases", "found_by_lookup")
    FOUND_MISSING = ("uncertain_purchases", "not_bought")
    UNDECIDED = ("uncertain_purchases", "undecided")
    # Replicate listed a purchase later than we waited for it. It has never been seen.
    BOUGHT_TWICE = ("uncertain_purchases", "bought_twice")

    WEBHOOK_ACCEPTED = ("webhooks", "accepted")
    # Doubled, late or out of order.
    WEBHOOK_OLD = ("webhooks", "no_change")
    WEBHOOK_UNKNOWN_ADDRESS = ("webhooks", "unknown_address")
    WEBHOOK_TOO_LARGE = ("webhooks", "too_large")
    WEBHOOK_BAD_SIGNATURE = ("webhooks", "bad_signature")
    WEBHOOK_UNCHECKED = ("webhooks", "unchecked")
    WEBHOOK_NO_PREDICTION = ("webhooks", "not_a_prediction")
    WEBHOOK_ANOTHERS = ("webhooks", "another_predictions")

    # Sent by beat alone, so that it shows whether beat goes on.
    SWEPT = ("sweeps", "begun")


class Tally(models.Model):
    """How often something happened since the installation began, by all processes together.

    For monitoring: a process that is killed between what it did and its count counts one too few.
    What must be exact is counted with the row that it is about (`DailyUsage`).
    """

    name = models.CharField(max_length=40)
    label = models.CharField(max_length=40)
    count = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField(null=True, help_text="When it was counted last.")

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(fields=["name", "label"], name="one_tally_a_name_and_label")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.label}: {self.count}"

    @classmethod
    def add(cls, tallied: Tallied) -> None:
        """Count something in one UPDATE; the first time makes the row.

        Call it outside of transactions: the row is everybody's, and is locked to the end of one.
        """
        name, label = tallied.value
        row = cls.objects.filter(name=name, label=label)
        if row.update(count=F("count") + 1, last_at=timezone.now()):
            return
        # Whoever else makes it at this moment is waited for.
        cls.objects.get_or_create(name=name, label=label)
        row.update(count=F("count") + 1, last_at=timezone.now())

    @classmethod
    def age_s(cls, tallied: Tallied, now: datetime) -> float | None:
        """Return how long ago something happened last; None where it never did."""
        name, label = tallied.value
        row = cls.objects.filter(name=name, label=label).first()
        return (now - row.last_at).total_seconds() if row and row.last_at else None
