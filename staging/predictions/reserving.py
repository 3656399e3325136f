"""Writes the intent to buy together with the money that the spending limits reserve for it."""

from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from staging.models import (
    WAITING,
    OverLimit,
    Prediction,
    PredictionStatus,
    PurchasePause,
    SpendingLimit,
    StagingJob,
)
from staging.models.spending import SpendingLimitQuerySet
from staging.predictions.retries import give_up
from staging.spending.estimating import most_cost

log = structlog.get_logger(__name__)

# When a reservation ends, its limit has budget again, and no prediction is woken by that. So a
# prediction that waits for budget looks again after LOOK_AGAIN, or later where many wait: together
# they make LOOKS_A_SECOND looks, so that workers have time left for predictions that can be bought.
LOOK_AGAIN = timedelta(minutes=2)
LOOKS_A_SECOND = 5
# A prediction that waited and has found budget lets this many of its project, or under a limit of
# the account that pays, look at once.
LET_ON = 50


def intend(prediction: Prediction, *, by: str, **values: Any) -> bool:
    """Move a claimed prediction to `submitting` and reserve its cost; say whether to buy it.

    Both are one transaction: a worker that is killed here has written all of it, or nothing. Where
    purchases were paused since it was claimed, it waits; where a limit has no room, it waits or
    fails, as the limit says.
    """
    has_waited = prediction.error_code in WAITING
    pauses = PurchasePause.objects.of(model=prediction.job.model_id, account=prediction.payer_id)
    try:
        with transaction.atomic():
            is_paused = pauses.stop()
            moved = not is_paused and _write_intent(prediction, by=by, **values)
    except OverLimit as refusal:
        # The database took these columns back; the object still has the values of the move.
        waits = ("error", "error_code", "held_by_limit_id", "reserved", "reserved_on")
        prediction.refresh_from_db(fields=("status", *waits, *values))
        _put_off(prediction, refusal, by=by)
        return False
    if is_paused:
        Prediction.objects.note(prediction, lease_until=None)
        log.info("waits for the end of a pause")
    if moved and has_waited:
        _let_others_on(prediction)
    return moved


def _write_intent(prediction: Prediction, *, by: str, **values: Any) -> bool:
    """Write intent and reservation, in the caller's transaction. Raises OverLimit."""
    usd, today = most_cost(prediction.job), timezone.localdate()
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
        # Where midnight has passed since `today` was read, the purchase counts for the next day:
        # settling gives the reservation back in the period of that day.
        day = limits_of(prediction).reserve(usd, today=today)
        if day != today:
            Prediction.objects.note(prediction, reserved_on=day)
    return moved


def has_headroom(prediction: Prediction, *, by: str) -> bool:
    """Say whether the limits have room for a claimed prediction; where not, it waits or fails.

    This spares the upload for a purchase that cannot be made. `intend` looks again, and decides.
    """
    try:
        limits_of(prediction).check_headroom(most_cost(prediction.job), today=timezone.localdate())
    except OverLimit as refusal:
        _put_off(prediction, refusal, by=by)
        return False
    return True


def limits_of(prediction: Prediction) -> SpendingLimitQuerySet:
    """Return the limits into which the purchase of a prediction has to fit."""
    return SpendingLimit.objects.of_purchase(
        project=prediction.job.project_id, account=prediction.payer_id
    )


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
        # The job's document shows the reason, so the job has changed, and its ETag with it. Another
        # sum that is left is no news: it changes with every purchase under the limit.
        StagingJob.objects.filter(pk=prediction.job_id).update(changed_at=now)
    log.info("waits for room under a limit", why=refusal.figures)


def _pause() -> timedelta:
    """Return how long to wait for the next look: the longer, the more predictions wait."""
    return max(LOOK_AGAIN, timedelta(seconds=_all_waiting().count() / LOOKS_A_SECOND))


def _let_others_on(prediction: Prediction) -> None:
    """Let the first that wait in the same project, or under its account's limits, look now."""
    now = timezone.now()
    alike = Q(job__project=prediction.job.project_id) | Q(
        held_by_limit__account=prediction.payer_id
    )
    others = _all_waiting().filter(alike, run_after__gt=now)
    first = others.order_by("rank_at").values_list("pk", flat=True)[:LET_ON]
    Prediction.objects.filter(pk__in=list(first), lease_until=None).update(run_after=now)


def _all_waiting() -> QuerySet[Prediction]:
    waiting = Prediction.objects.filter(status=PredictionStatus.QUEUED, error_code__in=WAITING)
    return waiting.order_by()
