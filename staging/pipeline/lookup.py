"""Looks up purchases whose answer was lost, before anything is bought again.

A purchase is recognised by the address of its photo, or by its webhook's: both belong to one
prediction alone. Replicate has no idempotency key, and its list is all that tells (facts of its
HTTP API: "Idempotency and retries").
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from replicate_api import errors
from replicate_api.client import RemotePrediction
from staging.models import Prediction, PredictionStatus
from staging.pipeline.claims import work_off
from staging.pipeline.connection import replicate
from staging.pipeline.setbacks import NotBought, give_back, give_up
from staging.pipeline.settlement import CLOCK_MARGIN, settle
from staging.pipeline.submission import webhook_url

log = structlog.get_logger(__name__)

BY = "worker: lookup"

# Replicate removes the input of a prediction of the API after an hour; without it a purchase
# cannot be recognised.
RECORDS_KEPT = timedelta(minutes=55)
PAUSE = timedelta(seconds=10)


def look_up_uncertain() -> int:
    """Look up each purchase that nobody is at; return how many there were."""
    return work_off(PredictionStatus.SUBMITTING, look_up, by=BY)


def look_up(prediction: Prediction) -> None:
    """Adopt the purchase, queue the prediction again, fail it undecided, or wait."""
    now = timezone.now()
    intent_at = prediction.intent_at or prediction.created_at
    try:
        remote = _find(prediction, since=intent_at - CLOCK_MARGIN)
    except errors.ReplicateError as error:
        log.warning("lookup failed", prediction=str(prediction.pk), error=str(error))
        Prediction.objects.note(prediction, lease_until=None, run_after=now + PAUSE)
        return
    if remote is not None:
        settle(prediction, remote, by=BY)
        return
    decided_at = intent_at + timedelta(
        seconds=settings.STAGING_REQUEST_LIMIT_S + settings.STAGING_LOOKUP_GRACE_S
    )
    if now > intent_at + RECORDS_KEPT:
        why = (
            "Undecided: the request that buys was sent, its answer was lost, and Replicate's "
            "records of that time are gone. One prediction may have been paid for."
        )
        give_up(prediction, code="undecided", why=why, by=BY)
    elif now >= decided_at:
        # Within the budget: a service that answers each request with a 500 ends it, too.
        not_bought = NotBought("Not bought: it is not in Replicate's list.")
        give_back(prediction, status=PredictionStatus.QUEUED, error=not_bought, by=BY)
    else:
        Prediction.objects.note(prediction, lease_until=None, run_after=now + PAUSE)


def _find(prediction: Prediction, *, since: datetime) -> RemotePrediction | None:
    """Return the purchase from the list, read completely back to `since`, or None."""
    webhook = webhook_url(prediction)
    for remote in _listed(since):
        values = (remote.input or {}).values()
        is_ours = (webhook is not None and remote.webhook == webhook) or (
            bool(prediction.photo_url)
            and any(value in (prediction.photo_url, [prediction.photo_url]) for value in values)
        )
        if is_ours:
            return remote
    return None


def _listed(since: datetime) -> Iterator[RemotePrediction]:
    page = replicate().list_predictions(created_after=since)
    yield from page.predictions
    while page.next:
        page = replicate().list_predictions(cursor=page.next)
        yield from page.predictions
