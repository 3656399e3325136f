from datetime import datetime
from enum import Enum

from django.db import models
from django.db.models import F
from django.utils import timezone


class Tallied(Enum):
    """The events that are counted, each as a figure's name and the label under which it counts.

    The database and monitoring keep both, so neither is ever renamed.
    """

    BOUGHT = ("submits", "bought")
    # Replicate refuses the input, the model or the account: another try would not help.
    REFUSED = ("submits", "refused")
    # Nothing was bought, and another try follows.
    NOT_BOUGHT = ("submits", "not_bought")
    # The answer was lost: uncertain_purchases counts the outcome.
    UNCERTAIN = ("submits", "uncertain")

    LIMITED_CREATION = ("rate_limited", "create")
    LIMITED_UPLOAD = ("rate_limited", "upload")
    # A request for the list, for one prediction, or to cancel one.
    LIMITED_LOOK = ("rate_limited", "look")

    FOUND_BY_WEBHOOK = ("uncertain_purchases", "found_by_webhook")
    FOUND_BY_LOOKUP = ("uncertain_purchases", "found_by_lookup")
    FOUND_MISSING = ("uncertain_purchases", "not_bought")
    UNDECIDED = ("uncertain_purchases", "undecided")
    # Replicate listed a purchase only after we had given up waiting. This has never been seen.
    BOUGHT_TWICE = ("uncertain_purchases", "bought_twice")

    WEBHOOK_ACCEPTED = ("webhooks", "accepted")
    # The webhook came twice, late or out of order.
    WEBHOOK_OLD = ("webhooks", "no_change")
    WEBHOOK_UNKNOWN_ADDRESS = ("webhooks", "unknown_address")
    WEBHOOK_TOO_LARGE = ("webhooks", "too_large")
    WEBHOOK_BAD_SIGNATURE = ("webhooks", "bad_signature")
    WEBHOOK_UNCHECKED = ("webhooks", "unchecked")
    WEBHOOK_NO_PREDICTION = ("webhooks", "not_a_prediction")
    WEBHOOK_ANOTHERS = ("webhooks", "another_predictions")

    # Beat alone begins sweeps, so this shows whether beat is alive.
    SWEPT = ("sweeps", "begun")


class Tally(models.Model):
    """The number of times that an event has happened, since ever and in all processes together.

    It is for monitoring: a process that is killed between an event and its count leaves the count
    one too low. Figures that must be exact are counted in the event's transaction (`DailyUsage`).
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
        """Count an event in one UPDATE; the first event makes the row.

        Call it outside of transactions: all processes write this row, and a transaction would keep
        it locked to its end.
        """
        name, label = tallied.value
        row = cls.objects.filter(name=name, label=label)
        if row.update(count=F("count") + 1, last_at=timezone.now()):
            return
        # Where another process makes the row at this moment, the database waits for it.
        cls.objects.get_or_create(name=name, label=label)
        row.update(count=F("count") + 1, last_at=timezone.now())

    @classmethod
    def age_s(cls, tallied: Tallied, now: datetime) -> float | None:
        """Return the seconds since an event happened last; None where it never did."""
        name, label = tallied.value
        row = cls.objects.filter(name=name, label=label).first()
        return (now - row.last_at).total_seconds() if row and row.last_at else None
