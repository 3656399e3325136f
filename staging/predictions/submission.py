"""Buys predictions: by the purchase rule, each at most once.

`submitting` means that a purchase may exist, and is written just before the request that buys. Only
an answer that proves that nothing was bought takes it back to `queued`.
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
from staging.predictions.replicate import replicate
from staging.predictions.reserving import has_headroom, intend
from staging.predictions.retries import bounded, code_of, give_back, give_up, leave, queue_again
from staging.predictions.settlement import first_poll_at, settle
from staging.worker import stopping

log = structlog.get_logger(__name__)

BY = "worker: submit"


@dataclass(frozen=True, slots=True)
class Submitted:
    """How many predictions one call took on, and in how many seconds it is to be called again."""

    count: int = 0
    come_back_in_s: float | None = None


class Drought:
    """What this process remembers of a pace that gave nothing.

    A hundred requests at once send a hundred wake-ups: one of them need ask the database.
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
    """Let nobody join."""


def submit_waiting(*, join: Callable[[], object] = _alone) -> Submitted:
    """Submit what waits, as fast as the pace allows.

    `join` is called where another might submit beside us: an upload and a create take seconds at
    Replicate, and the pace allows ten a second. Only who was given a token calls it, or comes back:
    else every job that waits would bring wake-ups of its own for as long as any waits.
    """
    count = 0
    if _drought.lasts() or not is_waiting(PredictionStatus.QUEUED):
        return Submitted()
    while not stopping.has_begun():
        if not CreationPace.take(1):
            _drought.begin()
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
    """Upload the photo and buy one claimed prediction, where its spending limits have room."""
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
    """Upload the photo for this prediction alone: its address is how a lost purchase is found."""
    now = timezone.now()
    fresh_until = prediction.photo_url_until
    if prediction.photo_url and (fresh_until is None or fresh_until > now + timedelta(minutes=10)):
        return
    photo = prediction.job.photo
    with photo.file.open("rb") as file:
        content = file.read()
    uploaded = replicate().upload_file(
        content, filename=f"{photo.pk}.jpg", content_type="image/jpeg"
    )
    Prediction.objects.note(prediction, photo_url=uploaded.url, photo_url_until=uploaded.expires_at)


def _buy(prediction: Prediction) -> None:
    if _is_late(prediction):
        # Nothing, where somebody has claimed it since.
        queue_again(prediction, by=BY, why="Not sent: this worker slept before it bought.")
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
    except errors.RateLimited as error:
        Tally.add(Tallied.LIMITED_CREATION)
        CreationPace.block(error.retry_after_s)
        # No fault of this prediction: it keeps its tries and its place.
        queue_again(prediction, by=BY, why=str(error))
        return
    except errors.ReplicateError as error:
        if not error.proves_not_bought:
            _leave_to_lookup(prediction, error)
        elif isinstance(error, errors.DoNotRetry):
            is_for_good = not isinstance(error, errors.Unauthenticated)
            Tally.add(Tallied.REFUSED if is_for_good else Tallied.NOT_BOUGHT)
            _refuse(prediction, error)
        else:
            Tally.add(Tallied.NOT_BOUGHT)
            give_back(prediction, status=PredictionStatus.QUEUED, error=error, by=BY)
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
    # Also where a webhook was first, which adopted it.
    Tally.add(Tallied.BOUGHT)
    if running:
        log.info("bought", replicate_id=remote.id, model=job.model.slug)
        settle(prediction, remote, by=BY)


def _is_late(prediction: Prediction) -> bool:
    """Say whether this process was stopped since it wrote its intent down.

    Somebody may have looked the purchase up meanwhile, and found none. A request that is sent now
    ends within twice its limit of the intent, which the lookup's grace covers.
    """
    return prediction.age > timedelta(seconds=settings.STAGING_REQUEST_LIMIT_S)


def _refuse(prediction: Prediction, error: errors.DoNotRetry) -> None:
    """Fail on a permanent refusal; a refused token is the operator's to mend: try again."""
    if isinstance(error, errors.Unauthenticated):
        give_back(prediction, status=PredictionStatus.QUEUED, error=error, by=BY)
        return
    told = "; ".join(f"{name}: {what}" for name, what in getattr(error, "fields", ()))
    give_up(prediction, code=code_of(error), why=f"{error} {told}".strip(), by=BY)


def _leave_to_lookup(prediction: Prediction, error: errors.ReplicateError) -> None:
    """Leave it `submitting`: it may have been bought, so it is looked up before anything else."""
    Tally.add(Tallied.UNCERTAIN)
    Prediction.objects.note(prediction, lease_until=None, error=str(error))
    log.warning("purchase uncertain", error=str(error))
