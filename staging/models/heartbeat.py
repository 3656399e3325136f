from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

# Longer than a broker takes to give back what a killed worker held, so that nothing comes back to a
# queue that was removed with its worker.
GONE_AFTER = timedelta(minutes=15)


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def kept(self, now: datetime) -> "HeartbeatQuerySet":
        """Those of workers that live, or have not been gone for long."""
        return self.filter(seen_at__gt=now - GONE_AFTER)

    def gone(self, now: datetime) -> "HeartbeatQuerySet":
        return self.filter(seen_at__lte=now - GONE_AFTER)


class Heartbeat(models.Model):
    """One worker process: when it was last seen, and when anything in it last moved on.

    `staging.worker.heartbeat` says what counts as moving.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    name = models.CharField(max_length=200, help_text="The machine, and the process on it.")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    moved_at = models.DateTimeField(null=True)

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        ordering = ("started_at",)

    def __str__(self) -> str:
        return self.name

    def age_s(self, now: datetime) -> float | None:
        """Return for how long nothing has moved; None where nothing has yet."""
        return (now - self.moved_at).total_seconds() if self.moved_at else None

    def is_late(self, now: datetime) -> bool:
        """Say whether nothing moves in it, as far as anybody knows."""
        age_s = self.age_s(now)
        return age_s is None or age_s > settings.STAGING_WORKER_LATE_S
