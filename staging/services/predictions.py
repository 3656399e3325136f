"""Predictions: what Replicate tells us of them."""

from replicate_api.client import RemotePrediction
from staging.models import Prediction
from staging.pipeline import callbacks, settlement
from staging.worker.wake import Step, wake


def receive_webhook(prediction: Prediction, remote: RemotePrediction) -> None:
    """Take over what a verified webhook says of a prediction."""
    if settlement.settle(prediction, remote, by=settlement.WEBHOOK):
        wake(Step.COLLECT)
    elif prediction.finished_at:
        callbacks.wake_where_due()
