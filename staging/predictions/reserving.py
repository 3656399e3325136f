"""Writes a purchase down together with what it takes out of the spending limits."""

from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from staging.models import (
    WAITING,
    OverLimit,
    Prediction,
    PredictionStatus,
    SpendingLimit,
    StagingJob,
)
from staging.predictions.retries import give_up
from staging.spending.estimating import expected_cost

log = structlog.get_logger(__name__)

# A reservation that is given back makes room; nobody says so, so it is looked for. All that wait
# look so many times a second at most: what waits first would else leave no time for what has room.
LOOK_AGAIN = timedelta(minutes=2)
LOOKS_A_SECOND = 5
# Where one has found room, so many that wait behind it need not wait for their own look.
LET_ON = 50


def intend(prediction: Prediction, *, by: str, **values: Any) -> bool:
    """Move a claimed prediction to `submitting` and reserve its cost; say whether to buy it.

    Both in one transaction: whoever dies here has either written nothing, or all of it. Over a
    limit the prediction waits or fails, as the limit says.
    """
    usd, today = expected_cost(prediction.job), timezone.localdate()
    has_waited = prediction.error_code in WAITING
    try:
        with transaction.atomic():
            moved = Prediction.objects.move(
                prediction,
                PredictionStatus.SUBMITTING,
                by=by,
                keep_lease=True,
                error="",
                error_code="",
                reserved=usd,
                reserved_on=None if usd is None else today,
                **values,
            )
            if moved:
                day = SpendingLimit.objects.reserve(prediction.job.project_id, usd, today=today)
                if day != today:
                    Prediction.objects.note(prediction, reserved_on=day)
    except OverLimit as refusal:
        # What the transaction took back is still in the object.
        waits = ("error", "error_code", "held_by_limit_id", "reserved", "reserved_on")
        prediction.refresh_from_db(fields=("status", *waits, *values))
        _put_off(prediction, refusal, by=by)
        return False
    if moved and has_waited:
        _let_others_on(prediction)
    return moved


def has_headroom(prediction: Prediction, *, by: str) -> bool:
    """Say whether the limits have room for a claimed prediction; else it waits or fails.

    A look that spares the upload of what cannot be bought: `intend` is what decides.
    """
    limits = SpendingLimit.objects.of_project(prediction.job.project_id)
    try:
        limits.check_headroom(expected_cost(prediction.job), today=timezone.localdate())
    except OverLimit as refusal:
        _put_off(prediction, refusal, by=by)
        return False
    return True


def _put_off(prediction: Prediction, refusal: OverLimit, *, by: str) -> None:
    if refusal.is_final:
        give_up(prediction, code=refusal.code, why=str(refusal), by=by)
        return
    now, known = timezone.now(), (prediction.error_code, prediction.held_by_limit_id)
    Prediction.objects.note(
        prediction,
        lease_until=None,
        run_after=now + _pause(),
        error=str(refusal),
        error_code=refusal.code,
        held_by_limit_id=refusal.limit.pk,
    )
    if known != (refusal.code, refusal.limit.pk):
        # The job's document shows it, and with it its ETag changes. What is left at the moment is
        # no news: it changes with every purchase under the limit.
        StagingJob.objects.filter(pk=prediction.job_id).update(changed_at=now)
    log.info("waits for room under a limit", why=str(refusal))


def _pause() -> timedelta:
    """Return how long to wait for the next look: the longer, the more wait."""
    return max(LOOK_AGAIN, timedelta(seconds=_all_waiting().count() / LOOKS_A_SECOND))


def _let_others_on(prediction: Prediction) -> None:
    """Let the first that wait in the same project look now."""
    now = timezone.now()
    others = _all_waiting().filter(job__project=prediction.job.project_id, run_after__gt=now)
    first = others.order_by("rank_at").values_list("pk", flat=True)[:LET_ON]
    Prediction.objects.filter(pk__in=list(first), lease_until=None).update(run_after=now)


def _all_waiting() -> QuerySet[Prediction]:
    waiting = Prediction.objects.filter(status=PredictionStatus.QUEUED, error_code__in=WAITING)
    return waiting.order_by()
