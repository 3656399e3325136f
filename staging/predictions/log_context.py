"""What every line of the log says that is about one prediction: the ids of all it went through."""

from contextlib import AbstractContextManager

import structlog

from staging.models import Prediction


def about(prediction: Prediction) -> AbstractContextManager[None]:
    """Let all that is logged in the block carry the ids; after it the thread is as it was."""
    ids = {"job": str(prediction.job_id), "prediction": str(prediction.pk)}
    if prediction.webhook_id:
        ids["webhook"] = prediction.webhook_id
    return structlog.contextvars.bound_contextvars(**ids)
