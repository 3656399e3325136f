"""Buys predictions: by the purchase rule, each at most once.

`submitting` means that a purchase may exist, and is written just before the request that buys. Only
an answer that proves that nothing was bought takes it back to `queued`.
"""

from datetime import timedelta

import structlog
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from modelsettings.compiled import secrets_of
from replicate_api import errors
from staging.models import CreationPace, Prediction, PredictionStatus
from staging.pipeline.claims import claim_next, is_waiting
from staging.pipeline.connection import replicate
from staging.pipeline.setbacks import bounded, code_of, give_back, give_up
from staging.pipeline.settlement import first_poll_at, settle

log = structlog.get_logger(__name__)

BY = "worker: submit"


def submit_waiting() -> bool:
    """Submit what waits, as fast as the pace allows; say whether to come back for more.

    Only who was given a token comes back: else every job that waits would bring wake-ups of its
    own, each second, for as long as any waits.
    """
    was_given = False
    while is_waiting(PredictionStatus.QUEUED):
        if not CreationPace.take(1):
            return was_given
        was_given = True
        prediction = claim_next(PredictionStatus.QUEUED)
        if prediction is None:
            CreationPace.give_back(1)
            return False
        with (
            structlog.contextvars.bound_contextvars(
                job=str(prediction.job_id), prediction=str(prediction.pk)
            ),
            bounded(prediction, by=BY),
        ):
            submit(prediction)
    return False


def submit(prediction: Prediction) -> None:
    """Upload the photo and buy one claimed prediction."""
    try:
        _upload_photo(prediction)
    except errors.DoNotRetry as error:
        _refuse(prediction, error)
        return
    except errors.RateLimited as error:
        CreationPace.block(error.retry_after_s)
        Prediction.objects.note(prediction, lease_until=None, error=str(error))
        return
    except errors.TryAgain as error:
        give_back(prediction, status=PredictionStatus.QUEUED, error=error, by=BY)
        return
    now = timezone.now()
    intends = Prediction.objects.move(
        prediction,
        PredictionStatus.SUBMITTING,
        by=BY,
        keep_lease=True,
        intent_at=now,
        lease_until=now + timedelta(seconds=settings.STAGING_LEASE_S),
    )
    if intends:
        _buy(prediction)


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
        CreationPace.block(error.retry_after_s)
        # No fault of this prediction: it keeps its tries and its place.
        Prediction.objects.move(prediction, PredictionStatus.QUEUED, by=BY, why=str(error))
        return
    except errors.ReplicateError as error:
        if not error.proves_not_bought:
            _leave_to_lookup(prediction, error)
        elif isinstance(error, errors.DoNotRetry):
            _refuse(prediction, error)
        else:
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
    if running:
        log.info("bought", replicate_id=remote.id, model=job.model.slug)
        settle(prediction, remote, by=BY)


def _refuse(prediction: Prediction, error: errors.DoNotRetry) -> None:
    """Fail on a permanent refusal; a refused token is the operator's to mend, so it waits."""
    if isinstance(error, errors.Unauthenticated):
        give_back(prediction, status=PredictionStatus.QUEUED, error=error, by=BY)
        return
    told = "; ".join(f"{name}: {what}" for name, what in getattr(error, "fields", ()))
    give_up(prediction, code=code_of(error), why=f"{error} {told}".strip(), by=BY)


def _leave_to_lookup(prediction: Prediction, error: errors.ReplicateError) -> None:
    """Leave it `submitting`: it may have been bought, so it is looked up before anything else."""
    Prediction.objects.note(prediction, lease_until=None, error=str(error))
    log.warning("purchase uncertain", error=str(error))
