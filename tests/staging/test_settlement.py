"""What Restage makes of what Replicate says, and how it asks."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from staging.models import Prediction, PredictionStatus
from staging.pipeline import settlement, submission
from tests.staging.conftest import (
    QWEN,
    Ask,
    Sandbox,
    only,
    pass_time,
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


def buy(sandbox: Sandbox, ask: Ask, count: int) -> list[Prediction]:
    jobs = [ask(model=QWEN) for _ in range(count)]
    submission.submit_waiting()
    for job in jobs:
        pass_time(job, seconds=1)
    return [only(job) for job in jobs]


def test_poll_running_covers_many_with_one_list(sandbox: Sandbox, ask: Ask) -> None:
    predictions = buy(sandbox, ask, 5)
    sandbox.finish()

    assert settlement.poll_running() == 5

    assert {only(one.job).status for one in predictions} == {"collecting"}
    asked = sandbox.requests()
    assert (asked.get("list", 0), asked.get("get", 0)) == (1, 0)


def test_poll_running_asks_for_few_singly(sandbox: Sandbox, ask: Ask) -> None:
    buy(sandbox, ask, 3)
    sandbox.finish()

    assert settlement.poll_running() == 3

    asked = sandbox.requests()
    assert (asked.get("list", 0), asked.get("get", 0)) == (0, 3)


def test_poll_running_asks_singly_for_what_the_list_does_not_show(
    sandbox: Sandbox, ask: Ask
) -> None:
    sandbox.misbehave("create", "hide_from_list", times=2)
    buy(sandbox, ask, 6)
    sandbox.finish()

    assert settlement.poll_running() == 6

    asked = sandbox.requests()
    assert (asked.get("list", 0), asked.get("get", 0)) == (1, 2)


def test_poll_running_asks_once_for_what_is_due(running: Prediction, sandbox: Sandbox) -> None:
    pass_time(running.job, seconds=1)

    settlement.poll_running()
    settlement.poll_running()

    assert sandbox.requests()["get"] == 1


@pytest.mark.parametrize(
    ("public_url", "age_s", "pause_s"),
    [("", 2, 1), ("", 40, 10), ("", 500, 60), ("https://restage.example", 21, 20)],
)
def test_poll_running_asks_less_often_as_it_ages(
    running: Prediction, settings: Settings, public_url: str, age_s: float, pause_s: float
) -> None:
    settings.PUBLIC_URL = public_url
    pass_time(running.job, seconds=age_s)
    before = timezone.now()

    settlement.poll_running()

    prediction = only(running.job)
    pause = (prediction.run_after - before).total_seconds()
    assert prediction.polls == 1
    assert pause_s <= pause < pause_s + 1


@pytest.mark.parametrize(("age_s", "status"), [(1, "running"), (5, "failed")])
def test_poll_running_of_what_replicate_does_not_know(
    running: Prediction, sandbox: Sandbox, age_s: float, status: str
) -> None:
    sandbox.misbehave("get", "status", status=404)
    pass_time(running.job, seconds=age_s)

    assert settlement.poll_running() == 0

    assert only(running.job).status == status
    assert only(running.job).error_code == ("lost" if status == "failed" else "")


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("fault", [{"do": "drop"}, {"do": "status", "status": 503}], ids=str)
def test_poll_running_outlives_a_failed_request(
    sandbox: Sandbox, ask: Ask, count: int, fault: dict[str, Any]
) -> None:
    predictions = buy(sandbox, ask, count)
    sandbox.finish()
    sandbox.misbehave("get" if count == 1 else "list", **fault)

    assert settlement.poll_running() == 0
    for one in predictions:
        pass_time(one.job, seconds=5)
    assert settlement.poll_running() == count


@pytest.mark.parametrize(
    ("age_s", "status", "code"), [(300, "running", ""), (661, "failed", "deadline")]
)
def test_poll_running_cancels_what_outran_its_deadline(
    running: Prediction, sandbox: Sandbox, age_s: float, status: str, code: str
) -> None:
    pass_time(running.job, seconds=age_s)

    settlement.poll_running()

    assert (only(running.job).status, only(running.job).error_code) == (status, code)
    assert (sandbox.bought()[0]["status"] in {"canceled", "aborted"}) is bool(code)
    assert sandbox.requests().get("cancel", 0) == (1 if code else 0)


def test_submit_sends_a_deadline(sandbox: Sandbox, settings: Settings, ask: Ask) -> None:
    settings.STAGING_DEADLINE_S = 5
    sandbox.misbehave("create", "hang")
    job = ask()
    submission.submit_waiting()

    listed = sandbox.http.get(f"/v1/predictions/{only(job).replicate_id}").json()

    assert "deadline" in listed
