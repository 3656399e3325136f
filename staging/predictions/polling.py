"""Asks Replicate for what runs, where no webhook has told of it."""

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

# Up to so many are asked for one by one; more share a page of the list, which holds a hundred.
FEW = 3
MAX_PAGES = 10
# While the list gives no answer, so many are asked for singly at a time.
MOST_SINGLY = 20
# What runs for long is asked for less and less often, down to this.
LONGEST_INTERVAL = timedelta(seconds=60)
# Beyond its deadline (`Cancel-After`): when we cancel it ourselves, and when we wait no longer.
CANCELED_AFTER = timedelta(minutes=1)
LOST_AFTER = timedelta(minutes=20)


def poll_running() -> int:
    """Ask for what runs and is due; return how many now wait to be collected.

    One list request covers up to a hundred running predictions; few are asked for singly.
    """
    due, count = _take_due(), 0
    if len(due) > FEW:
        due, count = _poll_pages(due)
    return count + _poll_each(due)


def _take_due() -> list[Prediction]:
    """Return what is due, the newest first, and set when each is due again: it ages."""
    now = timezone.now()
    running = Prediction.objects.filter(status=PredictionStatus.RUNNING, run_after__lte=now)
    due = []
    for prediction in running.order_by("-intent_at")[:500]:
        next_at = max(first_poll_at(), now + min(LONGEST_INTERVAL, prediction.age / 4))
        # Two pollers at once: one takes it.
        taken = Prediction.objects.filter(
            pk=prediction.pk, status=PredictionStatus.RUNNING, run_after=prediction.run_after
        ).update(run_after=next_at, polls=prediction.polls + 1)
        if taken:
            prediction.run_after, prediction.polls = next_at, prediction.polls + 1
            due.append(prediction)
    return due


def _poll_pages(due: list[Prediction]) -> tuple[list[Prediction], int]:
    """Settle what the list shows of the due ones; return the rest, and the count.

    The list begins with what is newer than any of them, so it is walked down for as long as that
    takes fewer requests than asking for each. What it shows of others that run here, and have
    ended, is settled as well: nobody need ask for them.
    """
    intents = [one.intended_at for one in due]
    oldest, cursor, count = min(intents) - CLOCK_MARGIN, None, 0
    for _ in range(min(MAX_PAGES, len(due) // FEW)):
        newest = None if cursor else max(intents) + CLOCK_MARGIN
        try:
            page = replicate().list_predictions(created_before=newest, cursor=cursor)
        except errors.RateLimited as error:
            note_unanswered("polling failed", error)
            return [], count
        except errors.ReplicateError as error:
            note_unanswered("polling failed", error)
            # However long the list fails, pictures are fetched: the oldest first.
            return due[-MOST_SINGLY:], count
        listed = {remote.id: remote for remote in page.predictions}
        count += _settle_listed(due, listed)
        due = [one for one in due if one.replicate_id not in listed or _is_overdue(one)]
        cursor = page.next
        if not due or cursor is None or _goes_back_to(oldest, page):
            break
    return due, count


def _settle_listed(due: list[Prediction], listed: dict[str, RemotePrediction]) -> int:
    """Settle the due ones that are listed, and others that have ended; return those to collect."""
    asked = {one.replicate_id for one in due}
    ended = [key for key, remote in listed.items() if remote.is_finished and key not in asked]
    others = Prediction.objects.filter(status=PredictionStatus.RUNNING, replicate_id__in=ended)
    return _settle_all(
        (one, listed[one.replicate_id])
        for one in (*due, *others)
        if one.replicate_id and one.replicate_id in listed
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
    """Settle one, and say whether it waits to be collected. Raises RateLimited."""
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
        why = f"Replicate has not ended it, though told to: it still says {remote.status}."
        give_up(prediction, code="lost", why=why, by=BY, may_have_cost=True)
        return False
    return _cancel(prediction)


def _is_overdue(prediction: Prediction) -> bool:
    """Say whether it runs although Replicate was told to end it by now."""
    return prediction.status == PredictionStatus.RUNNING and _late_by(prediction) > CANCELED_AFTER


def _late_by(prediction: Prediction) -> timedelta:
    return prediction.age - timedelta(seconds=settings.STAGING_DEADLINE_S)


def _settle_all(pairs: Iterable[tuple[Prediction, RemotePrediction]]) -> int:
    return sum(settle(prediction, remote, by=BY) for prediction, remote in pairs)


def _cancel(prediction: Prediction) -> bool:
    """End what outran its deadline although Replicate was told to end it."""
    try:
        remote = replicate().cancel_prediction(prediction.replicate_id or "")
    except errors.ReplicateError as error:
        note_unanswered("canceling failed", error, prediction=str(prediction.pk))
        return False
    return settle(prediction, remote, by=BY)


def _end_lost(prediction: Prediction, error: errors.NotFound) -> None:
    # A purchase of this minute may not be readable everywhere yet.
    if prediction.age > timedelta(seconds=settings.STAGING_LOOKUP_GRACE_S):
        why = f"Replicate no longer knows it. {error}"
        give_up(prediction, code="lost", why=why, by=BY, may_have_cost=True)
