"""Waking workers never holds up whoever asks, whatever the broker does."""

import socket
import threading
from collections.abc import Iterator

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from staging import publishing
from staging.publishing import Publisher
from staging.tasks import wake
from tests.processes import wait_for


@pytest.fixture
def hanging_broker() -> Iterator[str]:
    """A broker that lets everybody in and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


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
    monkeypatch.setattr(publishing, "LIMIT_S", 0.05)
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
    monkeypatch.setattr(publishing, "LIMIT_S", 0.2)
    # Celery takes it before whatever it is told.
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    app = Celery("hanging", broker=hanging_broker, set_as_current=False)
    app.conf.broker_transport_options = {"socket_timeout": 2, "max_retries": 0}

    assert Publisher().publish(lambda: app.send_task("nothing", retry=False)) is False


def test_wake_sends_several_wake_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    app = Celery("counting", broker="memory://", set_as_current=False)

    @app.task
    def look() -> None: ...

    wake(look, times=3)

    with app.connection_for_read() as broker, broker.SimpleQueue("celery") as waiting:
        assert waiting.qsize() == 3
