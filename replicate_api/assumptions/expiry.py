"""Checks of the time for which files, outputs and records are kept."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from replicate_api.assumptions.basics import LEAST_FILE_LIFE_S
from replicate_api.assumptions.outcomes import Failed, NotTried, assumption
from replicate_api.assumptions.trial import (
    MAX_OUTPUT_BYTES,
    Expiry,
    Trial,
    Wait,
    first_of,
    photo_url_of,
    wait_of,
)
from replicate_api.client import ReplicateClient
from replicate_api.errors import NotFound, TryAgain


@assumption("An uploaded file is there until it expires")
def file_is_kept(trial: Trial) -> str:
    wait, uploaded, first = wait_of(trial), trial.uploaded, first_of(trial)
    if uploaded is None or uploaded.expires_at is None or first.completed_at is None:
        raise NotTried("No file with an expires_at was uploaded, or nothing was staged.")
    gone_s = _watch(trial, wait).file_s
    life_s = (uploaded.expires_at - first.completed_at).total_seconds()
    if gone_s is not None and gone_s < life_s - LEAST_FILE_LIFE_S:
        raise Failed(f"It was gone {life_s - gone_s:.0f} s before its expires_at.")
    return _gone(gone_s, wait, than="the end of the prediction")


@assumption("An output is kept for the better part of an hour")
def output_is_kept(trial: Trial) -> str:
    wait = wait_of(trial)
    return _kept(_watch(trial, wait).output_s, wait)


@assumption("A prediction's input is kept for the better part of an hour")
def record_is_kept(trial: Trial) -> str:
    wait = wait_of(trial)
    return _kept(_watch(trial, wait).record_s, wait)


def _watch(trial: Trial, wait: Wait) -> Expiry:
    """Return when file, output and record were gone; all three checks share one watch."""
    if trial.expiry is not None:
        return trial.expiry
    first, file_url = first_of(trial), photo_url_of(trial)
    if first.completed_at is None or not first.output_urls:
        raise NotTried("The first prediction has no output.")
    expiry = Expiry()
    until = first.completed_at + timedelta(seconds=wait.watched_s)
    while (now := datetime.now(UTC)) < until:
        after_s = (now - first.completed_at).total_seconds()
        if expiry.file_s is None and _is_gone(trial.client, file_url):
            expiry.file_s = after_s
        if expiry.output_s is None and _is_gone(trial.client, first.output_urls[0]):
            expiry.output_s = after_s
        if expiry.record_s is None and _is_removed(trial.client, first.id):
            expiry.record_s = after_s
        if None not in (expiry.file_s, expiry.output_s, expiry.record_s):
            break
        time.sleep(wait.every_s)
    trial.expiry = expiry
    return expiry


def _is_gone(client: ReplicateClient, url: str) -> bool:
    try:
        client.download(url, max_bytes=MAX_OUTPUT_BYTES)
    except NotFound:
        return True
    except TryAgain:
        # One try of a hundred failed: the next will show it.
        return False
    return False


def _is_removed(client: ReplicateClient, id_: str) -> bool:
    try:
        prediction = client.get_prediction(id_)
    except NotFound:
        return True
    except TryAgain:
        return False
    return prediction.data_removed or prediction.input is None


def _kept(gone_s: float | None, wait: Wait) -> str:
    if gone_s is not None and gone_s < wait.kept_s:
        raise Failed(
            f"It was gone {gone_s:.0f} s after the end of the prediction; "
            f"Restage relies on {wait.kept_s:.0f} s."
        )
    return _gone(gone_s, wait, than="the end of the prediction")


def _gone(gone_s: float | None, wait: Wait, *, than: str) -> str:
    if gone_s is None:
        return f"It was still there {wait.watched_s / 60:.0f} minutes after {than}."
    return f"It was gone {gone_s / 60:.0f} minutes after {than}."
