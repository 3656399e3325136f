"""A worker process apart from its tasks: its heartbeat, its watchdog, and its end.

Celery imports this module in workers (CELERY_IMPORTS), once Django is set up.
"""

import os
import socket
import threading
import time
import uuid
from typing import Any

import structlog
from celery import shared_task
from celery.signals import (
    celeryd_after_setup,
    task_postrun,
    task_prerun,
    task_success,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.utils import timezone
from kombu import Queue
from kombu.exceptions import OperationalError

from config.celery import app
from staging.models import Heartbeat
from staging.models.heartbeat import GONE_AFTER
from staging.worker import clock, heartbeat, stopping

HAND_BACK_LIMIT_S = 10.0

log = structlog.get_logger(__name__)

# The name holds the process's id: Celery gives two workers of one machine the same name.
_own = Heartbeat(
    pk=uuid.uuid4(), name=f"{socket.gethostname()}:{os.getpid()}", started_at=timezone.now()
)
_pulses: list[heartbeat.Pulse] = []
_transport = app.connection_for_write()
_BROKER_ERRORS: tuple[type[BaseException], ...] = (
    OperationalError,
    *_transport.connection_errors,
    *_transport.channel_errors,
)


@shared_task
def beat(pk: str) -> None:
    """Prove that a message gets through broker, consumer and pool to the database."""
    Heartbeat.objects.filter(pk=pk).update(moved_at=timezone.now())


@celeryd_after_setup.connect
def read_own_queue(instance: Any, **_: Any) -> None:
    instance.app.amqp.queues.select_add(queue_of(_own))


@celeryd_after_setup.connect
def look_at_clock(**_: Any) -> None:
    """End a worker whose clock is wrong; without a database there is no clock to compare with."""
    try:
        is_wrong = clock.is_wrong()
    except Error:
        return
    finally:
        # The main thread needs no database any more.
        connection.close()
    if is_wrong:
        raise SystemExit(os.EX_CONFIG)


@worker_ready.connect
def start(**_: Any) -> None:
    pulse = heartbeat.Pulse(_own, send=_send, forget=forget)
    _pulses.append(pulse)
    pulse.start()
    # Started beforehand, since a signal's handler must not start threads.
    threading.Thread(target=_end_in_time, name="end", daemon=True).start()


@task_prerun.connect
@task_postrun.connect
def keep_connection(**_: Any) -> None:
    """Close the thread's connection only where it is too old or broken (CONN_MAX_AGE)."""
    close_old_connections()


@task_success.connect
def note_movement(**_: Any) -> None:
    heartbeat.moved()


@worker_shutting_down.connect
def begin_to_stop(**_: Any) -> None:
    stopping.begin()


@worker_shutdown.connect
def end(**_: Any) -> None:
    for pulse in _pulses:
        pulse.stop()
        forget(_own)


def _send() -> bool:
    """Send this process its task; say whether the broker took it."""
    if stopping.has_begun():
        # A stopping worker consumes nothing, and its missing heartbeat is no fault.
        return False
    try:
        beat.apply_async(
            args=(str(_own.pk),),
            queue=queue_of(_own),
            expires=3 * settings.STAGING_HEARTBEAT_EVERY_S,
            retry=False,
        )
    except OperationalError as error:
        log.warning("no heartbeat sent: broker unreachable", error=str(error))
        return False
    return True


def forget(gone: Heartbeat) -> None:
    """Remove a process's queue and its binding from the broker."""
    try:
        with app.connection_for_write() as broker, broker.channel() as channel:
            queue = queue_of(gone).bind(channel)
            # Redis' transport removes only bindings that it has declared itself.
            queue.declare()
            queue.delete()
    except _BROKER_ERRORS as error:
        log.warning("a queue stays", queue=queue_of(gone).name, error=str(error))


def queue_of(process: Heartbeat) -> Queue:
    name = f"heartbeat.{process.pk}"
    return Queue(
        name,
        exchange=app.amqp.default_exchange,
        routing_key=name,
        auto_delete=True,
        expires=GONE_AFTER.total_seconds(),
    )


def _end_in_time() -> None:
    """End the process when its grace period is over, even while tasks still run in it."""
    stopping.wait()
    time.sleep(settings.STAGING_GRACE_S)
    log.warning("grace period is over", grace_s=settings.STAGING_GRACE_S)
    # In a thread of its own: a row that a hanging task has locked would block this one for ever.
    handing_back = threading.Thread(target=stopping.hand_back, daemon=True)
    handing_back.start()
    handing_back.join(timeout=HAND_BACK_LIMIT_S)
    os._exit(os.EX_OK)
