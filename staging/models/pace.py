from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone


class CreationPace(models.Model):
    """A token bucket in one row, shared by the workers on all machines.

    Replicate allows 600 creations a minute; a 429 blocks the bucket for all of them.
    """

    tokens = models.FloatField()
    refilled_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "pace of creations"

    def __str__(self) -> str:
        return f"{self.tokens:.1f} tokens"

    def tokens_at(self, now: datetime) -> float:
        """Return the tokens in the bucket at a time; it holds those of one second at most.

        Replicate documents that its limit tolerates short bursts.
        """
        per_second = settings.STAGING_CREATIONS_PER_MINUTE / 60
        since_s = max(0.0, (now - self.refilled_at).total_seconds())
        return min(max(1.0, per_second), self.tokens + since_s * per_second)

    @classmethod
    @transaction.atomic
    def take(cls, wanted: int) -> int:
        """Take up to `wanted` tokens; return how many there were."""
        now = timezone.now()
        row = cls._locked(now)
        row.tokens = row.tokens_at(now)
        # Another machine's clock may be ahead: the time up to its refill is not counted again.
        row.refilled_at = max(now, row.refilled_at)
        is_blocked = row.blocked_until is not None and row.blocked_until > now
        taken = 0 if is_blocked else min(wanted, int(row.tokens))
        row.tokens -= taken
        row.save()
        return taken

    @classmethod
    def pause_s(cls) -> float:
        """Return the seconds to wait before the next `take`: until a 429 is over, 0.5 at least."""
        row = cls.objects.first()
        blocked_until = row and row.blocked_until
        blocked_s = (blocked_until - timezone.now()).total_seconds() if blocked_until else 0.0
        return max(blocked_s, 0.5)

    @classmethod
    @transaction.atomic
    def give_back(cls, tokens: int) -> None:
        """Put tokens back that bought nothing."""
        row = cls._locked(timezone.now())
        row.tokens += tokens
        row.save()

    @classmethod
    @transaction.atomic
    def block(cls, seconds: float) -> None:
        """Let no worker create a prediction for some seconds: Replicate answered 429."""
        now = timezone.now()
        row = cls._locked(now)
        until: datetime = now + timedelta(seconds=seconds)
        row.blocked_until = max(until, row.blocked_until or until)
        row.tokens = 0
        row.save()

    @classmethod
    def _locked(cls, now: datetime) -> Self:
        new = {"tokens": 1.0, "refilled_at": now}
        row, _ = cls.objects.select_for_update().get_or_create(pk=1, defaults=new)
        return row


class AskingPace(models.Model):
    """A token bucket in a row for each account: the pictures that it may ask for in a minute.

    It holds those of a minute, COSTLY_REQUESTS_PER_MINUTE. Below 0 it is in debt.
    """

    account = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    tokens = models.FloatField()
    refilled_at = models.DateTimeField()

    class Meta:
        verbose_name = "pace of asking"

    def __str__(self) -> str:
        return f"{self.tokens:.1f} pictures"

    def tokens_at(self, now: datetime) -> float:
        """Return the tokens in the bucket at a time; it fills up within a minute."""
        most = settings.COSTLY_REQUESTS_PER_MINUTE
        since_s = max(0.0, (now - self.refilled_at).total_seconds())
        return min(float(most), self.tokens + since_s * most / 60)

    @classmethod
    @transaction.atomic
    def take(cls, account: User, pictures: int, *, taken: int = 0) -> float:
        """Take the tokens of a request, of which `taken` were taken before; return 0.

        Where they are not there, put `taken` back and return the seconds until they are. A request
        for more than the bucket holds waits until it is full.
        """
        now, most = timezone.now(), settings.COSTLY_REQUESTS_PER_MINUTE
        new = {"tokens": float(most), "refilled_at": now}
        row, _ = cls.objects.select_for_update().get_or_create(account=account, defaults=new)
        tokens = row.tokens_at(now) + taken
        needed = min(pictures, most)
        # A thousandth of a picture is lost to rounding, and to clocks that differ.
        is_there = tokens > needed - 0.001
        row.tokens = tokens - pictures if is_there else tokens
        # Another machine's clock may be ahead: the time up to its refill is not counted again.
        row.refilled_at = max(now, row.refilled_at)
        row.save(update_fields=["tokens", "refilled_at"])
        return 0.0 if is_there else (needed - tokens) * 60 / most

    @classmethod
    def left(cls, account: User) -> int:
        """Return how many pictures an account may ask for now; 0 where it is in debt."""
        row = cls.objects.filter(account=account).first()
        most = settings.COSTLY_REQUESTS_PER_MINUTE
        return max(0, int(row.tokens_at(timezone.now()))) if row else most
