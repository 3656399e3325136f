"""What a worker leaves at the broker, with a real one; tests/end_to_end has whole workers."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from config import worker
from config.celery import app
from staging.models import Heartbeat
from staging.models.heartbeat import GONE_AFTER
from staging.worker.heartbeat import Pulse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(broker_url: str) -> Iterator[redis.Redis]:
    connection = redis.Redis.from_url(broker_url)
    yield connection
    connection.close()


@pytest.fixture
def killed(broker: redis.Redis) -> Heartbeat:
    """A worker that was killed long ago: its row is left, its queue, and a message in it."""
    now = timezone.now()
    gone = Heartbeat.objects.create(
        id=uuid.uuid4(), name="killed:1", started_at=now, seen_at=now - 2 * GONE_AFTER
    )
    worker.beat.apply_async(args=(str(gone.pk),), queue=worker.queue_of(gone))
    assert left_of(gone, broker) == (1, True)
    return gone


def left_of(one: Heartbeat, broker: redis.Redis) -> tuple[int, bool]:
    """Return how many messages there are, and whether the exchange knows the queue."""
    name = worker.queue_of(one).name
    bound = broker.smembers("_kombu.binding.celery")
    return int(broker.llen(name)), any(name.encode() in each for each in bound)


def test_a_beat_drops_the_dead_with_what_they_left(killed: Heartbeat, broker: redis.Redis) -> None:
    now = timezone.now()
    living = Heartbeat(pk=uuid.uuid4(), name="living:2", started_at=now - timedelta(minutes=1))

    could_move = Pulse(living, send=lambda: True, forget=worker.forget).beat()

    assert could_move
    assert list(Heartbeat.objects.values_list("name", flat=True)) == ["living:2"]
    assert left_of(killed, broker) == (0, False)


def test_a_beat_without_a_broker_still_says_that_the_process_is_there() -> None:
    living = Heartbeat(pk=uuid.uuid4(), name="living:2", started_at=timezone.now())

    could_move = Pulse(living, send=lambda: False, forget=worker.forget).beat()

    assert not could_move
    assert Heartbeat.objects.get().name == "living:2"


def test_the_task_writes_when_it_ran() -> None:
    now = timezone.now()
    Heartbeat.objects.create(id=uuid.uuid4(), name="a:1", started_at=now, seen_at=now)

    worker.beat(str(Heartbeat.objects.get().pk))

    moved_at = Heartbeat.objects.get().moved_at
    assert moved_at
    assert moved_at >= now


def test_celery_knows_the_task() -> None:
    app.loader.import_default_modules()

    assert "config.worker.beat" in app.tasks
