"""A sandbox that a test can tell to misbehave, and jobs to be staged there."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from PIL import Image
from pytest_django import Settings

from replicate_api.client import RemotePrediction
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import Prediction, Project, StagedImage, StagingJob, Transition
from staging.photos import Upload
from staging.predictions import collection, polling, submission, webhook_signature
from staging.predictions.replicate import replicate
from tests.processes import free_port, wait_for
from tests.replicate_api.rude_server import RudeServer
from tests.staging.receivers import SIGNING_SECRET, Mailbox

QWEN = "qwen/qwen-image-edit"
FLUX = "black-forest-labs/flux-kontext-max"
SEEDREAM = "bytedance/seedream-4"

Ask = Callable[..., StagingJob]


class Sandbox:
    """The local Replicate as a test sees it: its faults and its record."""

    def __init__(self, url: str) -> None:
        self.url = url
        headers = {"Authorization": "Bearer r8_test"}
        # Reading the system's certificates, which nothing here needs, takes 20 ms.
        self.http = httpx.Client(base_url=url, headers=headers, verify=False)  # noqa: S501

    def misbehave(self, on: str, do: str, **more: Any) -> None:
        """Let a fault stand, once unless `times` says otherwise."""
        answer = self.http.post("/_sandbox/faults", json={"on": on, "do": do, **more})
        assert answer.status_code == 201, answer.text

    def forget(self) -> None:
        """Behave again, and forget what was bought."""
        self.http.delete("/_sandbox/faults")
        self.http.delete("/_sandbox/record")

    def bought(self) -> list[dict[str, Any]]:
        """Return every purchase, the oldest first."""
        predictions = self.http.get("/_sandbox/record").json()["predictions"]
        return sorted(predictions, key=lambda one: one["created_at"])

    def requests(self) -> dict[str, int]:
        """Return how often each endpoint was called."""
        counts: dict[str, int] = self.http.get("/_sandbox/record").json()["requests"]
        return counts

    def finish(self) -> None:
        """Wait until everything that was bought is over."""
        ends = {"succeeded", "failed", "canceled", "aborted"}
        wait_for(lambda: all(one["status"] in ends for one in self.bought()))

    def webhook_secret(self) -> str:
        key: str = self.http.get("/v1/webhooks/default/secret").json()["key"]
        return key


@pytest.fixture
def sandbox(
    sandbox_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """A sandbox without faults and without a past; Restage is pointed at it."""
    settings.REPLICATE_BASE_URL = sandbox_url
    settings.REPLICATE_API_TOKEN = "r8_a_token_of_nobody"
    settings.PUBLIC_URL = ""
    settings.STAGING_CREATIONS_PER_MINUTE = 600_000
    # A test that ran dry a moment ago is another.
    monkeypatch.setattr(submission.Drought, "LENGTH_S", 0.0)
    # What the process remembers of another sandbox.
    webhook_signature.secret = webhook_signature.SigningSecret()
    found = Sandbox(sandbox_url)
    found.forget()
    yield found
    found.forget()
    found.http.close()
    replicate().close()


@pytest.fixture
def ask(operator: User, photo_bytes: bytes) -> Ask:
    """Ask for a job as people do: `ask(model=…, overrides=…)`."""

    def request(
        *, project: Project | None = None, callback_url: str = "", **wanted: Any
    ) -> StagingJob:
        return request_staging(
            Upload(photo_bytes),
            StagingRequest(**{"room_type": "living_room", "style": "modern", **wanted}),
            owner=operator,
            project=project,
            callback_url=callback_url,
        )

    return request


@pytest.fixture
def running(sandbox: Sandbox, ask: Ask) -> Prediction:
    """A prediction that was bought and is not finished before it is asked for."""
    sandbox.misbehave("create", "slow", seconds=60)
    prediction = only(ask())
    submission.submit_waiting()
    prediction.refresh_from_db()
    assert prediction.status == "running"
    return prediction


@pytest.fixture
def collecting(sandbox: Sandbox, ask: Ask) -> Prediction:
    """A prediction whose picture waits to be fetched."""
    job = ask()
    submission.submit_waiting()
    sandbox.finish()
    pass_time(job, seconds=1)
    polling.poll_running()
    assert only(job).status == "collecting"
    return only(job)


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """A mail server on this machine, which notices are sent through."""
    found = Mailbox()
    server = Controller(found, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = server.port
    settings.EMAIL_USE_TLS = False
    settings.NOTICE_EMAILS = ["ops@example.com", "boss@example.com"]
    settings.NOTICE_FROM = "Restage <restage@example.com>"
    yield found
    server.stop()


@pytest.fixture
def webhook(settings: Settings) -> Iterator[RudeServer]:
    """The operators' own receiver, on this machine."""
    settings.STAGING_CALLBACK_LIMIT_S = 1
    settings.NOTICE_WEBHOOK_SECRET = SIGNING_SECRET
    with RudeServer.running() as server:
        settings.NOTICE_WEBHOOK_URL = f"{server.url}/notices"
        yield server


def only(job: StagingJob) -> Prediction:
    """Return the one prediction of a job, freshly read."""
    return job.predictions.select_related("job__photo", "job__model").get()


def pass_time(job: StagingJob, *, seconds: float) -> None:
    """Let a job's predictions be older, and what they wait for nearer."""
    earlier = timedelta(seconds=seconds)
    columns = ("intent_at", "created_at", "run_after", "lease_until", "photo_url_until")
    job.predictions.update(**{name: F(name) - earlier for name in columns})
    Transition.objects.filter(prediction__job=job).update(at=F("at") - earlier)


def carry_out(sandbox: Sandbox, job: StagingJob) -> StagingJob:
    """Take a job from the request to its end, as workers would."""
    for _ in range(5):
        submission.submit_waiting()
    sandbox.finish()
    pass_time(job, seconds=1)
    polling.poll_running()
    collection.collect_waiting()
    job.refresh_from_db()
    return job


def pictures(job: StagingJob) -> list[StagedImage]:
    return list(StagedImage.objects.filter(prediction__job=job).order_by("prediction__position"))


def opened(image: StagedImage) -> Image.Image:
    """Return a stored picture, decoded."""
    with image.file.open("rb") as file:
        decoded = Image.open(io.BytesIO(file.read()))
    decoded.load()
    return decoded


def remote(prediction: Prediction, status: str, **more: Any) -> RemotePrediction:
    """Return what Replicate would tell of a prediction."""
    told = {"id": prediction.replicate_id or "r1", "status": status, "model": QWEN, **more}
    return RemotePrediction.from_json(told)


def steps(prediction: Prediction) -> list[tuple[str, str, str]]:
    """Return a prediction's kept transitions: from, to, by whom."""
    return list(prediction.transitions.values_list("source", "target", "by"))


def at_once(*calls: object) -> list[object]:
    """Call each in a thread of its own, all at the same moment."""
    start = Barrier(len(calls))

    def run(call: object) -> object:
        try:
            start.wait(10)
            return call()  # type: ignore[operator]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))
