"""Celery's doors to the pipeline: one call each, and a wake-up for the next step.

A message carries nothing; the database says what there is to do. So a lost message costs the
sweep's interval, and one that comes twice finds nothing left.
"""

import structlog
from celery import Task, shared_task
from kombu.exceptions import OperationalError

from staging.models import PredictionStatus
from staging.pipeline import collection, lookup, settlement, submission
from staging.pipeline.claims import is_waiting

log = structlog.get_logger(__name__)

# How many collect at a time what one poll found.
COLLECTORS = 8


@shared_task
def submit() -> None:
    """Buy what waits; come back in a second for what the pace left behind."""
    if submission.submit_waiting():
        wake(submit, in_s=1)
    # What was bought may have been finished in the same answer.
    if is_waiting(PredictionStatus.COLLECTING):
        wake(collect)


@shared_task
def poll() -> None:
    """Ask for what runs and is due."""
    for _ in range(min(settlement.poll_running(), COLLECTORS)):
        wake(collect)


@shared_task
def collect() -> None:
    """Fetch the outputs that wait."""
    collection.collect_waiting()


@shared_task
def sweep() -> None:
    """Move on whatever stood still, at whatever step."""
    lookup.look_up_uncertain()
    if is_waiting(PredictionStatus.QUEUED):
        wake(submit)
    if is_waiting(PredictionStatus.COLLECTING):
        wake(collect)


def wake(task: "Task[[], None]", *, in_s: float = 0) -> None:
    """Send a task its wake-up; without a broker the sweep finds the work later."""
    try:
        task.apply_async(countdown=in_s, retry=False)
    except OperationalError as error:
        log.warning("broker unreachable", task=task.name, error=str(error))
