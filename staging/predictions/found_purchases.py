"""Holds and counts purchases that are found after Restage took them for none.

Replicate may list a purchase very late, or tell of it by a webhook when its prediction is queued
again, has ended, or was bought once more. What was held for it was given back, but it costs money:
it counts against the limits whether they have room or not, and in the usage, each purchase once.
One that is still running then counts at the most that it may cost, until a webhook brings its end.
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
    # What was held for an undecided purchase was counted as spent when it was given up.
    counted = prediction.reserved if prediction.error_code == UNDECIDED else None
    usd = cost
    if usd is None:
        usd = most_cost(prediction.job) if counted is None else counted
    late = Prediction.objects.filter(pk=prediction.pk, replicate_id=None, status=prediction.status)
    if not late.update(
        replicate_id=remote.id,
        cost=cost,
        other_purchases={**_others(prediction), remote.id: _until_its_end(usd, remote)},
    ):
        return
    why = f"Replicate now says that it was bought: its status there is {remote.status}."
    _tell(prediction, why, by=by)
    if cost:
        count_cost(prediction, cost, day=timezone.localdate(prediction.finished_at))
    limits_of(prediction).spend(
        (usd or Decimal(0)) - (counted or Decimal(0)), day=_day_counted(prediction, remote)
    )
    log.warning("a purchase was made after all", replicate_id=remote.id, cost=str(cost))


@transaction.atomic
def note_another(prediction: Prediction, remote: RemotePrediction, *, by: str) -> None:
    """Count a purchase beside the prediction's own: it was bought twice.

    Its own may have ended or not; nothing of it changes.
    """
    rows = Prediction.objects.filter(pk=prediction.pk)
    row = rows.select_for_update(of=("self",)).get()
    others = _others(row)
    if remote.id in (row.replicate_id, *others):
        return
    cost = _cost(row, remote)
    usd = most_cost(row.job) if cost is None else cost
    rows.update(other_purchases={**others, remote.id: _until_its_end(usd, remote)})
    why = f"Bought twice: Replicate has {remote.id} as well, its status there is {remote.status}."
    _tell(row, why, by=by)
    if cost:
        count_cost(row, cost, day=timezone.localdate())
    limits_of(row).spend(usd or Decimal(0), day=_day(row, remote))
    log.error("bought twice", prediction=str(prediction.pk), replicate_id=remote.id)
    Tally.add(Tallied.BOUGHT_TWICE)


@transaction.atomic
def note_end(prediction: Prediction, remote: RemotePrediction, *, by: str) -> None:
    """Count the end of a found purchase that ran when Replicate first told of it.

    What it has cost takes the place of the most that it could, which the limits counted so far.
    """
    if not remote.is_finished:
        return
    rows = Prediction.objects.filter(pk=prediction.pk)
    row = rows.select_for_update(of=("self",)).get()
    others = _others(row)
    held = others.get(remote.id)
    if held is None:
        return
    cost = _cost(row, remote)
    is_own = row.replicate_id == remote.id
    rows.update(other_purchases={**others, remote.id: None}, **({"cost": cost} if is_own else {}))
    _tell(row, f"The purchase {remote.id} has ended: {remote.status}.", by=by)
    if cost is None:
        return
    if cost:
        at = row.finished_at if is_own else None
        count_cost(row, cost, day=timezone.localdate(at))
    limits_of(row).spend(cost - Decimal(held), day=_day_counted(row, remote))


def is_found(prediction: Prediction, remote: RemotePrediction) -> bool:
    """Say whether a purchase was found, and counted, before."""
    return remote.id in _others(prediction)


def _others(prediction: Prediction) -> dict[str, str | None]:
    """Return the found purchases of a prediction, as `Prediction.other_purchases` has them.

    An earlier release wrote a list of ids, all of which were final.
    """
    others = prediction.other_purchases or {}
    return others if isinstance(others, dict) else dict.fromkeys(others)


def _until_its_end(usd: Decimal | None, remote: RemotePrediction) -> str | None:
    """Return the dollars that a found purchase counts at until it ends; None where it has."""
    return None if remote.is_finished else str(usd or Decimal(0))


def _day_counted(prediction: Prediction, remote: RemotePrediction) -> date:
    """Return the day of whose periods a found purchase is spent."""
    is_undecided = prediction.error_code == UNDECIDED and prediction.replicate_id in (
        None, remote.id,
    )  # fmt: skip
    return (prediction.reserved_on if is_undecided else None) or _day(prediction, remote)


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
