"""What Restage makes of what Replicate says, and how it asks."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from staging.models import Prediction, PredictionStatus, Tally
from staging.predictions import settlement, submission
from tests.staging.conftest import (
    Ask,
    Sandbox,
    only,
    remote,
    steps,
)

OUTPUT = "https://replicate.delivery/a/out-0.webp"


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        ({"status": "starting"}, "running", ""),
        ({"status": "processing"}, "running", ""),
        ({"status": "paused"}, "running", ""),
        ({"status": "succeeded", "output": [OUTPUT]}, "collecting", ""),
        ({"status": "succeeded", "output": OUTPUT}, "collecting", ""),
        ({"status": "succeeded", "output": None}, "failed", "no_output"),
        ({"status": "succeeded", "output": None, "data_removed": True}, "failed", "no_output"),
        ({"status": "succeeded", "output": ["a text"]}, "failed", "no_output"),
        ({"status": "failed", "error": "E005"}, "failed", "model_failed"),
        ({"status": "failed"}, "failed", "model_failed"),
        ({"status": "canceled"}, "canceled", ""),
        ({"status": "aborted"}, "failed", "deadline"),
    ],
)
def test_settle(running: Prediction, told: dict[str, Any], status: str, code: str) -> None:
    has_outputs = settlement.settle(running, remote(running, **told), by="a test")

    prediction = only(running.job)
    assert (prediction.status, prediction.error_code) == (status, code)
    assert prediction.job.status == status
    assert has_outputs is (status == "collecting")
    assert (prediction.error != "") is (status == "failed")


def test_settle_takes_outputs_and_numbers(running: Prediction) -> None:
    told = {"output": [OUTPUT, OUTPUT], "metrics": {"predict_time": 1.5, "x": "\0", "n": 1e400}}

    settlement.settle(running, remote(running, "succeeded", **told), by="a test")

    prediction = only(running.job)
    assert (prediction.outputs, prediction.metrics) == ([OUTPUT, OUTPUT], {"predict_time": 1.5})


@pytest.mark.parametrize("told", ["an\0error", "half \ud83d a pair"])
def test_settle_keeps_an_error_that_no_database_takes(running: Prediction, told: str) -> None:
    settlement.settle(running, remote(running, "failed", error=told), by="a test")

    assert only(running.job).error in ("anerror", "half ? a pair")


@pytest.mark.parametrize("second", ["processing", "succeeded", "failed", "canceled"])
def test_settle_of_what_is_over_changes_nothing(running: Prediction, second: str) -> None:
    first = remote(running, "succeeded", output=[OUTPUT])
    assert settlement.settle(running, first, by="a test") is True
    before = Prediction.objects.values().get(pk=running.pk)

    late = remote(running, second, output=["https://replicate.delivery/other"], error="late")

    assert settlement.settle(only(running.job), late, by="late") is False
    assert Prediction.objects.values().get(pk=running.pk) == before


def test_settle_with_old_knowledge_changes_nothing(running: Prediction) -> None:
    old = only(running.job)
    settlement.settle(running, remote(running, "failed"), by="a test")

    told = remote(old, "succeeded", output=[OUTPUT])
    assert settlement.settle(old, told, by="late") is False
    assert only(running.job).status == "failed"


def test_settle_with_another_predictions_news_changes_nothing(running: Prediction) -> None:
    others = remote(running, "succeeded", output=[OUTPUT], id="another")

    assert settlement.settle(running, others, by="a test") is False
    assert only(running.job).status == "running"
    # Its webhook's address is its own alone, so this was bought for it as well.
    assert Tally.objects.get(label="bought_twice").count == 1


def test_settle_of_what_was_written_down_since_it_was_read(running: Prediction) -> None:
    """A webhook is quick: its prediction was read as the worker was about to write the id."""
    stale = only(running.job)
    stale.status, stale.replicate_id = PredictionStatus.SUBMITTING, None

    told = remote(running, "succeeded", output=[OUTPUT])
    assert settlement.settle(stale, told, by="webhook") is True

    assert only(running.job).status == "collecting"


@pytest.mark.parametrize("status", ["queued", "submitting"])
@pytest.mark.parametrize("told", ["processing", "succeeded"])
def test_settle_adopts_a_purchase_that_was_not_written_down(
    ask: Ask, status: str, told: str
) -> None:
    prediction = only(ask())
    if status == "submitting":
        Prediction.objects.move(
            prediction, PredictionStatus.SUBMITTING, by="a test", intent_at=timezone.now()
        )

    settlement.settle(prediction, remote(prediction, told, output=[OUTPUT]), by="webhook")

    adopted = only(prediction.job)
    ends_as = "collecting" if told == "succeeded" else "running"
    assert (adopted.status, adopted.replicate_id) == (ends_as, "r1")
    assert (status, "running", "webhook") in steps(adopted)


def test_settle_overtakes_the_worker_that_buys(sandbox: Sandbox, ask: Ask) -> None:
    """A webhook may be here before the answer of the request that bought."""
    worker = only(ask())
    Prediction.objects.claim(worker)
    Prediction.objects.move(worker, PredictionStatus.SUBMITTING, by="worker", keep_lease=True)
    webhook = only(worker.job)
    settlement.settle(webhook, remote(webhook, "succeeded", output=[OUTPUT]), by="webhook")

    moved = Prediction.objects.move(worker, PredictionStatus.RUNNING, by="worker", tries=0)

    assert (moved, only(worker.job).status) == (False, "collecting")


def test_settle_never_takes_a_purchase_that_is_anothers(running: Prediction, ask: Ask) -> None:
    prediction = only(ask())
    told = remote(running, "succeeded", output=[OUTPUT])

    assert settlement.settle(prediction, told, by="webhook") is False
    assert only(prediction.job).status == "queued"


def test_submit_sends_a_deadline(sandbox: Sandbox, settings: Settings, ask: Ask) -> None:
    settings.STAGING_DEADLINE_S = 5
    sandbox.misbehave("create", "hang")
    job = ask()
    submission.submit_waiting()

    listed = sandbox.http.get(f"/v1/predictions/{only(job).replicate_id}").json()

    assert "deadline" in listed
