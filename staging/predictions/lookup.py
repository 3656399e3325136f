"""Looks up purchases whose answer was lost, before anything is bought again.

A purchase is recognised by the address of its photo, or by its webhook's: both belong to one
prediction alone. Replicate has no idempotency key, and its list is all that tells:
docs/replicate-facts/http.md, "Lost answers".
"""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from replicate_api import errors
from replicate_api.client import Page, RemotePrediction
from staging.models import Prediction, PredictionStatus, Tallied, Tally
from staging.predictions.claims import claim_all
from staging.predictions.replicate import replicate
from staging.predictions.retries import NotBought, bounded, give_back, give_up, note_unanswered
from staging.predictions.settlement import CLOCK_MARGIN, UNDECIDED, settle
from staging.predictions.submission import webhook_url
from staging.worker import stopping

BY = "worker: lookup"

PAUSE = timedelta(seconds=10)
# So many share one reading of the list; the next sweep comes for the rest.
MOST = 500


def look_up_uncertain() -> int:
    """Look up the purchases that nobody is at, all in one reading of the list; return their count.

    The list shows what was bought at any time, so it is read only as far as the oldest of them.
    """
    claimed = claim_all(PredictionStatus.SUBMITTING, most=MOST)
    if claimed:
        with stopping.holding(*claimed):
            _look_up(claimed)
    return len(claimed)


def _look_up(claimed: list[Prediction]) -> None:
    # What is decided by not being listed has to be old enough when the reading begins.
    now, is_whole = timezone.now(), True
    found: dict[uuid.UUID, RemotePrediction] = {}
    try:
        for key, remote in _find(claimed):
            found[key] = remote
    except errors.ReplicateError as error:
        is_whole = False
        note_unanswered("lookup failed", error, predictions=len(claimed) - len(found))
    for prediction in claimed:
        with bounded(prediction, by=BY):
            if is_whole or prediction.pk in found:
                _decide(prediction, found.get(prediction.pk), now=now)
            else:
                # What is not seen in a part of the list may stand in the rest.
                _wait(prediction)


def _decide(prediction: Prediction, remote: RemotePrediction | None, *, now: datetime) -> None:
    """Adopt the purchase, queue the prediction again, fail it undecided, or wait."""
    if remote is not None:
        settle(prediction, remote, by=BY)
        return
    age_s = (now - prediction.intended_at).total_seconds()
    if age_s > settings.STAGING_RECORDS_KEPT_S:
        _give_up_undecided(prediction)
    elif age_s >= settings.STAGING_REQUEST_LIMIT_S + settings.STAGING_LOOKUP_GRACE_S:
        # Within the budget: a service that answers each request with a 500 ends it, too.
        not_bought = NotBought("Not bought: it is not in Replicate's list.")
        Tally.add(Tallied.FOUND_MISSING)
        give_back(prediction, status=PredictionStatus.QUEUED, error=not_bought, by=BY)
    else:
        _wait(prediction)


def _give_up_undecided(prediction: Prediction) -> None:
    """Fail what may have been paid for, and is never bought again by itself."""
    usd = prediction.reserved
    cost = "at an unknown price" if usd is None else f"for about ${usd.normalize():f}"
    why = (
        "Undecided: the request that buys was sent, its answer was lost, and Replicate's records "
        f"of that time are gone. One prediction may have been paid for, {cost}."
    )
    Tally.add(Tallied.UNDECIDED)
    give_up(prediction, code=UNDECIDED, why=why, by=BY, may_have_cost=True)


def _wait(prediction: Prediction) -> None:
    Prediction.objects.note(prediction, lease_until=None, run_after=timezone.now() + PAUSE)


def _find(uncertain: list[Prediction]) -> Iterator[tuple[uuid.UUID, RemotePrediction]]:
    """Yield the purchases that the list shows, with the predictions' keys.

    To its end, it is complete back to the oldest intent unless all were found before.
    """
    by_mark: dict[str, uuid.UUID] = {}
    for prediction in uncertain:
        marks = (webhook_url(prediction), prediction.photo_url)
        by_mark |= {mark: prediction.pk for mark in marks if mark}
    missing = {prediction.pk for prediction in uncertain}
    intents = [prediction.intended_at for prediction in uncertain]
    longest = timedelta(seconds=settings.STAGING_REQUEST_LIMIT_S)
    for page in _pages(min(intents) - CLOCK_MARGIN, max(intents) + longest + CLOCK_MARGIN):
        # However many pages there are, nobody else takes over meanwhile.
        Prediction.objects.prolong(uncertain)
        for remote in page.predictions:
            for mark in _marks(remote):
                if (key := by_mark.get(mark)) in missing:
                    missing.remove(key)
                    yield key, remote
        if not missing:
            return


def _marks(remote: RemotePrediction) -> Iterator[str]:
    """Yield what may tell whose purchase this is: its webhook, and each address of its input."""
    if remote.webhook:
        yield remote.webhook
    for value in (remote.input or {}).values():
        one = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(one, str):
            yield one


def _pages(since: datetime, until: datetime) -> Iterator[Page]:
    page = replicate().list_predictions(created_after=since, created_before=until)
    yield page
    while page.next:
        page = replicate().list_predictions(cursor=page.next)
        yield page
