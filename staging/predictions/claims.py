"""Who works on which prediction: the first that waits, and nobody else meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from staging.models import Prediction, PredictionStatus
from staging.models.prediction import PredictionQuerySet
from staging.predictions.retries import bounded
from staging.worker import stopping


@dataclass(frozen=True, slots=True)
class Claimed:
    """A prediction that is ours, with its job, and whether others wait beside it."""

    prediction: Prediction
    is_one_of_many: bool


def is_waiting(status: PredictionStatus) -> bool:
    """Say whether a prediction waits in `status` for somebody to claim it."""
    return _waiting(status).exists()


def claim_next(status: PredictionStatus) -> Claimed | None:
    """Claim the first prediction that waits in `status`, or return None."""
    # Several workers look at the same moment: whoever loses one tries the next. What a job holds
    # is read for the one that is claimed.
    with_job = Prediction.objects.select_related("job__photo", "job__model")
    first = list(_waiting(status).order_by("rank_at").only("status", "lease_number")[:20])
    for one in first:
        if not Prediction.objects.claim(one):
            continue
        # A webhook may have moved it since: under the number of that move it would not be ours.
        if ours := with_job.held(one).filter(status=status).first():
            return Claimed(ours, is_one_of_many=one is not first[-1])
    return None


def claim_all(status: PredictionStatus, *, most: int) -> list[Prediction]:
    """Claim everything that waits in `status`, the first of it where that is too much.

    Without their jobs.
    """
    waiting = _waiting(status).order_by("rank_at")[:most]
    return [one for one in waiting if Prediction.objects.claim(one)]


def work_off(status: PredictionStatus, step: Callable[[Prediction], None], *, by: str) -> int:
    """Claim one prediction after another and carry out its step; return how many there were."""
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
