"""Cancels predictions: what is not bought at once, what runs by asking Replicate to end it."""

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
# So many at a time; the sweep comes for the rest.
MOST = 200
# Each try reads the row again; a worker changes it a few times in all.
TRIES = 5
ASKED = "Asked to cancel it."
UNBOUGHT = "Canceled before it was bought."


def is_waiting() -> bool:
    """Say whether something is to be canceled at Replicate now."""
    return _due(timezone.now()).exists()


def ask_to_cancel(prediction: Prediction, *, by: str) -> bool:
    """Cancel a prediction, or note the wish; say whether it may still make a difference.

    A worker may move the prediction on at the same moment: one of the two conditional UPDATEs
    finds the row changed, and whoever loses looks again.
    """
    for _ in range(TRIES):
        prediction.refresh_from_db()
        match prediction.status:
            case PredictionStatus.QUEUED:
                # Ends the claim of a worker that has just taken it, too: nothing will be bought.
                done = _end(prediction, by=by, why=UNBOUGHT)
            case PredictionStatus.SUBMITTING | PredictionStatus.RUNNING:
                done = prediction.cancel_asked_at is not None or _note_wish(prediction, by=by)
            case _:
                return False
        if done:
            return True
    return False


def cancel_unwanted() -> int:
    """Cancel what is due; return how many had succeeded meanwhile, and wait to be collected."""
    due = _due(timezone.now()).order_by("rank_at")
    return sum(_cancel(prediction) for prediction in due[:MOST] if _take(prediction))


def _end(prediction: Prediction, *, by: str, why: str) -> bool:
    return Prediction.objects.move(prediction, PredictionStatus.CANCELED, by=by, why=why)


@transaction.atomic
def _note_wish(prediction: Prediction, *, by: str) -> bool:
    """Note the wish, with a step of the timeline; whoever holds the claim keeps it."""
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
