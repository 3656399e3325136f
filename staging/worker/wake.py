"""Wakes workers for a step, within a second whatever the broker does.

A wake-up carries nothing but its step's name, because the database says what there is to do. A
wake-up that is lost costs the sweep's interval.

A broker that is stopped refuses at once, but a broker that hangs holds a connection for as long as
its transport lets it. So one thread of this process publishes, and no caller waits for that thread
longer than LIMIT_S. While it hangs, no caller waits at all.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from enum import StrEnum

import structlog
from celery import current_app

LIMIT_S = 1.0

Send = Callable[[], object]

log = structlog.get_logger(__name__)


class Step(StrEnum):
    """The steps that are woken, each by the name under which Celery knows its task."""

    PREPARE = "staging.tasks.prepare"
    SUBMIT = "staging.tasks.submit"
    COLLECT = "staging.tasks.collect"
    CANCEL = "staging.tasks.cancel"
    NOTIFY = "staging.tasks.notify"
    REMOVE_FILES = "staging.tasks.remove_files"
    WATCH = "staging.tasks.watch"


class Publisher:
    """A thread that sends one message after another; it starts with the first."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Future[object], Send]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._busy_since: float | None = None

    def publish(self, send: Send) -> bool:
        """Call `send` on the thread; say whether it ended within LIMIT_S. Raises what it raises."""
        if self._hangs():
            return False
        future: Future[object] = Future()
        self._waiting.put((future, send))
        self._start()
        try:
            future.result(LIMIT_S)
        except TimeoutError:
            # A message that still waits behind another that hangs is not sent later: it would
            # come when the sweep has done its work.
            future.cancel()
            return False
        return True

    def _hangs(self) -> bool:
        since = self._busy_since
        return since is not None and time.monotonic() - since > LIMIT_S

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                # A daemon: a thread that hangs must not keep the process from ending.
                self._thread = threading.Thread(target=self._work, name="publisher", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            future, send = self._waiting.get()
            if not future.set_running_or_notify_cancel():
                continue
            self._busy_since = time.monotonic()
            try:
                future.set_result(send())
            # The future raises it again in the caller, if that still waits.
            except Exception as error:  # noqa: BLE001
                future.set_exception(error)
            finally:
                self._busy_since = None


_publisher = Publisher()


def wake(step: Step, *, in_s: float = 0, times: int = 1) -> None:
    """Send `times` wake-ups for a step, to run in `in_s` seconds; never raises.

    Returns within a second. Where the broker is not there, the sweep finds the work later.
    """

    def send() -> None:
        for _ in range(times):
            current_app.send_task(step.value, countdown=in_s, retry=False)

    try:
        is_sent = _publisher.publish(send)
    # The broker's library may raise anything, and no request is to fail for a wake-up.
    except Exception as error:  # noqa: BLE001
        log.warning("broker unreachable", task=step.value, error=str(error))
        return
    if not is_sent:
        log.warning("broker does not answer", task=step.value)
