"""Predictions: what Replicate tells us of them."""

from replicate_api.client import RemotePrediction
from staging.models import Prediction
from staging.pipeline import settlement
from staging.tasks import collect, wake, wake_notify


def receive_webhook(prediction: Prediction, remote: RemotePrediction) -> None:
    """Take over what a verified webhook says of a prediction."""
    if settlement.settle(prediction, remote, by="webhook"):
        wake(collect)
    elif prediction.finished_at:
        wake_notify()
