"""Shows that this worker process still works, and ends the process where it is stuck.

A worker can be alive and useless: Celery stops consuming after some reconnects to Redis, without
an error (docs/replicate-facts/celery.md, "A worker that stands still"), or all slots of the pool
hang in calls without a time limit. So each process sends itself a task every few seconds, through a
queue of its own. When that task has run and its row (`Heartbeat`) is written, the broker, the
consumer, the pool and the database have all worked.

The process moves whenever a task of it ends. Where it is idle, that is only the task that it sends
itself. Where long tasks fill all slots, each prediction that they finish counts as well (`moved`).

A thread (`Pulse`) sends the task, writes the row, and is the watchdog of the process.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.utils import timezone

from staging.models import Heartbeat
from staging.worker import clock

log = structlog.get_logger(__name__)


class Movement:
    """The time at which something last moved in this process, by two clocks.

    `at` is for people and may jump with the machine's clock; `clock` is steady.
    """

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.clock = time.monotonic()

    def note(self) -> None:
        self.at, self.clock = timezone.now(), time.monotonic()


_movement = Movement()
# Notes that a task, or a step of a long one, was finished.
moved = _movement.note


class Watchdog:
    """Decides when a process is stuck: nothing has moved for long, although it could have.

    Time in which the broker or the database does not answer does not count: a new process would do
    no better. Nor does time in which this process was stopped, or its machine asleep: it would end
    itself before its first task had a chance to run.
    """

    def __init__(self, *, stuck_after_s: float, asleep_after_s: float, now: float) -> None:
        self._stuck_after_s = stuck_after_s
        self._asleep_after_s = asleep_after_s
        self._counts_from = self._looked_at = now

    def is_stuck(self, *, now: float, moved_at: float, could_move: bool) -> bool:
        """Look again; the times are those of one steady clock."""
        if not could_move or now - self._looked_at > self._asleep_after_s:
            self._counts_from = now
        self._looked_at = now
        return now - max(self._counts_from, moved_at) > self._stuck_after_s


class Pulse(threading.Thread):
    """A thread that beats for its process until the process ends.

    `send` sends the process its task, and returns whether the broker took it. `forget` removes the
    queue that another process, which is gone for good, has left at the broker.
    """

    def __init__(
        self,
        beating: Heartbeat,
        *,
        send: Callable[[], bool],
        forget: Callable[[Heartbeat], None],
    ) -> None:
        super().__init__(name="pulse", daemon=True)
        self._beating = beating
        self._send = send
        self._forget = forget
        self._ended = threading.Event()

    def run(self) -> None:
        every_s = settings.STAGING_HEARTBEAT_EVERY_S
        watchdog = Watchdog(
            stuck_after_s=settings.STAGING_STUCK_AFTER_S,
            asleep_after_s=3 * every_s + 10,
            now=time.monotonic(),
        )
        while not self._ended.is_set():
            could_move = self.beat()
            now, moved_at = time.monotonic(), _movement.clock
            if watchdog.is_stuck(now=now, moved_at=moved_at, could_move=could_move):
                _end_stuck(for_s=now - moved_at)
            if could_move and clock.is_wrong():
                # An orderly end: the process hands back what it cannot finish.
                os.kill(os.getpid(), signal.SIGTERM)
                return
            self._ended.wait(every_s)

    def stop(self) -> None:
        """Beat no more, and take the row away: this process ends as it should."""
        self._ended.set()
        self.join(timeout=5)
        try:
            Heartbeat.objects.filter(pk=self._beating.pk).delete()
        except Error as error:
            log.warning("heartbeat stays", error=type(error).__name__)

    def beat(self) -> bool:
        """Beat once; say whether database and broker were there."""
        try:
            # Both, in any case: the row says that the process is there, also without a broker.
            return all([self._write(), self._send()])
        # The thread's boundary: without it the process would have no watchdog.
        except Exception:
            log.exception("a heartbeat failed")
            return False

    def _write(self) -> bool:
        """Write this process's row and drop those of the dead; say whether the database answers."""
        close_old_connections()
        now = timezone.now()
        try:
            Heartbeat.objects.update_or_create(
                pk=self._beating.pk,
                defaults={"seen_at": now, "moved_at": _movement.at},
                create_defaults={
                    "name": self._beating.name,
                    "started_at": self._beating.started_at,
                    "seen_at": now,
                    "moved_at": _movement.at,
                },
            )
            for dead in Heartbeat.objects.gone(now):
                self._forget(dead)
                dead.delete()
        except Error as error:
            log.warning("no heartbeat", error=type(error).__name__)
            connection.close()
            return False
        return True


def _end_stuck(*, for_s: float) -> None:
    """End this process at once; its supervisor starts another.

    Nothing is cleaned up, because that could hang as well. The rows that this process has claimed
    are free again when their leases end.
    """
    log.critical("nothing moves in this worker, so it ends", for_s=round(for_s))
    os._exit(os.EX_SOFTWARE)
