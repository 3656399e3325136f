"""One run of all checks: its arguments, its findings so far, and its ways of waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from replicate_api.answers import RemoteFile, RemotePrediction
from replicate_api.assumptions.outcomes import NotTried
from replicate_api.assumptions.purchases import Purchases, Subject
from replicate_api.assumptions.webhook_receiver import WebhookReceiver
from replicate_api.client import ReplicateClient

T = TypeVar("T")

# The most that the pipeline takes of one output.
MAX_OUTPUT_BYTES = 100 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The wait for expiry, in seconds: kept at least, watched at most, and between two looks."""

    kept_s: float = 55 * 60
    watched_s: float = 65 * 60
    every_s: float = 30


@dataclass(kw_only=True)
class Expiry:
    """The seconds from the prediction's end until each was first seen gone.

    None stands for an object that was still there.
    """

    file_s: float | None = None
    output_s: float | None = None
    record_s: float | None = None


@dataclass(kw_only=True)
class Trial:
    """One run: its arguments, and the findings of its checks for the checks that follow.

    `compare` returns a sentence for each difference between a model as published now and ours.
    `webhook` is sent where it is given, with or without a `receiver` for it.
    `patience_s` is the time that a prediction may take to finish, to be listed or to arrive.
    """

    client: ReplicateClient
    subject: Subject
    photo: bytes
    models: tuple[str, ...] = ()
    compare: Callable[[dict[str, object]], list[str]] = lambda _: []
    webhook: str | None = None
    receiver: WebhookReceiver | None = None
    patience_s: float = 180.0
    burst: int = 0
    wait: Wait | None = None
    purchases: Purchases = field(init=False)
    secret: str = ""
    uploaded: RemoteFile | None = None
    first: RemotePrediction | None = None
    second: RemotePrediction | None = None
    listed: RemotePrediction | None = None
    expiry: Expiry | None = None

    def __post_init__(self) -> None:
        self.purchases = Purchases(client=self.client, subject=self.subject)


def photo_url_of(trial: Trial) -> str:
    """Return the uploaded photo's address, or raise NotTried."""
    if trial.uploaded is None:
        raise NotTried("The photo was not uploaded.")
    return trial.uploaded.url


def first_of(trial: Trial) -> RemotePrediction:
    """Return the ordinary prediction that was bought, or raise NotTried."""
    if trial.first is None:
        raise NotTried("No prediction was bought.")
    return trial.first


def listed_of(trial: Trial) -> RemotePrediction:
    """Return the first prediction as the list shows it, or raise NotTried."""
    if trial.listed is None:
        raise NotTried("The prediction was not found in the list.")
    return trial.listed


def webhook_of(trial: Trial) -> str:
    """Return the webhook's address that was sent, or raise NotTried."""
    if trial.webhook is None:
        raise NotTried("No webhook was sent: give --webhook-url and --listen.")
    return trial.webhook


def receiver_of(trial: Trial) -> WebhookReceiver:
    """Return the receiver of webhooks, or raise NotTried."""
    if trial.receiver is None:
        raise NotTried(
            "There was no receiver of webhooks: give --webhook-url, an https address that reaches "
            "this machine, and --listen, the port that it reaches."
        )
    return trial.receiver


def wait_of(trial: Trial) -> Wait:
    """Return the wait for expiry, or raise NotTried."""
    if trial.wait is None:
        raise NotTried("It takes an hour: give --wait.")
    return trial.wait


def until_finished(
    trial: Trial, prediction: RemotePrediction, *, within_s: float
) -> RemotePrediction:
    """Return the prediction once it is finished, or as it is when the time is up."""
    latest = prediction

    def look() -> bool:
        nonlocal latest
        latest = trial.client.get_prediction(prediction.id)
        return latest.is_finished

    eventually(look, within_s=within_s)
    return latest


def eventually(look: Callable[[], T], *, within_s: float) -> T:
    """Call `look`, ever less often, until its value is true or the time is up; return the value."""
    until, pause_s = time.monotonic() + within_s, 0.02
    while not (seen := look()) and time.monotonic() < until:
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 2.0)
    return seen


def life_of(prediction: RemotePrediction) -> float | None:
    """Return the seconds from creation to end, where both times are known."""
    if prediction.completed_at is None or prediction.created_at is None:
        return None
    return (prediction.completed_at - prediction.created_at).total_seconds()


def duration_of(prediction: RemotePrediction) -> str:
    """Return a prediction's life in words, such as " after 2.1 s", or "" where it is unknown."""
    lived_s = life_of(prediction)
    return "" if lived_s is None else f" after {lived_s:.1f} s"
