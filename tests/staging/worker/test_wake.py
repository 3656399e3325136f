"""Waking workers never holds up the request that does it, whatever the broker does."""

import queue
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery, current_app
from django.conf import settings
from kombu import Message
from kombu.exceptions import OperationalError
from structlog.testing import capture_logs

from staging.worker import wake as waking
from staging.worker.wake import Publisher, Step, wake
from tests.processes import wait_for


@pytest.fixture
def hanging_broker() -> Iterator[str]:
    """A broker that lets everybody in and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def app_at(broker_url: str, monkeypatch: pytest.MonkeyPatch) -> Celery:
    """Return a Celery application with that broker, which `wake` sends through."""
    # Celery takes it before whatever it is told.
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    app = Celery("elsewhere", broker=broker_url, set_as_current=False)
    app.conf.broker_transport_options = {"socket_timeout": 2, "max_retries": 0}
    monkeypatch.setattr(waking, "current_app", app)
    return app


@pytest.fixture
def memory_broker(monkeypatch: pytest.MonkeyPatch) -> Celery:
    return app_at("memory://", monkeypatch)


def take_all(app: Celery) -> list[Message]:
    """Take from the broker whatever waits there."""
    messages: list[Message] = []
    with app.connection_for_read() as broker, broker.SimpleQueue("celery") as waiting:
        while True:
            try:
                messages.append(waiting.get(block=False))
            except queue.Empty:
                return messages


def test_publish_waits_for_what_is_sent() -> None:
    sent: list[int] = []

    assert Publisher().publish(lambda: sent.append(1)) is True
    assert sent == [1]


def test_publish_raises_what_the_broker_raised() -> None:
    def refuse() -> None:
        raise OperationalError("no connection")

    publisher = Publisher()
    with pytest.raises(OperationalError, match="no connection"):
        publisher.publish(refuse)
    assert publisher.publish(lambda: None) is True


def test_publish_leaves_what_hangs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "LIMIT_S", 0.05)
    publisher, hangs, later = Publisher(), threading.Event(), []

    assert publisher.publish(hangs.wait) is False
    assert publisher.publish(lambda: later.append(1)) is False
    hangs.set()

    # What waited behind it is not sent when it is too late.
    wait_for(lambda: publisher.publish(lambda: None))
    assert later == []


def test_publish_to_a_broker_that_hangs(
    hanging_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking, "LIMIT_S", 0.2)
    app = app_at(hanging_broker, monkeypatch)

    assert Publisher().publish(lambda: app.send_task("nothing", retry=False)) is False


def test_steps_and_the_clock_name_every_task() -> None:
    """No step wakes a task that is not there, and no task is there that nothing ever starts."""
    current_app.loader.import_default_modules()
    ours = ("staging.tasks.", "config.accounts.tasks.", "modelsettings.tasks.")
    registered = {name for name in current_app.tasks if name.startswith(ours)}
    by_the_clock = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert set(Step) <= registered
    assert set(Step) | by_the_clock == registered


def test_wake_sends_several_wake_ups_that_carry_nothing(memory_broker: Celery) -> None:
    wake(Step.SUBMIT, times=3)

    messages = take_all(memory_broker)
    assert [message.headers["task"] for message in messages] == ["staging.tasks.submit"] * 3
    assert [message.payload[:2] for message in messages] == [[[], {}]] * 3


def test_wake_says_when(memory_broker: Celery) -> None:
    before = datetime.now(UTC)

    wake(Step.SUBMIT, in_s=60)

    [message] = take_all(memory_broker)
    due = datetime.fromisoformat(message.headers["eta"])
    assert timedelta(seconds=59) < due - before < timedelta(seconds=90)


def test_wake_logs_that_the_broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        away = server.getsockname()[1]
    app_at(f"redis://127.0.0.1:{away}/0", monkeypatch)

    with capture_logs() as lines:
        wake(Step.COLLECT)

    assert [(line["event"], line["task"]) for line in lines] == [
        ("broker unreachable", "staging.tasks.collect")
    ]


def test_wake_logs_that_the_broker_hangs(
    hanging_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking, "LIMIT_S", 0.2)
    monkeypatch.setattr(waking, "_publisher", Publisher())

    app_at(hanging_broker, monkeypatch)

    with capture_logs() as lines:
        wake(Step.COLLECT)

    assert lines == [
        {
            "event": "broker does not answer",
            "task": "staging.tasks.collect",
            "log_level": "warning",
        }
    ]
