"""Celery's tasks, the doors to what workers do: one call each, and a wake-up for the next step.

A message carries nothing; the database says what there is to do. So a lost message costs the
sweep's interval, and one that comes twice finds nothing left.
"""

import structlog
from celery import shared_task
from django.conf import settings

from staging import callbacks
from staging.batches import preparation
from staging.deletion import pruning
from staging.models import DiscardedFile, PredictionStatus, Tallied, Tally
from staging.notices import sending, watching
from staging.predictions import cancellation, collection, lookup, polling, submission
from staging.predictions.claims import is_waiting
from staging.worker.wake import Step, wake

log = structlog.get_logger(__name__)

# How many collect at a time what one poll found.
COLLECTORS = 8
# How much one run of the tasks that clear away takes on: the next goes on.
MOST_PRUNED = 1000
MOST_FILES = 5000


@shared_task
def prepare() -> None:
    """Make jobs of what batches brought; come back for what some seconds did not suffice for."""
    if preparation.prepare_waiting():
        wake(Step.SUBMIT)
        if preparation.is_waiting():
            wake(Step.PREPARE)


@shared_task
def submit() -> None:
    """Buy what waits; come back soon for what the pace left behind."""
    submitted = submission.submit_waiting(join=lambda: wake(Step.SUBMIT))
    if submitted.come_back_in_s is not None:
        wake(Step.SUBMIT, in_s=submitted.come_back_in_s)
    if not submitted.count:
        return
    # What was bought may have been finished in the same answer.
    if is_waiting(PredictionStatus.COLLECTING):
        wake(Step.COLLECT)
    if cancellation.is_waiting():
        wake(Step.CANCEL)
    callbacks.wake_where_due()


@shared_task
def poll() -> None:
    """Ask for what runs and is due."""
    if found := polling.poll_running():
        wake(Step.COLLECT, times=min(found, COLLECTORS))
    callbacks.wake_where_due()


@shared_task
def collect() -> None:
    """Fetch the outputs that wait."""
    if collection.collect_waiting():
        callbacks.wake_where_due()


@shared_task
def cancel() -> None:
    """Ask Replicate to cancel what is not wanted; what had succeeded is collected."""
    if cancellation.cancel_unwanted():
        wake(Step.COLLECT)
    callbacks.wake_where_due()


@shared_task
def notify() -> None:
    """Tell clients whose jobs have ended; come back for what is left after a minute."""
    if callbacks.send_due():
        wake(Step.NOTIFY)


@shared_task
def sweep() -> None:
    """Move on whatever stood still, at whatever step."""
    Tally.add(Tallied.SWEPT)
    lookup.look_up_uncertain()
    if cancellation.is_waiting():
        wake(Step.CANCEL)
    if preparation.is_waiting():
        wake(Step.PREPARE)
    if is_waiting(PredictionStatus.QUEUED):
        wake(Step.SUBMIT)
    if is_waiting(PredictionStatus.COLLECTING):
        wake(Step.COLLECT)
    callbacks.wake_where_due()


@shared_task
def remove_files() -> None:
    """Remove from storage what was deleted."""
    DiscardedFile.remove_noted(most=MOST_FILES)


@shared_task
def watch() -> None:
    """Make notices of what operators have to know, and send what is due."""
    watching.look()
    sending.send_due()


@shared_task
def prune() -> None:
    """Delete what is kept no longer; without RETENTION_DAYS, only what nobody asks for again."""
    found = pruning.prune(days=settings.RETENTION_DAYS or None, most=MOST_PRUNED)
    log.info("pruned", jobs=found.jobs, photos=found.photos, batches=found.batches)
