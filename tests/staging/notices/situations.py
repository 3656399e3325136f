"""Situations that operators are told of, and what they were told."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from staging.models import Notice, Prediction
from tests.staging.conftest import Ask

WAITING = "Predictions have been waiting for 10 minutes to be bought, and none is."


def ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def age_predictions(**columns: Any) -> None:
    """Let every prediction be older."""
    Prediction.objects.update(**columns)


def stand_still(ask: Ask) -> None:
    """Let a prediction have waited for so long that it is a standstill."""
    ask()
    age_predictions(run_after=ago(11))


def told() -> list[str]:
    """Return the sentences of the notices, the oldest first."""
    return list(Notice.objects.order_by("at").values_list("sentence", flat=True))


def came_of(notice: Notice) -> dict[str, tuple[str, int, str]]:
    """Return each channel's status, tries and last error."""
    rows = notice.deliveries.values_list("channel", "status", "tries", "error")
    return {channel: (status, tries, error) for channel, status, tries, error in rows}
