"""Cancels jobs: predictions that are not bought at once, running ones at Replicate."""

import structlog
from django.contrib.auth.models import User
from django.db import transaction

from staging.errors import Finished, NotPossible
from staging.models import PredictionStatus, StagingJob
from staging.models.job import UNFINISHED
from staging.predictions.cancellation import ask_to_cancel
from staging.worker.wake import Step, wake

log = structlog.get_logger(__name__)


def cancel_job(job: StagingJob, *, by: User) -> None:
    """Cancel the predictions that are not bought yet, and have Replicate end those that run.

    A prediction that has succeeded by then is paid for, so it is collected. Do not call this in a
    transaction: each prediction moves in its own. Raises NotPossible where nothing can be canceled.
    """
    unfinished = list(job.predictions.filter(status__in=UNFINISHED))
    if not unfinished:
        raise Finished("This job is finished: there is nothing to cancel.")
    helped = [ask_to_cancel(prediction, by=by.get_username()) for prediction in unfinished]
    if not any(helped):
        if job.predictions.filter(status=PredictionStatus.QUEUED).exists():
            raise NotPossible("Workers are changing this job right now: try again in a moment.")
        raise Finished("It is too late to cancel: the pictures are made, and are being fetched.")
    log.info("canceling", job=str(job.pk), by=by.get_username())
    transaction.on_commit(lambda: wake(Step.CANCEL))
