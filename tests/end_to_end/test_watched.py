"""Restage seen from outside: whether it is ready, and what the logs say."""

import os
import re
import signal
import uuid
from typing import Any

from tests.conftest import make_photo
from tests.end_to_end.conftest import SECRET_TOKEN, Restage
from tests.processes import wait_for


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
    restage.wait_until_ready(worker)

    os.killpg(worker.pid, signal.SIGSTOP)
    try:
        wait_for(lambda: readiness(restage) == 503)
        assert worker.poll() is None
    finally:
        os.killpg(worker.pid, signal.SIGCONT)

    restage.wait_until_ready(worker)
    assert worker.poll() is None


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
    assert SECRET_TOKEN not in restage.logs_of("*")


def lines(restage: Restage, name: str, event: str, *, job: str) -> list[dict[str, Any]]:
    """Return the values of each line that tells of an event of a job."""
    found = [line for line in restage.logs_of(name).splitlines() if f"] {event} " in line]
    values = [dict(re.findall(r"(\w+)=(\S+)", line)) for line in found]
    return [one for one in values if one.get("job") == job]
