"""Writes a purchase down together with what it takes out of the spending limits."""

from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from staging.intake.spending import expected_cost
from staging.models import OverLimit, Prediction, PredictionStatus, SpendingLimit, StagingJob
from staging.pipeline.setbacks import give_up

log = structlog.get_logger(__name__)

# The codes of a prediction that waits for the next period or a higher limit, and of one whose cost
# an operator has to estimate.
OVER_LIMIT, NO_ESTIMATE = "over_limit", "no_estimate"
WAITING = (OVER_LIMIT, NO_ESTIMATE)
# A reservation that is given back makes room; nobody says so, so it is looked for.
LOOK_AGAIN = timedelta(minutes=2)


def intend(prediction: Prediction, *, by: str, **values: Any) -> bool:
    """Move a claimed prediction to `submitting` and reserve its cost; say whether to buy it.

    Both in one transaction: whoever dies here has either written nothing, or all of it. Over a
    limit the prediction waits or fails, as the limit says.
    """
    usd, today = expected_cost(prediction.job), timezone.localdate()
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
        taken_back = ("status", "error", "error_code", "reserved", "reserved_on", *values)
        prediction.refresh_from_db(fields=taken_back)
        _put_off(prediction, refusal, by=by)
        return False
    return moved


def has_room(prediction: Prediction, *, by: str) -> bool:
    """Say whether the limits have room for a claimed prediction; else it waits or fails.

    A look that spares the upload of what cannot be bought: `intend` is what decides.
    """
    limits = SpendingLimit.objects.of_project(prediction.job.project_id)
    try:
        limits.check_room(expected_cost(prediction.job), today=timezone.localdate())
    except OverLimit as refusal:
        _put_off(prediction, refusal, by=by)
        return False
    return True


def _put_off(prediction: Prediction, refusal: OverLimit, *, by: str) -> None:
    code = NO_ESTIMATE if refusal.usd is None else OVER_LIMIT
    if refusal.is_final:
        give_up(prediction, code=code, why=str(refusal), by=by)
        return
    now, is_news = timezone.now(), prediction.error != str(refusal)
    Prediction.objects.note(
        prediction,
        lease_until=None,
        run_after=now + LOOK_AGAIN,
        error=str(refusal),
        error_code=code,
    )
    if is_news:
        # The job's document shows it, and with it its ETag changes.
        StagingJob.objects.filter(pk=prediction.job_id).update(changed_at=now)
    log.info("waits for room under a limit", why=str(refusal))
