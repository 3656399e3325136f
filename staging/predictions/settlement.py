"""Moves a prediction on by what Replicate says of it in an answer, a list or a webhook."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from replicate_api.client import RemotePrediction
from staging.models import Prediction, PredictionStatus, Tallied, Tally
from staging.models.job import UNFINISHED
from staging.predictions import found_purchases
from staging.predictions.log_context import about
from staging.predictions.retries import find_asker, give_up

log = structlog.get_logger(__name__)

# The `by` of a settlement that a webhook brings; the others are steps of a worker.
WEBHOOK = "webhook"
# The largest difference that is expected between our time of an intent and Replicate's time of the
# purchase: the clocks differ, and a create takes a moment.
CLOCK_MARGIN = timedelta(seconds=90)


def settle(prediction: Prediction, remote: RemotePrediction, *, by: str) -> bool:
    """Take over what Replicate says; say whether outputs now wait to be collected.

    A purchase whose answer was lost is adopted first: the prediction takes over its id. One that
    comes too late for that is counted (`found_purchases`). Word that is old news changes nothing,
    so that webhooks and polls may come twice and in any order.
    """
    with about(prediction):
        return _settle(prediction, remote, by=by)


def first_poll_at() -> datetime:
    """Return when a new purchase is polled first: late where a webhook is expected before."""
    return timezone.now() + timedelta(seconds=_shortest_interval_s())


def _settle(prediction: Prediction, remote: RemotePrediction, *, by: str) -> bool:
    if found_purchases.is_found(prediction, remote):
        found_purchases.note_end(prediction, remote, by=by)
        return False
    if prediction.status not in UNFINISHED and prediction.replicate_id is None:
        found_purchases.note_late(prediction, remote, by=by)
        return False
    # Adopt a purchase whose id is not written down yet. The prediction may be `queued` again: when
    # Replicate lists a purchase very late, the lookup has concluded that there was none.
    if prediction.status in (PredictionStatus.QUEUED, PredictionStatus.SUBMITTING):
        if known := Prediction.objects.filter(replicate_id=remote.id).first():
            if known.pk == prediction.pk:
                # The worker that bought it has written the id down since our caller read the row.
                return _settle(known, remote, by=by)
            log.warning("another's purchase", prediction=str(prediction.pk), replicate_id=remote.id)
            return False
        if not found_purchases.adopt(prediction, remote, by=by, run_after=first_poll_at()):
            latest = Prediction.objects.get(pk=prediction.pk)
            # The id may have been written down between the query above and the move. Where the
            # row changed otherwise, the worker that changed it goes on from there.
            return latest.replicate_id == remote.id and _settle(latest, remote, by=by)
        Tally.add(Tallied.FOUND_BY_WEBHOOK if by == WEBHOOK else Tallied.FOUND_BY_LOOKUP)
        log.info("purchase adopted", prediction=str(prediction.pk), replicate_id=remote.id)
    # The photo's address or the webhook's says that this purchase is for our prediction, which has
    # another purchase already. Nothing is undone, but it must not go unseen.
    if prediction.replicate_id not in (None, remote.id):
        found_purchases.note_another(prediction, remote, by=by)
        return False
    # Replicate's word was taken over before: the prediction is being collected, or has ended.
    if prediction.status != PredictionStatus.RUNNING:
        return False
    match remote.status:
        case "succeeded":
            return _take_outputs(prediction, remote, by=by)
        case "failed":
            why = remote.error or "The model failed and gave no reason."
            give_up(prediction, code="model_failed", why=why, by=by)
        case "canceled" | "aborted":
            _end_canceled(prediction, has_started=remote.status == "canceled", by=by)
    return False


def _shortest_interval_s() -> float:
    return 20.0 if settings.PUBLIC_URL else 1.0


def _end_canceled(prediction: Prediction, *, has_started: bool, by: str) -> None:
    deadline_s = settings.STAGING_DEADLINE_S
    # Replicate also says `canceled` of a prediction that ran until its Cancel-After, which it does
    # not keep to the second: hence the five seconds.
    is_late = prediction.age >= timedelta(seconds=deadline_s - 5)
    if (asker := find_asker(prediction)) is not None:
        _cancel_here(prediction, f"as {asker} asked", has_started=has_started, by=by)
    elif not has_started:
        # `aborted` without our asking: the deadline passed while it waited in Replicate's queue.
        why = f"Replicate did not start it within {deadline_s} seconds."
        give_up(prediction, code="deadline", why=why, by=by)
    elif is_late:
        why = f"Replicate ended it after {deadline_s} seconds."
        give_up(prediction, code="deadline", why=why, by=by, may_have_cost=True)
    else:
        _cancel_here(prediction, "not by us", has_started=has_started, by=by)


def _cancel_here(prediction: Prediction, how: str, *, has_started: bool, by: str) -> None:
    # `canceled` is charged for, `aborted` is not: docs/replicate-facts/http.md, "Statuses".
    Prediction.objects.move(
        prediction,
        PredictionStatus.CANCELED,
        by=by,
        why=f"Canceled at Replicate, {how}.",
        may_have_cost=has_started,
    )


def _take_outputs(prediction: Prediction, remote: RemotePrediction, *, by: str) -> bool:
    if not remote.output_urls:
        gone = "Its outputs were removed before they were fetched."
        why = gone if remote.data_removed else "The model succeeded without a picture."
        give_up(prediction, code="no_output", why=why, by=by, may_have_cost=True)
        return False
    is_new = Prediction.objects.move(
        prediction,
        PredictionStatus.COLLECTING,
        by=by,
        webhook_id=prediction.webhook_id,
        outputs=list(remote.output_urls),
        metrics={name: value for name, value in remote.metrics.items() if _is_number(value)},
        tries=0,
        run_after=timezone.now(),
    )
    if is_new:
        log.info("finished at Replicate", outputs=len(remote.output_urls), by=by)
    return is_new


def _is_number(value: object) -> bool:
    """Say whether a metric is a number that a database takes: neither NaN nor infinite."""
    return isinstance(value, int | float) and -1e9 < value < 1e9
