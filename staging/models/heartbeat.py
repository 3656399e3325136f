from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

# A broker gives back the messages of a killed worker within this time: none comes back to a queue
# that was removed with its worker.
GONE_AFTER = timedelta(minutes=15)


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def kept(self, now: datetime) -> "HeartbeatQuerySet":
        """Return the heartbeats of workers that were seen within GONE_AFTER."""
        return self.filter(seen_at__gt=now - GONE_AFTER)

    def gone(self, now: datetime) -> "HeartbeatQuerySet":
        return self.filter(seen_at__lte=now - GONE_AFTER)


class Heartbeat(models.Model):
    """One worker process: the times at which it was last seen, and its work last moved on.

    `staging.worker.heartbeat` says which steps count as moving on.
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
        """Return the seconds since its work last moved on; None where it never has."""
        return (now - self.moved_at).total_seconds() if self.moved_at else None

    def is_late(self, now: datetime) -> bool:
        """Say whether its work has stood still for too long, or has never moved on."""
        age_s = self.age_s(now)
        return age_s is None or age_s > settings.STAGING_WORKER_LATE_S
