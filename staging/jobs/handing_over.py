"""Hands over to another account, or cancels, what a deactivated account has queued.

While the account is deactivated its purchases are paused (`PurchasePause.account`), so nothing of
its queue is bought meanwhile. Reading the photos of its batches goes on, since that costs nothing;
the jobs that come of it wait with the others.
"""

from dataclasses import dataclass

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from staging.models import (
    BatchPhoto,
    BatchPhotoStatus,
    Prediction,
    PredictionStatus,
    PurchasePause,
    StagingJob,
)
from staging.models.prediction import PredictionQuerySet, payer
from staging.predictions.cancellation import ask_to_cancel
from staging.worker.wake import Step, wake

# Predictions that one request cancels: each moves in a transaction of its own.
MOST_CANCELED = 500
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Queue:
    """What a deactivated account has queued: the pause that holds it, and its predictions."""

    pause: PurchasePause
    count: int


def queue_of(account: User) -> PredictionQuerySet:
    """Return the predictions that an account would pay for, and that are not bought."""
    queued = Prediction.objects.filter(status=PredictionStatus.QUEUED)
    return queued.paid_by(account.pk).order_by()


def count_unread(account: User) -> int:
    """Return how many photos of an account's batches wait to be read."""
    waiting = BatchPhoto.objects.of_sender(account).filter(status=BatchPhotoStatus.WAITING)
    return waiting.order_by().count()


def find_queues() -> list[Queue]:
    """Return the deactivated accounts that have something queued, the longest deactivated first."""
    pauses = PurchasePause.objects.exclude(account=None).select_related("account")
    by_account = {pause.account_id: pause for pause in pauses}
    if not by_account:
        return []
    queued = Prediction.objects.filter(status=PredictionStatus.QUEUED).order_by()
    payers = queued.annotate(payer=payer()).filter(payer__in=by_account)
    # Of all of them: a bound would hide the accounts behind one with a long queue.
    counts = dict(payers.values_list("payer").annotate(Count("pk")))
    return [
        Queue(pause, counts[account]) for account, pause in by_account.items() if account in counts
    ]


@transaction.atomic
def hand_over(account: User, *, to: User, by: User) -> int:
    """Let another account pay for what an account has queued; return how many predictions.

    They keep their places in the queue, and who sees the jobs does not change. Each looks for room
    under the limits of its new account as if it had just come.
    """
    now = timezone.now()
    jobs = set(queue_of(account).values_list("job_id", flat=True))
    count = queue_of(account).update(
        account=to,
        run_after=now,
        held_by_limit=None,
        error="",
        error_code="",
        # This ends the claim of a worker that has read the earlier account: its next write finds
        # another claim number.
        lease_until=None,
        lease_number=F("lease_number") + 1,
    )
    StagingJob.objects.filter(pk__in=jobs).update(changed_at=now)
    log.info(
        "queue handed over",
        account=account.get_username(), to=to.get_username(), by=by.get_username(), count=count,
    )  # fmt: skip
    transaction.on_commit(lambda: wake(Step.SUBMIT))
    return count


def cancel_queue(account: User, *, by: User) -> int:
    """Cancel what an account has queued, the first MOST_CANCELED of it; return how many.

    Do not call this in a transaction: each prediction moves in its own.
    """
    first = queue_of(account).order_by("rank_at")[:MOST_CANCELED]
    count = sum(ask_to_cancel(prediction, by=by.get_username()) for prediction in first)
    log.info("queue canceled", account=account.get_username(), by=by.get_username(), count=count)
    return count
