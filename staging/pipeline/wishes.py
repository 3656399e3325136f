"""The wish that a prediction be canceled: noted here, and respected by each step.

What was not bought ends at once. What may have been bought keeps the wish: it is canceled at
Replicate once it is found there, and ends here instead of being queued again where it is not.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from staging.models import Prediction, PredictionStatus, StagingJob, Transition

# Each try reads the row again; a worker changes it a few times in all.
TRIES = 5
ASKED = "Asked to cancel it."
UNBOUGHT = "Canceled before it was bought."
# Where a release noted the wish that does not know the column.
UNNAMED = "a user"


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


def queue_again(prediction: Prediction, *, by: str, why: str, **values: Any) -> None:
    """Put back into the queue what was not bought, or end it where it was to be canceled."""
    unasked = Prediction.objects.filter(cancel_asked_at=None)
    if not unasked.move(prediction, PredictionStatus.QUEUED, by=by, why=why, **values):
        # Nothing either way, where the claim was lost.
        asked = Prediction.objects.exclude(cancel_asked_at=None)
        told = f"Not bought, and canceled as {find_asker(prediction)} asked."
        asked.move(prediction, PredictionStatus.CANCELED, by=by, why=told)


def find_asker(prediction: Prediction) -> str | None:
    """Return who asked that the prediction be canceled, or None where it is not to be."""
    # Freshly read: the wish may be younger than what the caller has read.
    asked = Prediction.objects.filter(pk=prediction.pk).exclude(cancel_asked_at=None).order_by()
    asker = asked.values_list("cancel_asked_by", flat=True).first()
    return UNNAMED if asker == "" else asker


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
