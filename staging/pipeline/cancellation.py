"""Asks Replicate to cancel what runs and is not wanted any more, and settles with its answer."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from replicate_api import errors
from staging.models import Prediction, PredictionStatus
from staging.models.prediction import PredictionQuerySet
from staging.pipeline.connection import replicate
from staging.pipeline.setbacks import note_unanswered, pause_after
from staging.pipeline.settlement import settle

log = structlog.get_logger(__name__)

BY = "worker: cancel"

# So many at a time; the sweep comes for the rest.
MOST = 200


def is_waiting() -> bool:
    """Say whether something is to be canceled at Replicate now."""
    return _due(timezone.now()).exists()


def cancel_unwanted() -> int:
    """Cancel what is due; return how many had succeeded meanwhile, and wait to be collected."""
    due = _due(timezone.now()).order_by("rank_at")
    return sum(_cancel(prediction) for prediction in due[:MOST] if _take(prediction))


def _due(now: datetime) -> PredictionQuerySet:
    """Return those that nobody asks Replicate about, or waits to ask again.

    What runs is claimed by nobody, so its lease is free to mean this; its number stays, so that
    a webhook or a poll at the same moment is no late-comer.
    """
    return Prediction.objects.free(now).filter(
        status=PredictionStatus.RUNNING, cancel_asked_at__isnull=False
    )


def _take(prediction: Prediction) -> bool:
    """Let nobody else ask for the length of a lease; say whether we were first."""
    until = timezone.now() + timedelta(seconds=settings.STAGING_LEASE_S)
    due = Prediction.objects.held(prediction).filter(lease_until=prediction.lease_until)
    return bool(due.filter(status=PredictionStatus.RUNNING).update(lease_until=until))


def _cancel(prediction: Prediction) -> bool:
    """Cancel one at Replicate; say whether outputs now wait to be collected."""
    try:
        remote = replicate().cancel_prediction(prediction.replicate_id or "")
    except errors.ReplicateError as error:
        note_unanswered("canceling failed", error, prediction=str(prediction.pk))
        _come_back(prediction)
        return False
    has_outputs = settle(prediction, remote, by=BY)
    if prediction.status == PredictionStatus.RUNNING:
        _come_back(prediction)
    return has_outputs


def _come_back(prediction: Prediction) -> None:
    """Ask again after a pause, as after any failed call; polling ends it in the end."""
    tries = prediction.tries + 1
    until = timezone.now() + pause_after(tries)
    Prediction.objects.note(prediction, tries=tries, lease_until=until)
