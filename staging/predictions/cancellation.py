"""Cancels predictions: at once before they are bought, by asking Replicate while they run."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from replicate_api import errors
from staging.models import Prediction, PredictionStatus, StagingJob, Transition
from staging.models.prediction import PredictionQuerySet
from staging.predictions.replicate import replicate
from staging.predictions.retries import note_unanswered, pause_after
from staging.predictions.settlement import settle

BY = "worker: cancel"
# Predictions that one task cancels; the sweep starts another task for the rest.
MOST = 200
# Each try reads the row again. A worker changes a row only a few times in all, so five tries end.
TRIES = 5
ASKED = "Asked to cancel it."
UNBOUGHT = "Canceled before it was bought."


def is_waiting() -> bool:
    """Say whether a prediction is due to be canceled at Replicate."""
    return _due(timezone.now()).exists()


def ask_to_cancel(prediction: Prediction, *, by: str) -> bool:
    """Cancel a prediction, or note the wish to; say whether this may still make a difference.

    False: the prediction is past canceling, or workers changed it at each of TRIES tries.
    """
    for _ in range(TRIES):
        # A worker may move the prediction on at the same moment. Then one of the two conditional
        # UPDATEs finds the row changed: where it is ours, we read the row again.
        prediction.refresh_from_db()
        match prediction.status:
            case PredictionStatus.QUEUED:
                # This also ends the claim of a worker that has just taken the prediction: its next
                # write finds another claim number, and it buys nothing.
                done = _end(prediction, by=by, why=UNBOUGHT)
            case PredictionStatus.SUBMITTING | PredictionStatus.RUNNING:
                # It is bought, or may be: only Replicate can end it, so the wish is written down.
                done = prediction.cancel_asked_at is not None or _note_wish(prediction, by=by)
            case _:
                return False
        if done:
            return True
    return False


def cancel_unwanted() -> int:
    """Cancel what is due at Replicate; return how many had succeeded, and are to be collected."""
    due = _due(timezone.now()).order_by("rank_at")
    return sum(_cancel(prediction) for prediction in due[:MOST] if _take(prediction))


def _end(prediction: Prediction, *, by: str, why: str) -> bool:
    return Prediction.objects.move(prediction, PredictionStatus.CANCELED, by=by, why=why)


@transaction.atomic
def _note_wish(prediction: Prediction, *, by: str) -> bool:
    """Note the wish, with a step of the timeline; a worker that holds the claim keeps it."""
    now = timezone.now()
    noted = Prediction.objects.filter(
        pk=prediction.pk, status=prediction.status, cancel_asked_at=None
    ).update(cancel_asked_at=now, cancel_asked_by=by[:150])
    if not noted:
        return False
    Transition.record(
        prediction,
        source=prediction.status,
        target=prediction.status,
        at=now,
        by=by,
        why=ASKED,
    )
    StagingJob.objects.filter(pk=prediction.job_id).update(changed_at=now)
    return True


def _due(now: datetime) -> PredictionQuerySet:
    """Return the running predictions to cancel, but for those that were asked about just now.

    No worker claims a running prediction. So its `lease_until` is free to mean "not to be asked
    again before". Its lease number stays the same, so that a webhook or a poll can still settle it.
    """
    return Prediction.objects.free(now).filter(
        status=PredictionStatus.RUNNING, cancel_asked_at__isnull=False
    )


def _take(prediction: Prediction) -> bool:
    """Keep other workers from asking for the length of a lease; say whether we were first."""
    until = timezone.now() + timedelta(seconds=settings.STAGING_LEASE_S)
    due = Prediction.objects.held(prediction).filter(lease_until=prediction.lease_until)
    return bool(due.filter(status=PredictionStatus.RUNNING).update(lease_until=until))


def _cancel(prediction: Prediction) -> bool:
    """Cancel a prediction at Replicate; say whether outputs now wait to be collected."""
    try:
        remote = replicate().cancel_prediction(prediction.replicate_id or "")
    except errors.ReplicateError as error:
        note_unanswered("canceling failed", error, prediction=str(prediction.pk))
        _come_back(prediction)
        return False
    has_outputs = settle(prediction, remote, by=BY)
    # Replicate may answer before it has ended the prediction.
    if prediction.status == PredictionStatus.RUNNING:
        _come_back(prediction)
    return has_outputs


def _come_back(prediction: Prediction) -> None:
    """Ask again after a pause, as after any failed call; polling ends a prediction that is lost."""
    tries = prediction.tries + 1
    until = timezone.now() + pause_after(tries)
    Prediction.objects.note(prediction, tries=tries, lease_until=until)
