"""Workers that hang, that lose their broker, that are told to end, in place of Restage's own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end import impatient
from tests.end_to_end.conftest import Restage, check_purchases, wait_for_request
from tests.missing import POSTGRES, needs
from tests.processes import end, free_port, manage, running, wait_for

LONG_LEASE_S = "600"
Hire = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module")
def workerless(whole: Restage) -> Iterator[None]:
    """Restage's own worker is gone until this module's tests are over."""
    assert whole.worker
    end(whole.worker)
    yield
    whole.start_worker()


@pytest.fixture
def hire(restage: Restage, workerless: None) -> Iterator[Hire]:
    """Start workers of two slots and little patience, which end with the test."""
    hired = []

    def start_worker(**env: str) -> "subprocess.Popen[bytes]":
        settings = {"DJANGO_SETTINGS_MODULE": "tests.end_to_end.impatient", **env}
        command = ("-m", "celery", "-A", "config", "worker", "--without-mingle", "--without-gossip")
        worker = restage.start("impatient", *command, **settings)
        hired.append(worker)
        return worker

    yield start_worker
    restage.forget()
    for worker in hired:
        end(worker)


def test_a_worker_whose_slots_are_all_stuck_ends_itself(restage: Restage, hire: Hire) -> None:
    worker = hire()
    restage.wait_until_ready(worker)
    restage.misbehave("download", "stall", seconds=90, times=2)
    jobs = [restage.stage() for _ in range(2)]
    wait_for_request(restage, "download", after=1)

    wait_for(lambda: restage.workers().get(worker.pid) is False)
    assert worker.poll() is None
    wait_for(lambda: worker.poll() is not None, timeout_s=60)
    assert worker.returncode == os.EX_SOFTWARE
    hire()

    check_purchases(restage, [restage.finish(job) for job in jobs])
    assert "nothing moves in this worker" in restage.logs_of("impatient")


def test_a_worker_without_a_broker_waits_for_it(
    restage: Restage, hire: Hire, tmp_path: Path
) -> None:
    """It cannot get on, and another process could not either."""
    port = free_port()
    broker = f"redis://127.0.0.1:{port}/0"
    restage.misbehave("upload", "stall", seconds=5)
    job = restage.stage()
    with broker_at(port, folder=tmp_path):
        worker = hire(CELERY_BROKER_URL=broker)
        restage.wait_until_ready(worker)
        # It goes away while a message of it is held: kombu once ended the worker for that.
        manage("shell", "-c", "from staging.tasks import submit; submit.delay()", env={
            **restage.env, "CELERY_BROKER_URL": broker,
        })  # fmt: skip
        wait_for_request(restage, "upload", after=0)
    before = beats_in_vain(restage)

    # One a second: longer than it takes to be stuck.
    wait_for(
        lambda: beats_in_vain(restage) > before + impatient.STAGING_STUCK_AFTER_S, timeout_s=60
    )

    assert worker.poll() is None
    assert restage.workers()[worker.pid] is False
    with broker_at(port, folder=tmp_path):
        wait_for(lambda: restage.workers().get(worker.pid), timeout_s=60)
        end(worker)
    hire()
    check_purchases(restage, [restage.finish(job)])


@contextmanager
def broker_at(port: int, *, folder: Path) -> Iterator[None]:
    command = (sys.executable, "-m", "demo.broker", "--port", str(port), "--folder", str(folder))
    with running(*command, log=folder / "broker.log"):
        wait_for(lambda: listens(port), log=folder / "broker.log")
        yield


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def beats_in_vain(restage: Restage) -> int:
    return restage.logs_of("impatient").count("no heartbeat sent")


def test_a_worker_hands_back_what_it_cannot_finish(restage: Restage, hire: Hire) -> None:
    first = hire(LEASE_S=LONG_LEASE_S)
    restage.misbehave("download", "stall", seconds=90)
    job = restage.stage()
    wait_for_request(restage, "download", after=0)
    # It has nothing to do yet.
    restage.wait_until_ready(hire(LEASE_S=LONG_LEASE_S))

    os.kill(first.pid, signal.SIGTERM)
    wait_for(lambda: first.poll() is not None)

    assert first.returncode == os.EX_OK
    check_purchases(restage, [restage.finish(job)])
    assert "handed back" in restage.logs_of("impatient")


def test_a_worker_that_ends_begins_nothing_new(restage: Restage, hire: Hire) -> None:
    """It needs no more than a moment of its grace period, however much waits."""
    forced = restage.logs_of("impatient").count("grace period is over")
    restage.misbehave("upload", "stall", seconds=0.5, times=0)
    jobs = [restage.stage() for _ in range(12)]
    worker = hire(LEASE_S=LONG_LEASE_S)
    wait_for_request(restage, "upload", after=0)

    os.kill(worker.pid, signal.SIGTERM)
    wait_for(lambda: worker.poll() is not None)

    assert worker.returncode == os.EX_OK
    assert worker.pid not in restage.workers()
    assert restage.record()["requests"]["upload"] < len(jobs)
    assert restage.logs_of("impatient").count("grace period is over") == forced
    hire(LEASE_S=LONG_LEASE_S)
    check_purchases(restage, [restage.finish(job) for job in jobs])


@needs(POSTGRES)
def test_a_worker_whose_clock_is_wrong_takes_nothing_on(restage: Restage, hire: Hire) -> None:
    """As if every difference were too large: the clock itself is everybody's."""
    job = restage.stage()
    worker = hire(CLOCK_TOLERANCE_S="-1")

    wait_for(lambda: worker.poll() is not None)

    assert worker.returncode == os.EX_CONFIG
    assert restage.look(job)["status"] == "queued"
    assert "the clock is wrong" in restage.logs_of("impatient")
    hire()
    check_purchases(restage, [restage.finish(job)])
