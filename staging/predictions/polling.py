"""Asks Replicate about running predictions of which no webhook has come."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from replicate_api import errors
from replicate_api.client import Page, RemotePrediction
from staging.models import Prediction, PredictionStatus
from staging.predictions.replicate import replicate
from staging.predictions.retries import give_up, note_unanswered
from staging.predictions.settlement import CLOCK_MARGIN, first_poll_at, settle

BY = "worker: poll"

# Up to so many predictions are asked about one by one. More of them share a page of the list, which
# holds a hundred.
FEW = 3
MAX_PAGES = 10
# While the list cannot be read, so many predictions are asked about one by one in each run.
MOST_SINGLY = 20
# The longer a prediction runs, the longer it is until the next question, up to this.
LONGEST_INTERVAL = timedelta(seconds=60)
# Times after a prediction's deadline (`Cancel-After`): then we cancel it ourselves, and in the end
# we give it up.
CANCELED_AFTER = timedelta(minutes=1)
LOST_AFTER = timedelta(minutes=20)


def poll_running() -> int:
    """Ask about the running predictions that are due; return how many are now to be collected.

    One request for a page of the list covers up to a hundred running predictions. Where at most FEW
    are due, each is asked about by itself.
    """
    due, count = _take_due(), 0
    if len(due) > FEW:
        due, count = _poll_pages(due)
    return count + _poll_each(due)


def _take_due() -> list[Prediction]:
    """Return the predictions that are due, the newest first, and set when each is due again."""
    now = timezone.now()
    running = Prediction.objects.filter(status=PredictionStatus.RUNNING, run_after__lte=now)
    due = []
    for prediction in running.order_by("-intent_at")[:500]:
        next_at = max(first_poll_at(), now + min(LONGEST_INTERVAL, prediction.age / 4))
        # Where two pollers run at once, this condition lets only one of them have the prediction.
        taken = Prediction.objects.filter(
            pk=prediction.pk, status=PredictionStatus.RUNNING, run_after=prediction.run_after
        ).update(run_after=next_at, polls=prediction.polls + 1)
        if taken:
            prediction.run_after, prediction.polls = next_at, prediction.polls + 1
            due.append(prediction)
    return due


def _poll_pages(due: list[Prediction]) -> tuple[list[Prediction], int]:
    """Settle the due predictions that the list shows; return the rest of them, and the count.

    The count is of predictions, due or not, that now wait to be collected.
    """
    intents = [prediction.intended_at for prediction in due]
    oldest, cursor, count = min(intents) - CLOCK_MARGIN, None, 0
    # Purchases that are not due may fill whole pages. So the list is read no further than where
    # asking about each prediction would take fewer requests.
    for _ in range(min(MAX_PAGES, len(due) // FEW)):
        newest = None if cursor else max(intents) + CLOCK_MARGIN
        try:
            page = replicate().list_predictions(created_before=newest, cursor=cursor)
        except errors.RateLimited as error:
            note_unanswered("polling failed", error)
            return [], count
        except errors.ReplicateError as error:
            note_unanswered("polling failed", error)
            # However long the list fails, predictions are settled: the oldest ones first.
            return due[-MOST_SINGLY:], count
        listed = {remote.id: remote for remote in page.predictions}
        count += _settle_listed(due, listed)
        due = [
            prediction
            for prediction in due
            if prediction.replicate_id not in listed or _is_overdue(prediction)
        ]
        cursor = page.next
        if not due or cursor is None or _goes_back_to(oldest, page):
            break
    return due, count


def _settle_listed(due: list[Prediction], listed: dict[str, RemotePrediction]) -> int:
    """Settle the predictions that a page lists; return how many are now to be collected.

    These are the due ones, and others that are not due but have ended: that spares asking about
    them later.
    """
    asked = {prediction.replicate_id for prediction in due}
    ended = [key for key, remote in listed.items() if remote.is_finished and key not in asked]
    others = Prediction.objects.filter(status=PredictionStatus.RUNNING, replicate_id__in=ended)
    return _settle_all(
        (prediction, listed[prediction.replicate_id])
        for prediction in (*due, *others)
        if prediction.replicate_id and prediction.replicate_id in listed
    )


def _goes_back_to(moment: datetime, page: Page) -> bool:
    last = page.predictions[-1].created_at if page.predictions else None
    return last is not None and last < moment


def _poll_each(due: list[Prediction]) -> int:
    count = 0
    for prediction in due:
        try:
            count += _poll_one(prediction)
        except errors.RateLimited as error:
            note_unanswered("polling failed", error, prediction=str(prediction.pk))
            break
    return count


def _poll_one(prediction: Prediction) -> bool:
    """Settle a prediction; say whether it now waits to be collected. Raises RateLimited."""
    try:
        remote = replicate().get_prediction(prediction.replicate_id or "")
    except errors.RateLimited:
        raise
    except errors.NotFound as error:
        _end_lost(prediction, error)
        return False
    except errors.ReplicateError as error:
        note_unanswered("polling failed", error, prediction=str(prediction.pk))
        return False
    if remote.is_finished or not _is_overdue(prediction):
        return settle(prediction, remote, by=BY)
    if _late_by(prediction) > LOST_AFTER:
        why = f"Replicate was told to end it, but it still says {remote.status}."
        give_up(prediction, code="lost", why=why, by=BY, may_have_cost=True)
        return False
    return _cancel(prediction)


def _is_overdue(prediction: Prediction) -> bool:
    """Say whether a prediction runs although Replicate should have ended it by now."""
    return prediction.status == PredictionStatus.RUNNING and _late_by(prediction) > CANCELED_AFTER


def _late_by(prediction: Prediction) -> timedelta:
    return prediction.age - timedelta(seconds=settings.STAGING_DEADLINE_S)


def _settle_all(pairs: Iterable[tuple[Prediction, RemotePrediction]]) -> int:
    return sum(settle(prediction, remote, by=BY) for prediction, remote in pairs)


def _cancel(prediction: Prediction) -> bool:
    """Cancel a prediction that Replicate let run beyond its `Cancel-After`."""
    try:
        remote = replicate().cancel_prediction(prediction.replicate_id or "")
    except errors.ReplicateError as error:
        note_unanswered("canceling failed", error, prediction=str(prediction.pk))
        return False
    return settle(prediction, remote, by=BY)


def _end_lost(prediction: Prediction, error: errors.NotFound) -> None:
    # Replicate may not know a purchase of the last minute everywhere yet.
    if prediction.age > timedelta(seconds=settings.STAGING_LOOKUP_GRACE_S):
        why = f"Replicate no longer knows it. {error}"
        give_up(prediction, code="lost", why=why, by=BY, may_have_cost=True)
