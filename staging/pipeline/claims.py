"""Who works on which prediction: the first that waits, and nobody else meanwhile."""

from collections.abc import Callable

from django.utils import timezone

from staging.models import Prediction, PredictionStatus
from staging.pipeline.setbacks import bounded


def is_waiting(status: PredictionStatus) -> bool:
    """Say whether a prediction waits in `status` for somebody to claim it."""
    return Prediction.objects.claimable(timezone.now()).filter(status=status).exists()


def claim_next(status: PredictionStatus) -> Prediction | None:
    """Claim the first prediction that waits in `status`, or return None."""
    waiting = Prediction.objects.claimable(timezone.now()).filter(status=status)
    # Several workers look at the same moment: whoever loses one tries the next.
    for prediction in waiting.select_related("job__photo", "job__model").order_by("rank_at")[:20]:
        if Prediction.objects.claim(prediction):
            return prediction
    return None


def work_off(status: PredictionStatus, step: Callable[[Prediction], None], *, by: str) -> int:
    """Claim one prediction after another and carry out its step; return how many there were."""
    count = 0
    while prediction := claim_next(status):
        with bounded(prediction, by=by):
            step(prediction)
        count += 1
    return count
