"""Callbacks: the message to a client that its job has ended, and every attempt to send it."""

import base64
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.crypto import salted_hmac

from staging.models.job import UNFINISHED, JobStatus, StagingJob
from staging.models.lease import Leased, LeasedQuerySet

_FINISHED = [status for status in JobStatus if status not in UNFINISHED]


class CallbackStatus(models.TextChoices):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


# The values of a callback that has not been sent yet.
_FRESH: dict[str, Any] = {
    "status": CallbackStatus.WAITING,
    "tries": 0,
    "run_after": None,
    "lease_until": None,
    "delivered_at": None,
}

# `account_pk` of a callback, in a query.
_ACCOUNT = Coalesce("job__batch_photo__batch__owner", "job__owner")


class CallbackQuerySet(LeasedQuerySet["Callback"]):
    def due(self, now: datetime) -> "CallbackQuerySet":
        """Return callbacks whose job has ended, whose pause is over, and that no worker holds."""
        return self.free(now).filter(
            Q(run_after=None) | Q(run_after__lte=now),
            status=CallbackStatus.WAITING,
            job__status__in=_FINISHED,
        )

    def account_pks(self) -> list[int]:
        """Return `account_pk` of each callback."""
        return list(self.annotate(account=_ACCOUNT).values_list("account", flat=True))

    def not_of(self, account_pks: list[int]) -> "CallbackQuerySet":
        return self.annotate(account=_ACCOUNT).exclude(account__in=account_pks)

    def being_sent(self, now: datetime) -> "CallbackQuerySet":
        """Return the callbacks that a worker holds."""
        return self.filter(status=CallbackStatus.WAITING, lease_until__gte=now)

    def claim(self, callback: "Callback", *, lease: timedelta) -> bool:
        """Lease a callback; say whether it is ours."""
        return self.filter(status=CallbackStatus.WAITING).take(callback, lease=lease)

    @transaction.atomic
    def note_attempt(self, callback: "Callback", attempt: "CallbackAttempt", **values: Any) -> bool:
        """Write an attempt and the values after it under the claim; say whether that still held."""
        waiting = self.held(callback).filter(status=CallbackStatus.WAITING)
        held = waiting.update(lease_until=None, tries=callback.tries + 1, **values)
        if held:
            attempt.callback = callback
            attempt.save()
        return bool(held)

    @transaction.atomic
    def rearm(self, job: StagingJob) -> None:
        """Prepare another message for a job that goes on after its end, for its next end.

        The message gets a new id: a receiver drops a message whose id it has had. The attempts of
        the earlier message stay in the log. A worker that is still sending the earlier message
        holds a claim on an id that no longer exists, so its writes change nothing.
        """
        callback = self.select_for_update().filter(job=job).first()
        if callback is None:
            return
        earlier, callback.pk = callback.pk, uuid.uuid4()
        # Both databases check foreign keys when the transaction ends, so the attempts may follow.
        self.filter(pk=earlier).update(id=callback.pk, **_FRESH)
        CallbackAttempt.objects.filter(callback=earlier).update(callback=callback)

    def send_again(self, callback: "Callback") -> bool:
        """Make a message due now that was sent, given up or put off; say whether it was one."""
        tried = ~Q(status=CallbackStatus.WAITING) | Q(run_after__isnull=False)
        return bool(self.free(timezone.now()).filter(tried, pk=callback.pk).update(**_FRESH))


class Callback(Leased):
    """The news that a job has ended, for the address that its client named.

    It is made with the job, and due once the job has ended. `id` is the webhook's id: it is the
    same at each attempt, so that a receiver can drop repetitions. `rearm` changes it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.OneToOneField(StagingJob, on_delete=models.CASCADE, related_name="callback")
    url = models.CharField(max_length=500)
    status = models.CharField(
        max_length=10, choices=CallbackStatus.choices, default=CallbackStatus.WAITING
    )
    tries = models.PositiveSmallIntegerField(default=0)
    run_after = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)

    objects = CallbackQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(
                fields=["run_after"], name="waiting_callbacks", condition=Q(status="waiting")
            ),
            models.Index(fields=["-created_at"], name="callback_by_age"),
            models.Index(fields=["status", "-created_at"], name="callback_by_status"),
        ]

    def __str__(self) -> str:
        return f"Callback of {self.job_id}"

    @property
    def account_pk(self) -> int:
        """The account whose client named the address, and whose secret signs what it is sent.

        A batch has one address, so it is the batch's owner also where another account's file took
        the place of a refused one, and that account owns the job.
        """
        photo = self.job.batch_photo
        return photo.batch.owner_id if photo else self.job.owner_id


class CallbackAttempt(models.Model):
    """One request to a client's address: the status of the answer, or why there was none."""

    callback = models.ForeignKey(Callback, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    seconds = models.FloatField()

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return str(self.status_code or self.error)


class CallbackSecretRenewal(models.Model):
    """The moment at which an account's callback secret was replaced by the next one."""

    # What a secret that was replaced still signs: time for receivers to take the next one.
    SIGNS_ON = timedelta(hours=24)
    # However often a secret is renewed in that time: each is a signature in each callback.
    MOST_EARLIER = 4

    account = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.account}, {self.at}"


def callback_secrets(user_pk: int) -> list[str]:
    """Return the secrets that sign a user's callbacks, as Standard Webhooks writes them: `whsec_…`.

    The first is the one that the user reads. Those that it has replaced within 24 hours follow, and
    then the same, derived from SECRET_KEY_FALLBACKS, for receivers that know only an earlier one.
    All are derived, so none is stored.
    """
    replaced = CallbackSecretRenewal.objects.filter(account=user_pk).values_list("at", flat=True)
    since = timezone.now() - CallbackSecretRenewal.SIGNS_ON
    earlier = [number for number, at in enumerate(replaced) if at > since]
    numbers = [len(replaced), *reversed(earlier[-CallbackSecretRenewal.MOST_EARLIER :])]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_callback_secret(user_pk, number, key=key) for key in keys for number in numbers]


def _callback_secret(user_pk: int, number: int, *, key: str) -> str:
    """Derive a user's secret; before the first renewal its number is 0, and not in the name."""
    name = f"{user_pk}.{number}" if number else str(user_pk)
    derived = salted_hmac("staging.callback", name, secret=key, algorithm="sha256").digest()
    return f"whsec_{base64.b64encode(derived).decode()}"
