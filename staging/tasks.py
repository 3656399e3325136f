"""Celery's tasks: each calls one function of a package, and wakes workers for the next step.

A message carries nothing, because the database says what there is to do. So a lost message costs
the sweep's interval, and a message that comes twice finds nothing left to do.
"""

import structlog
from celery import shared_task
from django.conf import settings

from staging import callbacks
from staging.batches import preparation, telling
from staging.deletion import orphans, pruning
from staging.models import DiscardedFile, PredictionStatus, Tallied, Tally
from staging.notices import sending, watching
from staging.predictions import cancellation, collection, lookup, polling, submission
from staging.predictions.claims import is_waiting
from staging.worker.wake import Step, wake

log = structlog.get_logger(__name__)

# Workers that are woken at most to collect what one poll found.
COLLECTORS = 8
# Bounds of one run of the tasks that delete; the next run goes on from there.
MOST_PRUNED = 1000
MOST_FILES = 5000


@shared_task
def prepare() -> None:
    """Make jobs of the files of batches, for some seconds; come back while files are left."""
    if preparation.prepare_waiting():
        wake(Step.SUBMIT)
        if preparation.is_waiting():
            wake(Step.PREPARE)


@shared_task
def submit() -> None:
    """Buy the predictions that wait; come back soon where the pace has stopped us."""
    submitted = submission.submit_waiting(join=lambda: wake(Step.SUBMIT))
    if submitted.come_back_in_s is not None:
        wake(Step.SUBMIT, in_s=submitted.come_back_in_s)
    if not submitted.count:
        return
    # The answer to a purchase may say that the prediction is finished. And a user may have asked to
    # cancel a prediction while it was being bought.
    if is_waiting(PredictionStatus.COLLECTING):
        wake(Step.COLLECT)
    if cancellation.is_waiting():
        wake(Step.CANCEL)
    callbacks.wake_where_due()


@shared_task
def poll() -> None:
    """Ask Replicate about the running predictions that are due."""
    if found := polling.poll_running():
        wake(Step.COLLECT, times=min(found, COLLECTORS))
    callbacks.wake_where_due()


@shared_task
def collect() -> None:
    """Download and store the outputs that wait."""
    if collection.collect_waiting():
        callbacks.wake_where_due()


@shared_task
def cancel() -> None:
    """Have Replicate cancel predictions; collect those that succeeded before it could."""
    if cancellation.cancel_unwanted():
        wake(Step.COLLECT)
    callbacks.wake_where_due()


@shared_task
def notify() -> None:
    """Send the callbacks that are due, for a minute; come back while any are left."""
    if callbacks.send_due():
        wake(Step.NOTIFY)


@shared_task
def sweep() -> None:
    """Look up uncertain purchases, and wake every step whose wake-up may have been lost."""
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
    """Remove the files of deleted rows from storage."""
    DiscardedFile.remove_noted(most=MOST_FILES)


@shared_task
def watch() -> None:
    """Make notices of troubles, for operators, and of batches that are done; send what is due."""
    watching.look()
    telling.tell_owners()
    sending.send_due()


@shared_task
def prune() -> None:
    """Delete rows whose time is over; without RETENTION_DAYS, only those of no use to anyone."""
    found = pruning.prune(days=settings.RETENTION_DAYS or None, most=MOST_PRUNED)
    log.info("pruned", jobs=found.jobs, photos=found.photos, batches=found.batches)


# Acknowledged before it runs: with a million files it may take longer than a broker waits for the
# acknowledgement, which would then send it again and again. What a kill leaves, tomorrow finds.
@shared_task(acks_late=False)
def remove_orphans() -> None:
    """Remove the files that no row names."""
    try:
        log.info("orphans removed", count=orphans.remove_orphans())
    except orphans.MostAreOrphans as error:
        log.error("orphans kept", error=str(error))
