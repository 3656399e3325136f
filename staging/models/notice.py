"""Notices to operators (a limit nearly spent, failures, a standstill) and their delivery."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from staging.models.batch import StagingBatch
from staging.models.lease import Leased, LeasedQuerySet


class NoticeKind(models.TextChoices):
    LIMIT = "limit", "Spending limit"
    FAILURES = "failures"
    STANDSTILL = "standstill"
    UPDATE = "update", "Model update"
    BATCH = "batch", "Batch that is done"
    TEST = "test"


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook"


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def for_operators(self) -> Self:
        """Return all but those of batches, which are for the batches' owners."""
        return self.exclude(kind=NoticeKind.BATCH)


class Notice(models.Model):
    """A message to operators about a condition; `over_at` is empty as long as the condition lasts.

    A notice of a `batch` is for the batch's owner alone, and over when they have looked at it.
    `key` names the condition: at most one notice with a key is not over. `id` is the message's id:
    it is the same at each attempt and in each channel, so that a receiver can drop repetitions.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    key = models.CharField(max_length=120)
    sentence = models.CharField(max_length=500)
    at = models.DateTimeField(default=timezone.now)
    over_at = models.DateTimeField(null=True)
    batch = models.OneToOneField(
        StagingBatch, on_delete=models.CASCADE, null=True, related_name="notice"
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-at",)
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(over_at=None), name="one_standing_notice_a_key"
            )
        ]
        indexes = [
            models.Index(fields=["-at"], name="notice_by_age"),
            # What an owner has not seen is asked for twice a minute by each open page.
            models.Index(fields=["at"], name="standing_notices", condition=Q(over_at=None)),
            models.Index(fields=["key"], name="notice_by_key"),
        ]

    def __str__(self) -> str:
        return self.sentence


class NoticeDeliveryQuerySet(LeasedQuerySet["NoticeDelivery"]):
    def due(self, now: datetime) -> "NoticeDeliveryQuerySet":
        """Return the deliveries whose pause is over and that no worker holds."""
        return self.free(now).filter(status=DeliveryStatus.WAITING, run_after__lte=now)

    def claim(self, delivery: "NoticeDelivery", *, lease: timedelta) -> bool:
        """Lease a delivery; say whether it is ours."""
        due = self.filter(status=DeliveryStatus.WAITING, run_after__lte=timezone.now())
        return due.take(delivery, lease=lease)

    def note_attempt(self, delivery: "NoticeDelivery", **values: Any) -> bool:
        """Write the result of an attempt under the claim; say whether the claim still held."""
        tries = delivery.tries + 1
        return bool(self.held(delivery).update(lease_until=None, tries=tries, **values))


class NoticeDelivery(Leased):
    """A notice on its way through one channel; `error` is that of the last attempt."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    status = models.CharField(
        max_length=8, choices=DeliveryStatus.choices, default=DeliveryStatus.WAITING
    )
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, help_text="Of the last attempt.")
    run_after = models.DateTimeField(default=timezone.now)

    objects = NoticeDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "notice deliveries"
        ordering = ("channel",)
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="one_delivery_a_channel")
        ]
        indexes = [
            models.Index(
                fields=["run_after"], name="waiting_deliveries", condition=Q(status="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_status_display().lower()}"
