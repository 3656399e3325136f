"""Decides on a prediction whose step failed: another try later, or the end."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from django.utils import timezone

from replicate_api import errors
from staging.errors import own_fault
from staging.models import WAITING, Prediction, PredictionStatus, StagingJob, Tallied, Tally
from staging.predictions.log_context import about
from staging.worker import heartbeat, stopping

log = structlog.get_logger(__name__)

# With the pauses below, about ten minutes.
MAX_TRIES = 12
# Replicate removes outputs an hour after they were made. They are paid for, so the download is
# tried for almost that long, however often it fails.
COLLECTED_FOR = timedelta(minutes=55)
# Stands for the user where an earlier release, without the column, noted that one asked to cancel.
UNNAMED = "a user"


class NotBought(Exception):
    """A purchase whose answer was lost, and which Replicate's list does not know."""


class BrokenOff(Exception):
    """A step that ended in an error of ours: a storage that fails, a bug."""


_CODES: dict[type[Exception], str] = {
    BrokenOff: "internal_error",
    errors.Unauthenticated: "unauthenticated",
    errors.InsufficientCredit: "insufficient_credit",
    errors.NotFound: "not_found",
    errors.TooLarge: "too_large",
    errors.InvalidInput: "invalid_input",
    errors.UndocumentedRefusal: "refused",
    errors.OutputRefused: "output_refused",
    errors.Unreachable: "unreachable",
}


@contextmanager
def bounded(prediction: Prediction, *, by: str) -> Iterator[None]:
    """Count a step that breaks off as a try, so that it does not come back for ever.

    The error is logged and goes on to the caller. A prediction whose purchase may exist stays in
    `submitting`, to be looked up.
    """
    with about(prediction):
        try:
            with stopping.holding(prediction):
                yield
            heartbeat.moved()
        # Raised again: here a step that breaks off is only counted as a try.
        except Exception as error:
            log.exception("step broke off")
            _break_off(prediction, error, by=by)
            raise


def give_up(
    prediction: Prediction,
    *,
    code: str,
    why: str,
    by: str,
    may_have_cost: bool = False,
    **values: Any,
) -> None:
    """Let the prediction fail, with the reason that its job shows.

    `may_have_cost` says that it was bought, or may have been: Replicate may charge for it.
    """
    failed = Prediction.objects.move(
        prediction,
        PredictionStatus.FAILED,
        by=by,
        why=why,
        may_have_cost=may_have_cost,
        error_code=code,
        error=why,
        **values,
    )
    if failed:
        log.warning("prediction failed", prediction=str(prediction.pk), code=code, why=why)


def give_back(
    prediction: Prediction,
    *,
    status: PredictionStatus,
    error: Exception,
    by: str,
    **values: Any,
) -> None:
    """Put the prediction into `status` for a later try, or fail it where no try is left.

    `status` is the status that it has, or `queued`. It has MAX_TRIES; a download is tried for
    COLLECTED_FOR instead.
    """
    tries = prediction.tries + 1
    if _is_last(prediction, tries):
        why = f"Given up after {tries} tries. {error}"
        # A purchase has cost something, whatever fails after it.
        is_bought = prediction.status in (PredictionStatus.RUNNING, PredictionStatus.COLLECTING)
        give_up(prediction, code=code_of(error), why=why, by=by, may_have_cost=is_bought)
        return
    run_after = timezone.now() + pause_after(tries)
    later = {"tries": tries, "run_after": run_after, "error": str(error), **values}
    if status == prediction.status:
        leave(prediction, **later)
    else:
        queue_again(prediction, by=by, why=str(error), **later)
    log.info(
        "step will be tried again", prediction=str(prediction.pk), tries=tries, error=str(error)
    )


def leave(prediction: Prediction, **values: Any) -> None:
    """Leave the prediction in its status for a later try, and write values.

    A prediction whose step was tried had room under its limits, so it waits for none of them now.
    """
    has_waited = prediction.error_code in WAITING
    noted = Prediction.objects.note(
        prediction, lease_until=None, error_code="", held_by_limit_id=None, **values
    )
    if noted and has_waited:
        # The job's document no longer says that it waits, so the job has changed, and its ETag.
        StagingJob.objects.filter(pk=prediction.job_id).update(changed_at=timezone.now())


def queue_again(prediction: Prediction, *, by: str, why: str, **values: Any) -> None:
    """Put a prediction that was not bought into the queue, or cancel it where this was asked."""
    # The wish may come at the same moment, so it is a condition of the UPDATE itself.
    unasked = Prediction.objects.filter(cancel_asked_at=None)
    if not unasked.move(prediction, PredictionStatus.QUEUED, by=by, why=why, **values):
        # Either a user asked to cancel it, which this move does, or the claim was lost: then this
        # move changes no row either.
        asked = Prediction.objects.exclude(cancel_asked_at=None)
        told = f"Not bought, and canceled as {find_asker(prediction)} asked."
        asked.move(prediction, PredictionStatus.CANCELED, by=by, why=told)


def find_asker(prediction: Prediction) -> str | None:
    """Return who asked that the prediction be canceled, or None where it is not to be."""
    # Read again: the user may have asked after the caller read the prediction.
    asked = Prediction.objects.filter(pk=prediction.pk).exclude(cancel_asked_at=None).order_by()
    asker = asked.values_list("cancel_asked_by", flat=True).first()
    return UNNAMED if asker == "" else asker


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after so many failed tries.

    It doubles from a second up to five minutes, with full jitter.
    """
    # Jitter needs no secrecy.
    return timedelta(seconds=random.uniform(0.5, min(300.0, 2.0 ** min(tries, 9))))  # noqa: S311


def code_of(error: Exception) -> str:
    """Return the short code that a failed prediction bears for an error."""
    return _CODES.get(type(error), "no_answer")


def note_unanswered(what: str, error: errors.ReplicateError, **told: object) -> None:
    """Log a question to Replicate that got no answer; the caller asks again later."""
    if isinstance(error, errors.RateLimited):
        Tally.add(Tallied.LIMITED_LOOK)
    log.warning(what, error=str(error), **told)


def _is_last(prediction: Prediction, tries: int) -> bool:
    if prediction.status != PredictionStatus.COLLECTING:
        return tries >= MAX_TRIES
    since = timezone.now() - COLLECTED_FOR
    collecting = prediction.transitions.filter(target=PredictionStatus.COLLECTING)
    return collecting.filter(at__lte=since).exists()


def _break_off(prediction: Prediction, error: Exception, *, by: str) -> None:
    if prediction.status == PredictionStatus.SUBMITTING:
        Prediction.objects.note(prediction, lease_until=None)
        return
    status = PredictionStatus(prediction.status)
    give_back(prediction, status=status, error=BrokenOff(own_fault(error)), by=by)
