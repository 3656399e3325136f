"""`/metrics` for Prometheus, behind METRICS_TOKEN: figures of the whole installation.

All figures are read from the database when they are asked for, so every web process answers the
same: ask any one of them. Finished work is not counted row by row, but read from sums (`Tally`,
`DailyUsage`), so a million finished jobs cost nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.db import Error
from django.db.models import Count, Min, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from modelsettings.schema.severities import Severity
from staging import models_in_use
from staging.models import (
    Callback,
    CreationPace,
    DailyUsage,
    Heartbeat,
    Prediction,
    PredictionStatus,
    SpendingLimit,
    StagingJob,
    Tallied,
    Tally,
)
from staging.models.job import UNFINISHED

PATH = "/metrics"

# Each tally as a counter: its description, and the name of its label.
_TALLIES = {
    "submits": ("Requests that buy, by what came of them.", "outcome"),
    "rate_limited": ("Answers of 429; those to create and upload pause all creations.", "request"),
    "uncertain_purchases": ("Purchases whose answer was lost, as decided.", "outcome"),
    "webhooks": ("Replicate's webhooks, by verdict.", "verdict"),
    "sweeps": ("Sweeps that beat asked for, as workers began them.", "state"),
}
_ENDS = ("succeeded", "failed", "canceled")
# Every project may have two limits. Shown are the limits of all projects together, then those of
# single projects, the one with the least left first.
MOST_LIMITS = 100

log = structlog.get_logger(__name__)


def metrics(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer PATH to requests with the token, under any host name, as `liveness` does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path == PATH and settings.METRICS_TOKEN:
            return _answer(request)
        return answer(request)

    return middleware


def _answer(request: HttpRequest) -> HttpResponse:
    sent = request.headers.get("Authorization", "").encode(errors="replace")
    if not constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}".encode()):
        refusal = HttpResponse("This page takes a bearer token.\n", status=401)
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal
    try:
        text = generate_latest(_registry)
    except Error as error:
        log.warning("no metrics: the database does not answer", error=type(error).__name__)
        return HttpResponse("The database does not answer.\n", status=503)
    return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


class Figures(Collector):
    """Reads all figures anew for each request."""

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from _of_predictions(now)
        yield _of_jobs()
        yield from _of_tallies()
        yield from _of_usage()
        yield from _of_limits(now)
        yield from _of_pace(now)
        yield _of_callbacks(now)
        yield from _of_workers(now)
        yield from _of_models(now)


def _of_predictions(now: datetime) -> Iterator[Metric]:
    """Yield counts and ages of unfinished predictions, read along the index of these.

    A bought prediction's age leaves out how long it queued.
    """
    rows = Prediction.objects.filter(status__in=UNFINISHED).order_by().values("status")
    sums = rows.annotate(
        count=Count("pk"), asked=Min("created_at"), bought=Min(Coalesce("intent_at", "created_at"))
    )
    found = {
        state: (count, asked if state == PredictionStatus.QUEUED else bought)
        for state, count, asked, bought in sums.values_list("status", "count", "asked", "bought")
    }
    counts = _gauge("predictions", "Unfinished predictions, by state.", "state")
    ages = _gauge("oldest_prediction_seconds", "The age of the oldest one, by state.", "state")
    for state in UNFINISHED:
        count, since = found.get(state, (0, now))
        counts.add_metric([state], count)
        ages.add_metric([state], (now - since).total_seconds())
    yield counts
    yield ages


def _of_jobs() -> Metric:
    # Along the index job_by_status.
    rows = StagingJob.objects.filter(status__in=UNFINISHED).order_by().values("status")
    found = dict(rows.annotate(count=Count("pk")).values_list("status", "count"))
    counts = _gauge("jobs", "Unfinished jobs, by state.", "state")
    for state in UNFINISHED:
        counts.add_metric([state], found.get(state, 0))
    return counts


def _of_tallies() -> Iterator[Metric]:
    found = {(tally.name, tally.label): tally.count for tally in Tally.objects.all()}
    families = {
        name: CounterMetricFamily(f"restage_{name}", says, labels=[label])
        for name, (says, label) in _TALLIES.items()
    }
    for tallied in Tallied:
        name, label = tallied.value
        families[name].add_metric([label], found.get(tallied.value, 0))
    yield from families.values()


def _of_usage() -> Iterator[Metric]:
    wanted = ("pictures", "cost", "unpriced", *_ENDS)
    sums = DailyUsage.objects.order_by().aggregate(**{f"all_{name}": Sum(name) for name in wanted})
    found: dict[str, Any] = {name: sums[f"all_{name}"] or Decimal(0) for name in wanted}
    ended = CounterMetricFamily(
        "restage_predictions_ended", "Predictions that ended, by state.", labels=["state"]
    )
    for state in _ENDS:
        ended.add_metric([state], float(found[state]))
    yield ended
    yield _counter("cost_usd", "What was spent, as far as prices are known.", found["cost"])
    yield _counter("unpriced", "Predictions that succeeded at an unknown cost.", found["unpriced"])
    yield _counter("pictures", "Pictures that were stored.", found["pictures"])


def _of_limits(now: datetime) -> Iterator[Metric]:
    """Yield the spending limits, read in one query.

    A project is named by its id, as an account is: their names are confidential.
    """
    today = timezone.localdate(now)
    limits = list(SpendingLimit.objects.order_by("pk"))
    limits.sort(key=lambda limit: (_scope(limit) != "all", limit.left(today)))
    labels = ("scope", "period")
    wholes = _gauge("spending_limit_usd", "What may be spent in the period.", *labels)
    spent = _gauge("spending_spent_usd", "What was spent of a limit in its period.", *labels)
    reserved = _gauge("spending_reserved_usd", "What is reserved for what is under way.", *labels)
    for limit in limits[:MOST_LIMITS]:
        of = [_scope(limit), limit.period]
        wholes.add_metric(of, float(limit.usd))
        for family, usd in zip((spent, reserved), limit.used(today), strict=True):
            family.add_metric(of, float(usd))
    yield from (wholes, spent, reserved)
    yield _gauge("spending_limits", "Limits that there are, shown or not.", value=len(limits))


def _scope(limit: SpendingLimit) -> str:
    """Return the scope that a limit is labelled with: `all`, a project's id, `account 7`."""
    if limit.account_id:
        return f"account {limit.account_id}"
    return str(limit.project_id or "all")


def _of_pace(now: datetime) -> Iterator[Metric]:
    pace = CreationPace.objects.first()
    tokens = pace.tokens_at(now) if pace else 1.0
    blocked_until = pace.blocked_until if pace else None
    blocked_s = (blocked_until - now).total_seconds() if blocked_until else 0.0
    yield _gauge("pace_tokens", "Creations that the pace allows at this moment.", value=tokens)
    yield _gauge(
        "pace_blocked_seconds",
        "How long a 429 keeps anybody from creating.",
        value=max(0.0, blocked_s),
    )


def _of_models(now: datetime) -> Iterator[Metric]:
    """Yield the updates that wait, of models in use, and the models that are not read any more."""
    severities = Counter(update.severity for update in models_in_use.find_updates())
    waiting = _gauge("model_updates", "Models in use with an update that waits.", "severity")
    for severity in Severity:
        waiting.add_metric([severity], severities[severity])
    yield waiting
    unread = len(models_in_use.find_unread(now))
    says = "Models in use that could not be read for two days."
    yield _gauge("models_unread", says, value=unread)


def _of_callbacks(now: datetime) -> Metric:
    # Along the index of callbacks that wait.
    due = Callback.objects.due(now).count()
    return _gauge("callbacks_due", "Clients who are to be told of a job's end now.", value=due)


def _of_workers(now: datetime) -> Iterator[Metric]:
    workers = list(Heartbeat.objects.kept(now))
    late = sum(worker.is_late(now) for worker in workers)
    counts = _gauge("workers", "Worker processes; late: nothing moves in them.", "state")
    counts.add_metric(["ready"], len(workers) - late)
    counts.add_metric(["late"], late)
    yield counts


def _gauge(name: str, says: str, *labels: str, value: float | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"restage_{name}", says, value=value, labels=labels or None)


def _counter(name: str, says: str, value: Decimal) -> CounterMetricFamily:
    return CounterMetricFamily(f"restage_{name}", says, value=float(value))


_registry = CollectorRegistry()
# Figures has no describe(), for that would ask the database while Django is starting.
_registry.register(Figures())
