"""Celery's task of models, which the clock starts."""

import structlog
from celery import shared_task

from modelsettings import checking

log = structlog.get_logger(__name__)


@shared_task
def check_models() -> None:
    """Read the models that are due from Replicate."""
    for reading in checking.check_due():
        log.info("model checked", model=reading.slug, outcome=reading.outcome)
