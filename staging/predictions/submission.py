"""Buys predictions, each at most once, by the purchase rule.

The rule: `submitting` means that a purchase may exist, and is written just before the request that
buys. A prediction goes back to `queued` only where Replicate's answer proves that nothing was
bought, or where `lookup` does not find the purchase in a list that must hold it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from modelsettings.pinned_schemas import secrets_of
from replicate_api import errors
from staging.models import CreationPace, Prediction, PredictionStatus, Tallied, Tally
from staging.predictions.claims import claim_next, is_waiting
from staging.predictions.refused_inputs import find_refused, say_refused
from staging.predictions.replicate import replicate
from staging.predictions.reserving import has_headroom, intend
from staging.predictions.retries import bounded, code_of, give_back, give_up, leave, queue_again
from staging.predictions.settlement import first_poll_at, settle
from staging.worker import stopping

log = structlog.get_logger(__name__)

BY = "worker: submit"


@dataclass(frozen=True, slots=True)
class Submitted:
    """The count of predictions that one call took on, and the seconds until the next call.

    No next call is needed where `come_back_in_s` is None.
    """

    count: int = 0
    come_back_in_s: float | None = None


class Drought:
    """Remembers, in this process, that the pace had no token left a moment ago.

    A hundred requests at once send a hundred wake-ups; only the first of them asks the database.
    """

    LENGTH_S = 0.1

    def __init__(self) -> None:
        self._until = 0.0

    def begin(self) -> None:
        self._until = time.monotonic() + self.LENGTH_S

    def lasts(self) -> bool:
        return time.monotonic() < self._until


_drought = Drought()


def _alone() -> None:
    """Wake no other worker."""


def submit_waiting(*, join: Callable[[], object] = _alone) -> Submitted:
    """Submit the predictions that wait, as fast as the pace allows.

    `join` is called where another worker could submit beside this one: an upload and a create take
    seconds at Replicate, while the pace allows ten a second.
    """
    count = 0
    if _drought.lasts() or not is_waiting(PredictionStatus.QUEUED):
        return Submitted()
    while not stopping.has_begun():
        # The token comes before the claim: a prediction is not held while the pace makes us wait.
        if not CreationPace.take(1):
            _drought.begin()
            # A call that got no token at all asks for no further wake-up: otherwise each wake-up
            # would cause another, and their number would grow while predictions wait.
            return Submitted(count, come_back_in_s=CreationPace.pause_s() if count else None)
        claimed = claim_next(PredictionStatus.QUEUED)
        if claimed is None:
            CreationPace.give_back(1)
            break
        count += 1
        prediction = claimed.prediction
        with bounded(prediction, by=BY):
            if not has_headroom(prediction, by=BY):
                CreationPace.give_back(1)
                continue
            if claimed.is_one_of_many:
                join()
            submit(prediction)
    return Submitted(count)


def submit(prediction: Prediction) -> None:
    """Upload the photo and buy one claimed prediction, if its spending limits have room."""
    try:
        _upload_photo(prediction)
    except errors.RateLimited as error:
        Tally.add(Tallied.LIMITED_UPLOAD)
        CreationPace.block(error.retry_after_s)
        leave(prediction, error=str(error))
        return
    # A 4xx that is not documented is a proxy's whim, such as Cloudflare's 403.
    except (errors.TryAgain, errors.UndocumentedRefusal) as error:
        give_back(prediction, status=PredictionStatus.QUEUED, error=error, by=BY)
        return
    except errors.DoNotRetry as error:
        _refuse(prediction, error)
        return
    # From here on a purchase may exist: after this write, only `_buy` may send the request, and
    # only a proof that it bought nothing leads back to `queued`.
    now = timezone.now()
    lease_until = now + timedelta(seconds=settings.STAGING_LEASE_S)
    if intend(prediction, by=BY, intent_at=now, lease_until=lease_until):
        _buy(prediction)
    else:
        CreationPace.give_back(1)


def webhook_url(prediction: Prediction) -> str | None:
    """Return the address that Replicate calls, or None where it cannot reach us."""
    if not settings.PUBLIC_URL:
        return None
    path = reverse("replicate-webhook", args=[prediction.pk, prediction.webhook_token])
    return f"{settings.PUBLIC_URL}{path}"


def _upload_photo(prediction: Prediction) -> None:
    """Upload the photo for this prediction alone: a lost purchase is found by the address."""
    now = timezone.now()
    # An upload of an earlier try is used again while Replicate keeps it for long enough.
    fresh_until = prediction.photo_url_until
    if prediction.photo_url and (fresh_until is None or fresh_until > now + timedelta(minutes=10)):
        return
    photo = prediction.job.photo
    with photo.file.open("rb") as file:
        uploaded = replicate().upload_file(
            file, filename=f"{photo.pk}.jpg", content_type="image/jpeg"
        )
    Prediction.objects.note(prediction, photo_url=uploaded.url, photo_url_until=uploaded.expires_at)


def _buy(prediction: Prediction) -> None:
    if _is_late(prediction):
        # This changes nothing where another worker has claimed the prediction since.
        why = "Not sent: this worker was stopped for a while just before it would have bought."
        queue_again(prediction, by=BY, why=why)
        return
    job = prediction.job
    try:
        remote = replicate().create_prediction(
            model=job.model.slug,
            version=None if job.runs_by_name else job.version,
            # The secrets go from the environment onto the wire, and nowhere else.
            input=job.input_of(seed=prediction.seed, photo_url=prediction.photo_url)
            | secrets_of(job.model),
            webhook=webhook_url(prediction),
            cancel_after_s=settings.STAGING_DEADLINE_S,
        )
    except errors.ReplicateError as error:
        _act_on_error(prediction, error)
        return
    running = Prediction.objects.move(
        prediction,
        PredictionStatus.RUNNING,
        by=BY,
        replicate_id=remote.id,
        tries=0,
        error="",
        run_after=first_poll_at(),
    )
    # Counted even where the move failed, because a webhook came first and adopted the purchase, or
    # because the lookup has taken it for none.
    Tally.add(Tallied.BOUGHT)
    log.info("bought", replicate_id=remote.id, model=job.model.slug)
    latest = prediction if running else Prediction.objects.filter(pk=prediction.pk).first()
    if latest:
        settle(latest, remote, by=BY)


def _act_on_error(prediction: Prediction, error: errors.ReplicateError) -> None:
    """Queue, fail or look up a prediction whose create ended in an error."""
    if isinstance(error, errors.RateLimited):
        Tally.add(Tallied.LIMITED_CREATION)
        CreationPace.block(error.retry_after_s)
        # No fault of this prediction: it keeps its tries and its place.
        queue_again(prediction, by=BY, why=str(error))
    elif not error.proves_not_bought:
        # The purchase rule: without that proof it is looked up, never simply bought again.
        _leave_to_lookup(prediction, error)
    elif isinstance(error, errors.DoNotRetry):
        is_for_good = not isinstance(error, errors.Unauthenticated)
        Tally.add(Tallied.REFUSED if is_for_good else Tallied.NOT_BOUGHT)
        _refuse(prediction, error)
    else:
        Tally.add(Tallied.NOT_BOUGHT)
        give_back(prediction, status=PredictionStatus.QUEUED, error=error, by=BY)


def _is_late(prediction: Prediction) -> bool:
    """Say whether this process was stopped for too long after it wrote its intent down.

    Then the sweep may have looked the purchase up already, and found none. A request that is sent
    in time ends within twice STAGING_REQUEST_LIMIT_S of the intent, which the lookup waits for.
    """
    return prediction.age > timedelta(seconds=settings.STAGING_REQUEST_LIMIT_S)


def _refuse(prediction: Prediction, error: errors.DoNotRetry) -> None:
    """Fail a prediction that Replicate refuses for good; after a refused token, try it again."""
    # The operator can mend the token meanwhile.
    if isinstance(error, errors.Unauthenticated):
        give_back(prediction, status=PredictionStatus.QUEUED, error=error, by=BY)
        return
    give_up(prediction, code=code_of(error), why=_reason(prediction, error), by=BY)


def _reason(prediction: Prediction, error: errors.DoNotRetry) -> str:
    """Return what people read about a refusal: inputs by their titles, else Replicate's words."""
    if not isinstance(error, errors.InvalidInput):
        return str(error)
    if refused := find_refused(prediction.job, error):
        return say_refused(refused)
    told = "; ".join(f"{name}: {what}" for name, what in error.fields)
    return str(error) if told in error.detail else f"{error} {told}"


def _leave_to_lookup(prediction: Prediction, error: errors.ReplicateError) -> None:
    """Leave a prediction that may have been bought in `submitting`, free to be looked up."""
    Tally.add(Tallied.UNCERTAIN)
    Prediction.objects.note(prediction, lease_until=None, error=str(error))
    log.warning("purchase uncertain", error=str(error))
