"""Context of log lines: the ids of a prediction, of its job, and of the webhook that moved it."""

from contextlib import AbstractContextManager

import structlog

from staging.models import Prediction


def about(prediction: Prediction) -> AbstractContextManager[None]:
    """Add the prediction's ids to every line that is logged in the block, on this thread."""
    ids = {"job": str(prediction.job_id), "prediction": str(prediction.pk)}
    if prediction.webhook_id:
        ids["webhook"] = prediction.webhook_id
    return structlog.contextvars.bound_contextvars(**ids)
