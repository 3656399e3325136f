"""Claims the predictions that wait, the first of them first, each for one worker at a time."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from staging.models import Prediction, PredictionStatus
from staging.models.prediction import PredictionQuerySet
from staging.predictions.retries import bounded
from staging.worker import stopping


@dataclass(frozen=True, slots=True)
class Claimed:
    """A prediction that this worker has claimed, with its job; whether others wait behind it."""

    prediction: Prediction
    is_one_of_many: bool


def is_waiting(status: PredictionStatus) -> bool:
    """Say whether a prediction waits in `status` for a worker to claim it."""
    return _waiting(status).exists()


def claim_next(status: PredictionStatus) -> Claimed | None:
    """Claim the first prediction that waits in `status`, or return None."""
    # The candidates are read without their jobs, which are large; the job is read for the
    # prediction that was claimed.
    with_job = Prediction.objects.select_related("job__photo", "job__model")
    first = list(_waiting(status).order_by("rank_at").only("status", "lease_number")[:20])
    # Several workers read the same candidates. The conditional UPDATE of `claim` lets one of them
    # have each; the others try the next candidate.
    for candidate in first:
        if not Prediction.objects.claim(candidate):
            continue
        # A webhook may have moved the prediction on between the claim and this query. Then its
        # status or its claim number has changed, and there is nothing left to do here.
        if ours := with_job.held(candidate).filter(status=status).first():
            return Claimed(ours, is_one_of_many=candidate is not first[-1])
    return None


def claim_all(status: PredictionStatus, *, most: int) -> list[Prediction]:
    """Claim all predictions that wait in `status`, at most `most`; their jobs are not read."""
    waiting = _waiting(status).order_by("rank_at")[:most]
    return [prediction for prediction in waiting if Prediction.objects.claim(prediction)]


def work_off(status: PredictionStatus, step: Callable[[Prediction], None], *, by: str) -> int:
    """Claim one prediction after another and carry out `step` on it; return their count."""
    count = 0
    while not stopping.has_begun() and (claimed := claim_next(status)):
        with bounded(claimed.prediction, by=by):
            step(claimed.prediction)
        count += 1
    return count


def _waiting(status: PredictionStatus) -> PredictionQuerySet:
    now = timezone.now()
    if status == PredictionStatus.QUEUED:
        return Prediction.objects.purchasable(now)
    return Prediction.objects.claimable(now).filter(status=status)
