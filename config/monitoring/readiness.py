"""Answers whether this installation can work: `/readyz` (web) and `/readyz/workers`.

    /readyz          200 {"status": "ready", "database": "ok", "migrations": "ok", "broker": "ok"}
    /readyz          503 {"status": "not ready", …, "migrations": "2 not applied", …}
    /readyz/workers  200 {"status": "ready", "swept_s_ago": 3.1,
                          "workers": [{"name", "ready", "moved_s_ago", …}]}

Answers consist of fixed words: no address, no password, no text of an error.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from config.celery import app
from staging.models import Heartbeat, Tallied, Tally

PATH = "/readyz"
WORKERS_PATH = "/readyz/workers"
LIMIT_S = 1.0

OK = "ok"
FAILS = "does not answer"
HANGS = f"no answer within {LIMIT_S:g} s"

log = structlog.get_logger(__name__)


class Question:
    """A check that may hang, and so runs in a thread of its own.

    While a check hangs, no second thread is begun: later requests wait for the same answer.
    """

    def __init__(self, ask: Callable[[], Any], *, else_value: Callable[[str], Any]) -> None:
        self._ask = ask
        self._else_value = else_value
        self._lock = threading.Lock()
        self._asking: Asking | None = None

    def begin(self) -> "Asking":
        with self._lock:
            if self._asking is None or self._asking.is_over.is_set():
                self._asking = Asking(self._ask, else_value=self._else_value)
                self._asking.start()
            return self._asking


class Asking(threading.Thread):
    def __init__(self, ask: Callable[[], Any], *, else_value: Callable[[str], Any]) -> None:
        # A daemon, so that a hanging thread does not keep the process from ending.
        super().__init__(name="readiness", daemon=True)
        self._ask = ask
        self._else_value = else_value
        self.is_over = threading.Event()
        self._value: Any = None

    def run(self) -> None:
        try:
            self._value = self._ask()
        # The thread's boundary: any error means "not ready", and the log says why.
        except Exception as error:  # noqa: BLE001
            log.warning("not ready", error=type(error).__name__, why=str(error))
            self._value = self._else_value(FAILS)
        finally:
            # Each thread has a connection of its own.
            connection.close()
            self.is_over.set()

    def value(self, *, until: float) -> Any:
        """Return the answer, or HANGS where there was none by `until` (of `time.monotonic`)."""
        is_over = self.is_over.wait(max(0.0, until - time.monotonic()))
        return self._value if is_over else self._else_value(HANGS)


class Migrations:
    """Counts the migrations that are not applied, until there are none.

    Then it looks no more: the code of this process does not change.
    """

    def __init__(self) -> None:
        self._is_applied = False

    def ask(self) -> str:
        if not self._is_applied:
            executor = MigrationExecutor(connection)
            missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if missing:
                return f"{len(missing)} not applied"
            self._is_applied = True
        return OK


def ask_database() -> dict[str, str]:
    """Run a query on a connection of its own, and count the missing migrations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return {"database": OK, "migrations": migrations.ask()}


def ask_broker() -> dict[str, str]:
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=0)
    return {"broker": OK}


def ask_workers() -> dict[str, Any]:
    """Return when each worker process last moved, and when a sweep that beat asked for last began.

    The installation is ready where at least one worker moves, and beat does.
    """
    now = timezone.now()
    workers = [
        {
            "name": worker.name,
            "ready": not worker.is_late(now),
            "moved_s_ago": _seconds(worker.age_s(now)),
            "seen_s_ago": _seconds((now - worker.seen_at).total_seconds()),
        }
        for worker in Heartbeat.objects.kept(now)
    ]
    swept_s_ago = Tally.age_s(Tallied.SWEPT, now)
    is_swept = swept_s_ago is not None and swept_s_ago <= settings.STAGING_WORKER_LATE_S
    return {
        "is_ready": is_swept and any(worker["ready"] for worker in workers),
        "told": {"swept_s_ago": _seconds(swept_s_ago), "workers": workers},
    }


def _seconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _unanswered_database(why: str) -> dict[str, str]:
    return {"database": why, "migrations": "unknown"}


def _unanswered_workers(why: str) -> dict[str, Any]:
    return {"is_ready": False, "told": {"database": why}}


migrations = Migrations()
_database = Question(ask_database, else_value=_unanswered_database)
_broker = Question(ask_broker, else_value=lambda why: {"broker": why})
_workers = Question(ask_workers, else_value=_unanswered_workers)


def readiness(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer both paths before anything else looks at the request, as `liveness` does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path == PATH:
            database, broker = _ask(_database, _broker)
            told = {**database, **broker}
            return _answer(told, is_ready=set(told.values()) == {OK})
        if request.path == WORKERS_PATH:
            (workers,) = _ask(_workers)
            return _answer(workers["told"], is_ready=workers["is_ready"])
        return answer(request)

    return middleware


def _ask(*questions: Question) -> list[Any]:
    """Begin all checks at once; return their answers after LIMIT_S at most."""
    until = time.monotonic() + LIMIT_S
    begun = [question.begin() for question in questions]
    return [asking.value(until=until) for asking in begun]


def _answer(told: dict[str, Any], *, is_ready: bool) -> JsonResponse:
    answer = JsonResponse(
        {"status": "ready" if is_ready else "not ready", **told},
        status=200 if is_ready else 503,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
