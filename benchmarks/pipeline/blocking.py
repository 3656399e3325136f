"""The usual way: one task a job, which holds its slot until Replicate is done.

It has the defaults of Celery and of the official client. BENCHMARK_THREADS makes it the best of
that kind: it acknowledges late, closes its database connection while it waits, and begins no more
tasks than Replicate's limit of creations. REPLICATE_POLL_INTERVAL is the official client's pause
between two requests. BENCHMARK_REDELIVERY_S delivers the tasks of a killed worker again sooner than
Celery's default of an hour.
"""

import os
import threading
import time
from functools import cache
from pathlib import Path

import httpx
from celery import Celery
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from replicate.client import Client
from replicate.exceptions import ReplicateError

from staging.models import Prediction, PredictionStatus

HAS_THREADS = bool(os.environ.get("BENCHMARK_THREADS"))

app = Celery("blocking", broker=settings.CELERY_BROKER_URL)
app.conf.broker_connection_retry_on_startup = True
app.conf.broker_transport_options = {
    "visibility_timeout": int(os.environ.get("BENCHMARK_REDELIVERY_S", "3600")),
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
app.conf.task_acks_late = app.conf.task_reject_on_worker_lost = HAS_THREADS


class Pace:
    """Lets the threads of a process begin `per_minute` tasks a minute, one after another.

    Celery's own `rate_limit` let a quarter of them through.
    """

    def __init__(self, per_minute: float) -> None:
        self._apart_s = 60 / per_minute
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait for this thread's turn."""
        with self._lock:
            turn = max(time.monotonic(), self._next)
            self._next = turn + self._apart_s
        time.sleep(max(0.0, turn - time.monotonic()))


_pace = Pace(settings.STAGING_CREATIONS_PER_MINUTE)


# Each process makes one client of each kind: loading the certificates takes 20 ms.
@cache
def _replicate() -> Client:
    return Client(api_token=settings.REPLICATE_API_TOKEN, base_url=settings.REPLICATE_BASE_URL)


@cache
def _downloads() -> httpx.Client:
    return httpx.Client()


@app.task(autoretry_for=(ReplicateError,), retry_backoff=True)
def stage(pk: str) -> None:
    """Upload, buy, wait, download, write the row."""
    if HAS_THREADS:
        _pace.wait()
    client = _replicate()
    prediction = Prediction.objects.select_related("job__photo", "job__model").get(pk=pk)
    job, row = prediction.job, Prediction.objects.filter(pk=pk)
    with Path(job.photo.file.path).open("rb") as photo:
        photo_url = client.files.create(photo).urls["get"]
    row.update(status=PredictionStatus.RUNNING, photo_url=photo_url)
    if HAS_THREADS:
        # PostgreSQL takes a hundred connections, and each of 320 threads would hold one.
        connection.close()
    bought = client.models.predictions.create(
        model=job.model.slug, input=job.input_of(seed=None, photo_url=photo_url)
    )
    bought.wait()
    if bought.status != "succeeded":
        raise RuntimeError(f"{bought.id}: {bought.status} {bought.error}")
    for url in bought.output or ():
        content = _downloads().get(url).raise_for_status().content
        default_storage.save(f"pictures/{pk}.jpg", ContentFile(content))
    row.update(
        status=PredictionStatus.SUCCEEDED, replicate_id=bought.id, finished_at=timezone.now()
    )
