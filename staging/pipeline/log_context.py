"""What every line of the log says that is about one prediction: its job's id, and its own."""

from contextlib import AbstractContextManager

import structlog

from staging.models import Prediction


def about(prediction: Prediction) -> AbstractContextManager[None]:
    """Let all that is logged in the block carry the ids; after it the thread is as it was."""
    return structlog.contextvars.bound_contextvars(
        job=str(prediction.job_id), prediction=str(prediction.pk)
    )
