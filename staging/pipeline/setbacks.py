"""What becomes of a prediction when a step fails: again later, or failed for good."""

import random
from datetime import timedelta

import structlog
from django.utils import timezone
from replicate_api import errors

from staging.models import Prediction, PredictionStatus

log = structlog.get_logger(__name__)

# With the pauses below, about ten minutes.
MAX_TRIES = 9
_CODES: dict[type[errors.ReplicateError], str] = {
    errors.Unauthenticated: "unauthenticated",
    errors.InsufficientCredit: "insufficient_credit",
    errors.NotFound: "not_found",
    errors.TooLarge: "too_large",
    errors.InvalidInput: "invalid_input",
    errors.Refused: "refused",
    errors.OutputRefused: "output_refused",
    errors.Unreachable: "unreachable",
}


def give_up(prediction: Prediction, *, code: str, why: str, by: str) -> None:
    """Let the prediction fail, with the reason that its job shows."""
    failed = Prediction.objects.move(
        prediction, PredictionStatus.FAILED, by=by, why=why, error_code=code, error=why
    )
    if failed:
        log.warning("prediction failed", prediction=str(prediction.pk), code=code, why=why)


def give_back(
    prediction: Prediction, *, status: PredictionStatus, error: Exception, by: str
) -> None:
    """Put the prediction (back) to `status` for a later try; give up after MAX_TRIES.

    The pause doubles from a second up to five minutes, with full jitter.
    """
    tries = prediction.tries + 1
    if tries >= MAX_TRIES:
        why = f"Given up after {tries} tries. {error}"
        give_up(prediction, code=code_of(error), why=why, by=by)
        return
    # Jitter needs no secrecy.
    pause_s = random.uniform(0.5, min(300.0, 2.0**tries))  # noqa: S311
    run_after = timezone.now() + timedelta(seconds=pause_s)
    later = {"tries": tries, "run_after": run_after, "error": str(error)}
    if status == prediction.status:
        Prediction.objects.note(prediction, lease_until=None, **later)
    else:
        Prediction.objects.move(prediction, status, by=by, why=str(error), **later)
    log.info("step will be tried again", prediction=str(prediction.pk), tries=tries, error=str(error))


def code_of(error: Exception) -> str:
    """Return the short code that a failed prediction bears for an error."""
    return _CODES.get(type(error), "no_answer")
