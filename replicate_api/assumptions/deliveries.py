"""Checks of webhooks: their address in the list, their arrival and their signature."""

from __future__ import annotations

import json

from replicate_api import webhooks
from replicate_api.answers import RemotePrediction
from replicate_api.assumptions.outcomes import Failed, NotTried, assumption
from replicate_api.assumptions.trial import (
    Trial,
    eventually,
    first_of,
    listed_of,
    receiver_of,
    webhook_of,
)
from replicate_api.errors import ReplicateError

EVENTS = ("completed",)


@assumption("The webhook's address is shown by the list")
def webhook_is_echoed(trial: Trial) -> str:
    sent, listed = webhook_of(trial), listed_of(trial)
    if listed.webhook != sent:
        shown = "another" if listed.webhook else "none"
        raise Failed(f"It shows {shown}: only the photo's address identifies a lost purchase.")
    return "As it was sent."


@assumption("The webhook's events are shown by the list")
def webhook_filter_is_echoed(trial: Trial) -> str:
    webhook_of(trial)
    shown = listed_of(trial).webhook_events_filter
    if shown != EVENTS:
        raise Failed(f"{', '.join(EVENTS)} was sent; it shows {', '.join(shown or ()) or 'none'}.")
    return f"As it was sent: {', '.join(EVENTS)}."


@assumption("The webhook arrives")
def webhook_arrives(trial: Trial) -> str:
    receiver, first = receiver_of(trial), first_of(trial)
    if not eventually(lambda: receiver.deliveries, within_s=trial.patience_s):
        raise Failed(f"Nothing came within {trial.patience_s:.0f} s.")
    delivery = receiver.deliveries[0]
    try:
        told = RemotePrediction.from_json(json.loads(delivery.body))
    except (ValueError, ReplicateError) as error:
        raise Failed("Its body is not a prediction.") from error
    if told.id != first.id:
        raise Failed(f"It tells of {told.id}, and {first.id} was bought.")
    if first.completed_at is None:
        return f"It tells that the prediction {told.status}."
    after_s = delivery.received_at - first.completed_at.timestamp()
    return f"It tells that the prediction {told.status}, {after_s:.1f} s after its end."


@assumption("The webhook's signature verifies")
def webhook_signature_verifies(trial: Trial) -> str:
    receiver = receiver_of(trial)
    if not receiver.deliveries or not trial.secret:
        raise NotTried("No webhook came, or the secret was not readable.")
    delivery = receiver.deliveries[0]
    try:
        webhooks.verify(
            delivery.body,
            headers=delivery.headers,
            secrets=[trial.secret],
            now=delivery.received_at,
        )
    except webhooks.InvalidSignature as error:
        raise Failed(f"It does not: {error.reason}.") from error
    age_s = delivery.received_at - int(delivery.headers["webhook-timestamp"])
    return f"With the account's secret; its timestamp was {age_s:.0f} s old."


@assumption("Only the events asked for arrive")
def only_events_asked_for_arrive(trial: Trial) -> str:
    deliveries = list(receiver_of(trial).deliveries)
    if not deliveries:
        raise NotTried("No webhook came.")
    ids = {delivery.headers.get("webhook-id", "") for delivery in deliveries}
    unfinished = sum(not _tells_of_the_end(delivery.body) for delivery in deliveries)
    if unfinished or len(ids) > 1:
        raise Failed(
            f"{', '.join(EVENTS)} was asked for; {len(ids)} webhooks came, {unfinished} of them "
            "from before the end."
        )
    again = f", {len(deliveries)} times" if len(deliveries) > 1 else ""
    return f"One webhook came{again}."


def _tells_of_the_end(body: bytes) -> bool:
    try:
        return RemotePrediction.from_json(json.loads(body)).is_finished
    except (ValueError, ReplicateError):
        return False
