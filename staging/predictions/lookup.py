"""Looks up purchases whose answer was lost, before anything is bought again.

Replicate knows no idempotency key, so only its list of predictions can tell whether a purchase was
made (docs/replicate-facts/http.md, "Lost answers"). A purchase is recognised there by the address
of its photo or of its webhook: each of these addresses belongs to one prediction alone.
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
from staging.predictions.found_purchases import UNDECIDED
from staging.predictions.replicate import replicate
from staging.predictions.retries import NotBought, bounded, give_back, give_up, note_unanswered
from staging.predictions.settlement import CLOCK_MARGIN, settle
from staging.predictions.submission import webhook_url
from staging.worker import stopping

BY = "worker: lookup"

PAUSE = timedelta(seconds=10)
# Purchases that share one reading of the list; the next sweep looks up the rest.
MOST = 500


def look_up_uncertain() -> int:
    """Look up the uncertain purchases in one reading of Replicate's list; return their count.

    Uncertain is a prediction in `submitting` that no worker holds. The list goes back to the first
    purchase of the account, so it is read only as far as the oldest of these.
    """
    claimed = claim_all(PredictionStatus.SUBMITTING, most=MOST)
    if claimed:
        with stopping.holding(*claimed):
            _look_up(claimed)
    return len(claimed)


def _look_up(claimed: list[Prediction]) -> None:
    # Ages are taken before the reading: a purchase that is made during it may be missing in it.
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
                # Only a part of the list was read: the purchase may be in the rest.
                _wait(prediction)


def _decide(prediction: Prediction, remote: RemotePrediction | None, *, now: datetime) -> None:
    """Adopt the purchase, queue the prediction again, fail it undecided, or wait.

    `remote` is None where the list was read to its end and does not show the purchase.
    """
    if remote is not None:
        settle(prediction, remote, by=BY)
        return
    age_s = (now - prediction.intended_at).total_seconds()
    if age_s > settings.STAGING_RECORDS_KEPT_S:
        # Replicate has deleted its records of that time: their absence proves nothing.
        _give_up_undecided(prediction)
    elif age_s >= settings.STAGING_REQUEST_LIMIT_S + settings.STAGING_LOOKUP_GRACE_S:
        # The request has ended by now, and the list had the time to show what it bought. This
        # counts as a try: else a Replicate that answers each purchase with a 500 would go on
        # for ever.
        not_bought = NotBought("Not bought: it is not in Replicate's list.")
        Tally.add(Tallied.FOUND_MISSING)
        give_back(prediction, status=PredictionStatus.QUEUED, error=not_bought, by=BY)
    else:
        # The request may be under way still, or the list may not show it yet.
        _wait(prediction)


def _give_up_undecided(prediction: Prediction) -> None:
    """Fail a prediction that may have been paid for; only a person decides to buy it again."""
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
    """Yield the purchases that the list shows, each with the primary key of its prediction.

    Read to its end, it has found all purchases since the oldest intent. Raises ReplicateError.
    """
    by_mark: dict[str, uuid.UUID] = {}
    for prediction in uncertain:
        marks = (webhook_url(prediction), prediction.photo_url)
        by_mark |= {mark: prediction.pk for mark in marks if mark}
    missing = {prediction.pk for prediction in uncertain}
    intents = [prediction.intended_at for prediction in uncertain]
    longest = timedelta(seconds=settings.STAGING_REQUEST_LIMIT_S)
    for page in _pages(min(intents) - CLOCK_MARGIN, max(intents) + longest + CLOCK_MARGIN):
        # Many pages take longer than a lease: no other worker is to take over meanwhile.
        Prediction.objects.prolong(uncertain)
        for remote in page.predictions:
            for mark in _marks(remote):
                if (key := by_mark.get(mark)) in missing:
                    missing.remove(key)
                    yield key, remote
        if not missing:
            return


def _marks(remote: RemotePrediction) -> Iterator[str]:
    """Yield what may tell whose purchase this is: its webhook, and each text of its input."""
    if remote.webhook:
        yield remote.webhook
    for value in (remote.input or {}).values():
        # Some models take the photo as a list of images.
        text = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(text, str):
            yield text


def _pages(since: datetime, until: datetime) -> Iterator[Page]:
    page = replicate().list_predictions(created_after=since, created_before=until)
    yield page
    while page.next:
        page = replicate().list_predictions(cursor=page.next)
        yield page
