"""Says whether this installation can work: `/readyz` of the web process, `/readyz/workers`.

    /readyz          200 {"status": "ready", "database": "ok", "migrations": "ok", "broker": "ok"}
    /readyz          503 {"status": "not ready", …, "migrations": "2 not applied", …}
    /readyz/workers  200 {"status": "ready", "swept_s_ago": 3.1,
                          "workers": [{"name", "ready", "moved_s_ago", …}]}

Answers of fixed words alone: nothing of an address, a password or an error's text.
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
    """Asks something that may hang, in a thread of its own.

    As long as one asking hangs, no other is begun: whoever asks meanwhile waits for the same.
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
        # A daemon: one that hangs does not keep the process from ending.
        super().__init__(name="readiness", daemon=True)
        self._ask = ask
        self._else_value = else_value
        self.is_over = threading.Event()
        self._value: Any = None

    def run(self) -> None:
        try:
            self._value = self._ask()
        # The thread's boundary; whatever it was, it is not ready, and the log says why.
        except Exception as error:  # noqa: BLE001
            log.warning("not ready", error=type(error).__name__, why=str(error))
            self._value = self._else_value(FAILS)
        finally:
            # This thread's own.
            connection.close()
            self.is_over.set()

    def value(self, *, until: float) -> Any:
        """Return the answer, or that there was none until then (`time.monotonic`)."""
        is_over = self.is_over.wait(max(0.0, until - time.monotonic()))
        return self._value if is_over else self._else_value(HANGS)


class Migrations:
    """How many migrations are not applied; none stays none, as this process's code does."""

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
    """Ask for something, by a connection that is opened for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return {"database": OK, "migrations": migrations.ask()}


def ask_broker() -> dict[str, str]:
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=0)
    return {"broker": OK}


def ask_workers() -> dict[str, Any]:
    """Return what each worker process was last seen to do, and when one did what beat asks for.

    One that gets on is enough, as long as beat goes on.
    """
    now = timezone.now()
    workers = [
        {
            "name": one.name,
            "ready": not one.is_late(now),
            "moved_s_ago": _seconds(one.age_s(now)),
            "seen_s_ago": _seconds((now - one.seen_at).total_seconds()),
        }
        for one in Heartbeat.objects.kept(now)
    ]
    swept_s_ago = Tally.age_s(Tallied.SWEPT, now)
    is_swept = swept_s_ago is not None and swept_s_ago <= settings.STAGING_WORKER_LATE_S
    return {
        "is_ready": is_swept and any(one["ready"] for one in workers),
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
    """Ask all at once; return their answers after LIMIT_S at most."""
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
