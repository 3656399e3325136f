"""Holds and counts purchases that are found after Restage took them for none.

Replicate may list a purchase very late, or tell of it by a webhook when its prediction is queued
again, has ended, or was bought once more. What was held for it was given back, but it costs money:
it counts against the limits whether they have room or not, and in the usage, each purchase once.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from replicate_api.client import RemotePrediction
from staging.models import Prediction, PredictionStatus, StagingJob, Tallied, Tally, Transition
from staging.models.prediction import count_cost
from staging.predictions.reserving import limits_of
from staging.spending.estimating import cost_of_outputs, most_cost

log = structlog.get_logger(__name__)

# The error code of a prediction of which we cannot find out whether it was bought.
UNDECIDED = "undecided"


@transaction.atomic
def adopt(
    prediction: Prediction, remote: RemotePrediction, *, by: str, run_after: datetime
) -> bool:
    """Let an unfinished prediction take over its purchase; say whether it was ours to change.

    Where it is queued again, what it may cost is held once more.
    """
    held: dict[str, Any] = {}
    if prediction.status == PredictionStatus.QUEUED:
        usd = most_cost(prediction.job)
        held = {} if usd is None else {"reserved": usd, "reserved_on": _day(prediction, remote)}
    adopted = Prediction.objects.move(
        prediction,
        PredictionStatus.RUNNING,
        by=by,
        why="Found the purchase whose answer was lost.",
        replicate_id=remote.id,
        tries=0,
        error="",
        error_code="",
        run_after=run_after,
        **held,
    )
    if adopted and held and prediction.reserved is not None:
        limits_of(prediction).hold(prediction.reserved, day=_day(prediction, remote))
    return adopted


@transaction.atomic
def note_late(prediction: Prediction, remote: RemotePrediction, *, by: str) -> None:
    """Count a purchase that was made after all; the prediction stays ended as it is.

    Nothing else follows, because its picture may have been bought again already.
    """
    if Prediction.objects.filter(replicate_id=remote.id).exists():
        log.warning("another's purchase", prediction=str(prediction.pk), replicate_id=remote.id)
        return
    cost = _cost(prediction, remote)
    late = Prediction.objects.filter(pk=prediction.pk, replicate_id=None, status=prediction.status)
    if not late.update(replicate_id=remote.id, cost=cost):
        return
    why = f"Replicate now says that it was bought: its status there is {remote.status}."
    _tell(prediction, why, by=by)
    if cost:
        count_cost(prediction, cost, day=timezone.localdate(prediction.finished_at))
    # What was held for an undecided purchase was counted as spent when it was given up.
    counted = prediction.reserved if prediction.error_code == UNDECIDED else None
    day = _day(prediction, remote) if counted is None else prediction.reserved_on
    usd = cost
    if usd is None:
        usd = most_cost(prediction.job) if counted is None else counted
    limits_of(prediction).spend(
        (usd or Decimal(0)) - (counted or Decimal(0)), day=day or _day(prediction, remote)
    )
    log.warning("a purchase was made after all", replicate_id=remote.id, cost=str(cost))


@transaction.atomic
def note_another(prediction: Prediction, remote: RemotePrediction, *, by: str) -> None:
    """Count a purchase beside the prediction's own: it was bought twice.

    Its own may have ended or not; nothing of it changes.
    """
    rows = Prediction.objects.filter(pk=prediction.pk)
    row = rows.select_for_update(of=("self",)).get()
    known = row.other_purchases or []
    if remote.id in (row.replicate_id, *known):
        return
    rows.update(other_purchases=[*known, remote.id])
    why = f"Bought twice: Replicate has {remote.id} as well, its status there is {remote.status}."
    _tell(row, why, by=by)
    cost = _cost(row, remote)
    if cost:
        count_cost(row, cost, day=timezone.localdate())
    usd = most_cost(row.job) if cost is None else cost
    limits_of(row).spend(usd or Decimal(0), day=_day(row, remote))
    log.error("bought twice", prediction=str(prediction.pk), replicate_id=remote.id)
    Tally.add(Tallied.BOUGHT_TWICE)


def _tell(prediction: Prediction, why: str, *, by: str) -> None:
    """Add a step to the timeline, which changes no status."""
    now = timezone.now()
    status = prediction.status
    Transition.record(prediction, source=status, target=status, at=now, by=by, why=why)
    StagingJob.objects.filter(pk=prediction.job_id).update(changed_at=now)


def _cost(prediction: Prediction, remote: RemotePrediction) -> Decimal | None:
    """Return what a purchase has cost, as far as Replicate's word and the price tell."""
    match remote.status:
        # `failed` and `aborted` are not charged for: settlement counts them as nothing as well.
        case "failed" | "aborted":
            return Decimal(0)
        case "succeeded":
            seconds = remote.metrics.get("predict_time")
            return cost_of_outputs(
                prediction.job,
                images=len(remote.output_urls),
                seconds=seconds if isinstance(seconds, int | float) else None,
            )
        case _:
            return None


def _day(prediction: Prediction, remote: RemotePrediction) -> date:
    """Return the day of a purchase, in TIME_ZONE."""
    return timezone.localdate(remote.created_at or prediction.intended_at)
