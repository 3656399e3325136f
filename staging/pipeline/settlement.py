"""Moves a prediction on from what Replicate says of it, by webhook or by polling."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from replicate_api import errors
from replicate_api.client import RemotePrediction
from staging.models import Prediction, PredictionStatus
from staging.pipeline.connection import replicate
from staging.pipeline.setbacks import give_up

log = structlog.get_logger(__name__)

BY = "worker: poll"

# Up to so many are asked for one by one; more share a page of the list, which holds a hundred.
FEW = 3
MAX_PAGES = 10
# Clocks differ, and a create takes a moment: how far our times of intent are from Replicate's.
CLOCK_MARGIN = timedelta(seconds=90)


def settle(prediction: Prediction, remote: RemotePrediction, *, by: str) -> bool:
    """Take over what Replicate says; say whether outputs now wait to be collected.

    A prediction whose purchase was not written down is adopted first. What is known already, or
    was overtaken, changes nothing.
    """
    if prediction.status in (PredictionStatus.QUEUED, PredictionStatus.SUBMITTING):
        if Prediction.objects.filter(replicate_id=remote.id).exists():
            log.warning("another's purchase", prediction=str(prediction.pk), replicate_id=remote.id)
            return False
        adopted = Prediction.objects.move(
            prediction,
            PredictionStatus.RUNNING,
            by=by,
            why="Found the purchase whose answer was lost.",
            replicate_id=remote.id,
            tries=0,
            error="",
            run_after=first_poll_at(),
        )
        if not adopted:
            return False
        log.info("purchase adopted", prediction=str(prediction.pk), replicate_id=remote.id)
    if prediction.status != PredictionStatus.RUNNING or prediction.replicate_id != remote.id:
        return False
    match remote.status:
        case "succeeded":
            return _take_outputs(prediction, remote, by=by)
        case "failed":
            why = remote.error or "The model failed without a reason."
            give_up(prediction, code="model_failed", why=why, by=by)
        case "aborted":
            why = f"Replicate did not start it within {settings.STAGING_DEADLINE_S} seconds."
            give_up(prediction, code="deadline", why=why, by=by)
        case "canceled":
            _end_canceled(prediction, by=by)
    return False


def poll_running() -> int:
    """Ask for what runs and is due; return how many now wait to be collected.

    One list request covers up to a hundred running predictions; few are asked for singly.
    """
    due = _take_due()
    count = 0
    for page in range(MAX_PAGES):
        if len(due) <= FEW or page == MAX_PAGES - 1:
            break
        due, found = _poll_page(due)
        count += found
    return count + _poll_each(due)


def first_poll_at() -> datetime:
    """Return when a new purchase is asked for first: late where a webhook will tell."""
    return timezone.now() + timedelta(seconds=_shortest_interval_s())


def _take_due() -> list[Prediction]:
    """Return what is due, the newest first, and set when each is due again: it ages."""
    now = timezone.now()
    running = Prediction.objects.filter(status=PredictionStatus.RUNNING, run_after__lte=now)
    due = []
    for prediction in running.select_related("job__photo", "job__model").order_by("-intent_at")[
        :500
    ]:
        age_s = (now - (prediction.intent_at or prediction.created_at)).total_seconds()
        next_at = now + timedelta(seconds=min(60.0, max(_shortest_interval_s(), age_s / 4)))
        # Two pollers at once: one takes it.
        taken = Prediction.objects.filter(
            pk=prediction.pk, status=PredictionStatus.RUNNING, run_after=prediction.run_after
        ).update(run_after=next_at, polls=prediction.polls + 1)
        if taken:
            prediction.run_after, prediction.polls = next_at, prediction.polls + 1
            due.append(prediction)
    return due


def _shortest_interval_s() -> float:
    return 20.0 if settings.PUBLIC_URL else 1.0


def _poll_page(due: list[Prediction]) -> tuple[list[Prediction], int]:
    """Settle what a page of the list shows of the due ones; return the rest, and the count."""
    newest = max(prediction.intent_at or prediction.created_at for prediction in due)
    try:
        page = replicate().list_predictions(created_before=newest + CLOCK_MARGIN)
    except errors.ReplicateError as error:
        log.warning("polling failed", error=str(error))
        return [], 0
    listed = {remote.id: remote for remote in page.predictions}
    count = _settle_all(
        (prediction, listed[prediction.replicate_id])
        for prediction in due
        if prediction.replicate_id in listed
    )
    rest = [prediction for prediction in due if prediction.replicate_id not in listed]
    if len(due) - len(rest) < FEW:
        # Few of the page were ours: the list is another's traffic, so ask for each.
        return [], count + _poll_each(rest)
    return rest, count


def _poll_each(due: list[Prediction]) -> int:
    return sum(_poll_one(prediction) for prediction in due)


def _poll_one(prediction: Prediction) -> bool:
    try:
        remote = replicate().get_prediction(prediction.replicate_id or "")
    except errors.NotFound as error:
        _end_lost(prediction, error)
        return False
    except errors.ReplicateError as error:
        log.warning("polling failed", prediction=str(prediction.pk), error=str(error))
        return False
    if not remote.is_finished and _age(prediction) > timedelta(
        seconds=settings.STAGING_DEADLINE_S + 60
    ):
        return _cancel(prediction)
    return settle(prediction, remote, by=BY)


def _settle_all(pairs: Iterable[tuple[Prediction, RemotePrediction]]) -> int:
    return sum(settle(prediction, remote, by=BY) for prediction, remote in pairs)


def _cancel(prediction: Prediction) -> bool:
    """End what outran its deadline although Replicate was told to end it."""
    try:
        remote = replicate().cancel_prediction(prediction.replicate_id or "")
    except errors.ReplicateError as error:
        log.warning("canceling failed", prediction=str(prediction.pk), error=str(error))
        return False
    return settle(prediction, remote, by=BY)


def _end_canceled(prediction: Prediction, *, by: str) -> None:
    # Replicate says `canceled` of a running prediction whose Cancel-After has passed, too.
    if _age(prediction) >= timedelta(seconds=settings.STAGING_DEADLINE_S - 5):
        why = f"Replicate ended it after {settings.STAGING_DEADLINE_S} seconds."
        give_up(prediction, code="deadline", why=why, by=by)
        return
    Prediction.objects.move(
        prediction, PredictionStatus.CANCELED, by=by, why="Canceled at Replicate."
    )


def _end_lost(prediction: Prediction, error: errors.NotFound) -> None:
    # A purchase of this minute may not be readable everywhere yet.
    if _age(prediction) > timedelta(seconds=settings.STAGING_LOOKUP_GRACE_S):
        give_up(prediction, code="lost", why=f"Replicate no longer knows it. {error}", by=BY)


def _take_outputs(prediction: Prediction, remote: RemotePrediction, *, by: str) -> bool:
    if not remote.output_urls:
        gone = "Its outputs were removed before they were fetched."
        why = gone if remote.data_removed else "The model succeeded without a picture."
        give_up(prediction, code="no_output", why=why, by=by)
        return False
    return Prediction.objects.move(
        prediction,
        PredictionStatus.COLLECTING,
        by=by,
        outputs=list(remote.output_urls),
        metrics={name: value for name, value in remote.metrics.items() if _is_number(value)},
        tries=0,
        run_after=timezone.now(),
    )


def _is_number(value: object) -> bool:
    """Say whether a metric is a number that a database takes: no NaN, nothing endless."""
    return isinstance(value, int | float) and -1e9 < value < 1e9


def _age(prediction: Prediction) -> timedelta:
    return timezone.now() - (prediction.intent_at or prediction.created_at)
