"""How Replicate is asked for what runs."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from staging.models import Prediction
from staging.predictions import polling, submission
from tests.processes import wait_for
from tests.staging.conftest import QWEN, Ask, Sandbox, only, pass_time


def buy(sandbox: Sandbox, ask: Ask, count: int) -> list[Prediction]:
    jobs = [ask(model=QWEN) for _ in range(count)]
    submission.submit_waiting()
    for job in jobs:
        pass_time(job, seconds=1)
    return [only(job) for job in jobs]


def test_poll_running_covers_many_with_one_list(sandbox: Sandbox, ask: Ask) -> None:
    predictions = buy(sandbox, ask, 5)
    sandbox.finish()

    assert polling.poll_running() == 5

    assert {only(one.job).status for one in predictions} == {"collecting"}
    asked = sandbox.requests()
    assert (asked.get("list", 0), asked.get("get", 0)) == (1, 0)


def test_poll_running_asks_for_few_singly(sandbox: Sandbox, ask: Ask) -> None:
    buy(sandbox, ask, 3)
    sandbox.finish()

    assert polling.poll_running() == 3

    asked = sandbox.requests()
    assert (asked.get("list", 0), asked.get("get", 0)) == (0, 3)


def test_poll_running_asks_singly_for_what_the_list_does_not_show(
    sandbox: Sandbox, ask: Ask
) -> None:
    sandbox.misbehave("create", "hide_from_list", times=2)
    buy(sandbox, ask, 6)
    sandbox.finish()

    assert polling.poll_running() == 6

    asked = sandbox.requests()
    assert (asked.get("list", 0), asked.get("get", 0)) == (1, 2)


def test_poll_running_walks_down_to_what_is_due(sandbox: Sandbox, ask: Ask) -> None:
    """At ten purchases a second the first page shows nothing that is old enough to be asked for."""
    old = buy(sandbox, ask, 9)
    buy(sandbox, ask, 101)
    Prediction.objects.exclude(pk__in=[one.pk for one in old]).update(
        run_after=timezone.now() + timedelta(minutes=1)
    )
    Prediction.objects.filter(pk__in=[one.pk for one in old]).update(run_after=timezone.now())
    sandbox.finish()

    assert polling.poll_running() == 110

    asked = sandbox.requests()
    assert (asked.get("list", 0), asked.get("get", 0)) == (2, 0)


def test_poll_running_settles_what_else_has_ended(sandbox: Sandbox, ask: Ask) -> None:
    predictions = buy(sandbox, ask, 6)
    later = predictions[0]
    Prediction.objects.filter(pk=later.pk).update(run_after=timezone.now() + timedelta(minutes=1))
    sandbox.finish()

    assert polling.poll_running() == 6

    assert only(later.job).status == "collecting"


def test_poll_running_asks_once_for_what_is_due(running: Prediction, sandbox: Sandbox) -> None:
    pass_time(running.job, seconds=1)

    polling.poll_running()
    polling.poll_running()

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

    polling.poll_running()

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

    assert polling.poll_running() == 0

    assert only(running.job).status == status
    assert only(running.job).error_code == ("lost" if status == "failed" else "")


@pytest.mark.parametrize("fault", [{"do": "drop"}, {"do": "status", "status": 503}], ids=str)
def test_poll_running_outlives_a_failed_request(
    sandbox: Sandbox, ask: Ask, fault: dict[str, Any]
) -> None:
    (prediction,) = buy(sandbox, ask, 1)
    sandbox.finish()
    sandbox.misbehave("get", **fault)

    assert polling.poll_running() == 0
    pass_time(prediction.job, seconds=5)
    assert polling.poll_running() == 1


@pytest.mark.parametrize("fault", [{"do": "drop"}, {"do": "status", "status": 503}], ids=str)
def test_poll_running_asks_singly_while_the_list_fails(
    sandbox: Sandbox, ask: Ask, fault: dict[str, Any]
) -> None:
    buy(sandbox, ask, 5)
    sandbox.finish()
    sandbox.misbehave("list", times=0, **fault)

    assert polling.poll_running() == 5


@pytest.mark.parametrize(("on", "count", "asked"), [("list", 5, 0), ("get", 3, 1)])
def test_poll_running_asks_no_more_once_it_is_told_to_slow_down(
    sandbox: Sandbox, ask: Ask, on: str, count: int, asked: int
) -> None:
    buy(sandbox, ask, count)
    sandbox.finish()
    sandbox.misbehave(on, "status", status=429, times=0)

    assert polling.poll_running() == 0

    assert sandbox.requests().get("get", 0) == asked


@pytest.mark.parametrize("count", [1, 5])
def test_poll_running_waits_for_no_end_that_never_comes(
    sandbox: Sandbox, ask: Ask, count: int
) -> None:
    """A status that Replicate adds one day is read as one that is no end."""
    sandbox.misbehave("create", "odd_status", times=0)
    sandbox.misbehave("cancel", "status", status=500, times=0)
    predictions = buy(sandbox, ask, count)
    wait_for(lambda: {one["status"] for one in sandbox.bought()} == {"paused"})
    for age_s in (700, 1200):
        for one in predictions:
            pass_time(one.job, seconds=age_s)
        polling.poll_running()

    ended = [only(one.job) for one in predictions]
    assert {(one.status, one.error_code) for one in ended} == {("failed", "lost")}
    assert sandbox.requests()["cancel"] == count
    assert "still says processing" in ended[0].error


@pytest.mark.parametrize(
    ("age_s", "status", "code"), [(300, "running", ""), (661, "failed", "deadline")]
)
def test_poll_running_cancels_what_outran_its_deadline(
    running: Prediction, sandbox: Sandbox, age_s: float, status: str, code: str
) -> None:
    pass_time(running.job, seconds=age_s)

    polling.poll_running()

    assert (only(running.job).status, only(running.job).error_code) == (status, code)
    assert (sandbox.bought()[0]["status"] in {"canceled", "aborted"}) is bool(code)
    assert sandbox.requests().get("cancel", 0) == (1 if code else 0)
