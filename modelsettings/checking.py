"""The daily check of each model, at a minute of its own, so that they do not all come at once."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from modelsettings import updates
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel, SchemaReading
from modelsettings.updates import Reading

CLOCK = Actor.system("check_models")
# After a standstill many models are due: the next runs go on with them.
MOST_A_RUN = 3
# A model that could not be read is tried again before the next day.
AGAIN_AFTER = timedelta(hours=1)
# Longer than reading takes; the claim of a killed worker ends then.
_LEASE = timedelta(minutes=5)
_DAY = timedelta(days=1)


def check_due() -> list[Reading]:
    """Read the models that are due, a few at a time; without a token, none."""
    if not settings.REPLICATE_API_TOKEN:
        return []
    readings = []
    for model in find_due(timezone.now()):
        if claim(model):
            readings.append(updates.read_now(model, by=CLOCK))
        if len(readings) == MOST_A_RUN:
            break
    return readings


def due_since(slug: str, now: datetime) -> datetime:
    """Return the last time that a model was due: each day at a second that its name gives."""
    number = int.from_bytes(hashlib.sha256(slug.encode()).digest()[:8])
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + timedelta(seconds=number % int(_DAY.total_seconds()))
    return at if at <= now else at - _DAY


def find_due(now: datetime) -> Iterator[ReplicateModel]:
    """Yield the models that are due; those that were never tried, or longest ago, come first."""
    never = datetime.min.replace(tzinfo=now.tzinfo)
    tried = [
        (reading.tried_at if reading else None, bool(reading and reading.why_not), row)
        for row in ReplicateModel.objects.select_related("reading")
        for reading in [updates.find_reading(row)]
    ]
    for at, has_failed, row in sorted(tried, key=lambda each: each[0] or never):
        is_again = has_failed and at is not None and at <= now - AGAIN_AFTER
        if at is None or at < due_since(row.slug, now) or is_again:
            yield row


def claim(model: ReplicateModel) -> bool:
    """Keep other workers from reading a model meanwhile; say whether it is ours.

    It is not where another worker has read the model since `find_due` yielded it.
    """
    seen = updates.find_reading(model)
    SchemaReading.objects.get_or_create(model=model)
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    unread = SchemaReading.objects.filter(
        free, model=model, tried_at=seen.tried_at if seen else None
    )
    return bool(unread.update(claimed_until=now + _LEASE))
