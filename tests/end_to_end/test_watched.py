"""Restage seen from outside: workers that hang, that are told to end, and what the logs say."""

import os
import re
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import make_photo
from tests.end_to_end import impatient
from tests.end_to_end.conftest import SECRET_TOKEN, Restage
from tests.end_to_end.test_restage import check_purchases, wait_for_request
from tests.missing import POSTGRES, needs
from tests.processes import end, free_port, manage, running, wait_for

LONG_LEASE_S = "600"
Hire = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def hire(restage: Restage) -> Iterator[Hire]:
    """Restage's own worker is gone; start others, of two slots and little patience."""
    assert restage.worker
    end(restage.worker)
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
    restage.start_worker()


def workers(restage: Restage) -> dict[int, bool]:
    """Return which workers are ready, by the number of their process."""
    told = restage.http.get("/readyz/workers").json()["workers"]
    return {int(one["name"].rpartition(":")[2]): one["ready"] for one in told}


def wait_until_ready(restage: Restage, worker: "subprocess.Popen[bytes]") -> None:
    wait_for(lambda: workers(restage).get(worker.pid))


def readiness(restage: Restage) -> int:
    return restage.http.get("/readyz/workers").status_code


def test_restage_is_ready(restage: Restage) -> None:
    wait_for(lambda: readiness(restage) == 200)
    answer = restage.http.get("/readyz")

    assert answer.json() == {
        "status": "ready", "database": "ok", "migrations": "ok", "broker": "ok",
    }  # fmt: skip


def test_a_worker_that_stands_still_is_not_ready(restage: Restage) -> None:
    """Alive for whoever only asks for its process."""
    worker = restage.worker
    assert worker
    wait_until_ready(restage, worker)

    os.killpg(worker.pid, signal.SIGSTOP)
    try:
        wait_for(lambda: readiness(restage) == 503)
        assert worker.poll() is None
    finally:
        os.killpg(worker.pid, signal.SIGCONT)

    wait_until_ready(restage, worker)
    assert worker.poll() is None


def test_a_worker_whose_slots_are_all_stuck_ends_itself(restage: Restage, hire: Hire) -> None:
    worker = hire()
    wait_until_ready(restage, worker)
    restage.misbehave("download", "stall", seconds=90, times=2)
    jobs = [restage.stage() for _ in range(2)]
    wait_for_request(restage, "download", after=1)

    wait_for(lambda: workers(restage).get(worker.pid) is False)
    assert worker.poll() is None
    wait_for(lambda: worker.poll() is not None, timeout_s=60)
    assert worker.returncode == os.EX_SOFTWARE
    hire()

    check_purchases(restage, [restage.finish(job) for job in jobs])
    assert "nothing moves in this worker" in logs_of(restage, "impatient")


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
        wait_until_ready(restage, worker)
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
    assert workers(restage)[worker.pid] is False
    with broker_at(port, folder=tmp_path):
        wait_for(lambda: workers(restage).get(worker.pid), timeout_s=60)
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
    return logs_of(restage, "impatient").count("no heartbeat sent")


def test_a_worker_hands_back_what_it_cannot_finish(restage: Restage, hire: Hire) -> None:
    first = hire(LEASE_S=LONG_LEASE_S)
    restage.misbehave("download", "stall", seconds=90)
    job = restage.stage()
    wait_for_request(restage, "download", after=0)
    # It has nothing to do yet.
    wait_until_ready(restage, hire(LEASE_S=LONG_LEASE_S))

    os.kill(first.pid, signal.SIGTERM)
    wait_for(lambda: first.poll() is not None)

    assert first.returncode == os.EX_OK
    check_purchases(restage, [restage.finish(job)])
    assert "handed back" in logs_of(restage, "impatient")


def test_a_worker_that_ends_begins_nothing_new(restage: Restage, hire: Hire) -> None:
    """It needs no more than a moment of its grace period, however much waits."""
    forced = logs_of(restage, "impatient").count("grace period is over")
    restage.misbehave("upload", "stall", seconds=0.5, times=0)
    jobs = [restage.stage() for _ in range(12)]
    worker = hire(LEASE_S=LONG_LEASE_S)
    wait_for_request(restage, "upload", after=0)

    os.kill(worker.pid, signal.SIGTERM)
    wait_for(lambda: worker.poll() is not None)

    assert worker.returncode == os.EX_OK
    assert worker.pid not in workers(restage)
    assert restage.record()["requests"]["upload"] < len(jobs)
    assert logs_of(restage, "impatient").count("grace period is over") == forced
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
    assert "the clock is wrong" in logs_of(restage, "impatient")
    hire()
    check_purchases(restage, [restage.finish(job)])


def logs_of(restage: Restage, name: str) -> str:
    return "\n".join(file.read_text() for file in restage.folder.glob(f"{name}-*.log"))


def test_the_logs_tell_of_a_job_from_request_to_picture(restage: Restage) -> None:
    request_id = uuid.uuid4().hex
    photo = {"image": ("room.jpg", make_photo(), "image/jpeg")}
    answer = restage.http.post(
        "/api/v1/staging/jobs", files=photo, headers={"X-Request-ID": request_id}
    )
    job = restage.finish(answer.headers["Location"])

    asked = lines(restage, "web", "job recorded", job=job["id"])
    queued = lines(restage, "web", "queued", job=job["id"])
    bought = lines(restage, "worker", "bought", job=job["id"])
    accepted = lines(restage, "web", "webhook accepted", job=job["id"])
    collected = lines(restage, "worker", "collected", job=job["id"])

    assert answer.headers["X-Request-ID"] == request_id
    assert [one["request"] for one in asked] == [request_id]
    of_prediction = {one["prediction"] for one in [*queued, *bought, *accepted, *collected]}
    assert (len(bought), len(accepted), len(collected), len(of_prediction)) == (1, 1, 1, 1)
    assert re.fullmatch(r"msg_\w+", accepted[0]["webhook"])
    assert collected[0]["webhook"] == accepted[0]["webhook"]
    # The webhook's request is another, and nothing of the first is left in its thread.
    assert accepted[0]["request"] != request_id
    assert SECRET_TOKEN not in logs_of(restage, "*")


def lines(restage: Restage, name: str, event: str, *, job: str) -> list[dict[str, Any]]:
    """Return the values of each line that tells of an event of a job."""
    found = [line for line in logs_of(restage, name).splitlines() if f"] {event} " in line]
    values = [dict(re.findall(r"(\w+)=(\S+)", line)) for line in found]
    return [one for one in values if one.get("job") == job]
