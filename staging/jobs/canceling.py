"""Canceling a job: what is not bought ends at once, what runs is ended at Replicate."""

import structlog
from django.contrib.auth.models import User
from django.db import transaction

from staging.errors import NotPossible
from staging.models import PredictionStatus, StagingJob
from staging.models.job import UNFINISHED
from staging.predictions.cancellation import ask_to_cancel
from staging.worker.wake import Step, wake

log = structlog.get_logger(__name__)


def cancel_job(job: StagingJob, *, by: User) -> None:
    """Cancel what is not bought yet at once; let Replicate be asked to end what runs.

    What has succeeded by then is paid for, and is collected. Not to be called in a transaction:
    each prediction moves in one of its own. Raises NotPossible where nothing is left to cancel.
    """
    unfinished = list(job.predictions.filter(status__in=UNFINISHED))
    if not unfinished:
        raise NotPossible("This job is finished: there is nothing to cancel.")
    helped = [ask_to_cancel(one, by=by.get_username()) for one in unfinished]
    if not any(helped):
        if job.predictions.filter(status=PredictionStatus.QUEUED).exists():
            raise NotPossible("Workers are at it at this very moment: try again.")
        raise NotPossible("It is too late to cancel: the pictures are made, and being fetched.")
    log.info("canceling", job=str(job.pk), by=by.get_username())
    transaction.on_commit(lambda: wake(Step.CANCEL))
