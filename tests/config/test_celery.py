"""Beat and a broker that comes back: RabbitMQ, where it runs, since Redis' client reconnects."""

import contextlib
import socket
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.beat import Scheduler
from django.conf import settings
from kombu import Queue

from config import settings as production
from tests import missing
from tests.processes import wait_for


class Line:
    """Leads to RabbitMQ until it is cut; what is connected afterwards is led there anew."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(missing.RABBITMQ_ADDRESS)
                self._open += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._lead, args=pair, daemon=True).start()

    @staticmethod
    def _lead(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while told := source.recv(65536):
                target.sendall(told)

    def cut(self) -> None:
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def close(self) -> None:
        self._listener.close()
        self.cut()


@pytest.fixture
def line() -> Iterator[Line]:
    missing.RABBITMQ.require()
    made = Line()
    yield made
    made.close()


@pytest.fixture
def app(line: Line) -> Iterator[Celery]:
    """An application with our schedule, on a queue of its own."""
    name = f"beat-test-{uuid.uuid4()}"
    made = Celery("beat-test", set_as_current=False)
    made.conf.update(
        broker_url=f"amqp://guest:guest@127.0.0.1:{line.port}//",
        task_publish_retry=settings.CELERY_TASK_PUBLISH_RETRY,
        beat_schedule=settings.CELERY_BEAT_SCHEDULE,
        task_default_queue=name,
        task_queues=[Queue(name, auto_delete=True, expires=60)],
    )
    yield made
    made.close()


def count(app: Celery) -> int:
    with app.connection_for_read() as connection, connection.channel() as channel:
        (queue,) = app.conf.task_queues
        found: Any = queue.bind(channel).queue_declare(passive=True)
        return int(found.message_count)


@pytest.fixture
def scheduler(app: Celery) -> Iterator[Scheduler]:
    made = Scheduler(app=app)
    yield made
    made.connection.release()


def test_beat_goes_on_after_its_connection_was_lost(
    line: Line, app: Celery, scheduler: Scheduler
) -> None:
    entry = scheduler.schedule["sweep"]

    scheduler.apply_entry(entry, producer=scheduler.producer)
    wait_for(lambda: count(app) == 1)
    line.cut()
    scheduler.apply_entry(entry, producer=scheduler.producer)

    wait_for(lambda: count(app) == 2)


def test_a_worker_whose_clock_is_ahead_drops_nothing() -> None:
    expires_s = [one["options"]["expires"] for one in production.CELERY_BEAT_SCHEDULE.values()]

    assert min(expires_s) > 2 * production.STAGING_CLOCK_TOLERANCE_S
