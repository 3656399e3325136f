"""Conditions that make a notice: limits nearly spent, unusual failures, standstills.

They are looked for each minute, so an index answers every query here from few rows.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils import timezone

from modelsettings.schema.severities import Severity
from staging import models_in_use
from staging.models import (
    DailyUsage,
    Heartbeat,
    JobStatus,
    NoticeKind,
    Period,
    Prediction,
    PredictionStatus,
    SpendingLimit,
    StagingJob,
    WhenOver,
)
from staging.spending.headroom import FULL, NEARLY, Headroom, headroom_of

# Failures are unusual where, of the last hour's newest predictions, more than half failed, and more
# than three times the share of the week before. Fewer predictions than FEWEST tell nothing.
NEWEST, FEWEST = 50, 10
RECENT = timedelta(hours=1)
USUAL_DAYS = 7
TIMES_USUAL = 3
# The number of jobs of each status whose predictions are counted: the newest.
MOST_JOBS = 100

_ENDED = (JobStatus.SUCCEEDED, JobStatus.PARTIALLY_SUCCEEDED, JobStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Condition:
    """A problem that exists now, with the sentence of its notice.

    While it lasts, it makes one notice. Where `told_with` names keys, there is no second notice
    later either: none is made if its own key, or a key in `told_with`, ever had one.
    """

    kind: NoticeKind
    key: str
    sentence: str
    told_with: tuple[str, ...] = field(default=())


def find_conditions(now: datetime) -> Iterator[Condition]:
    yield from _of_limits(now)
    yield from _of_failures(now)
    yield from _of_waiting(now)
    yield from _of_uncertain(now)
    yield from _of_running(now)
    yield from _of_collecting(now)
    yield from _of_workers(now)
    yield from _of_updates()


def _of_limits(now: datetime) -> Iterator[Condition]:
    """Yield each limit at 80 and at 100 percent, once a period.

    A limit whose dollars were changed counts as another limit.
    """
    today = timezone.localdate(now)
    for headroom in find_nearly_spent():
        limit = headroom.limit
        begin = Period(limit.period).begin(today)
        about = f"limit-{limit.pk}-{begin}-{limit.usd}"
        level = FULL if headroom.is_full else NEARLY
        yield Condition(
            NoticeKind.LIMIT, f"{about}-{level}", words_of(headroom), (f"{about}-{FULL}",)
        )


def find_nearly_spent() -> list[Headroom]:
    """Return the limits of which NEARLY percent or more are used."""
    return [
        headroom
        for headroom in headroom_of(SpendingLimit.objects.select_related("project", "account"))
        # A limit of $0 is always full, which is news only if a prediction waits for it.
        if headroom.percent >= NEARLY and (headroom.limit.usd or headroom.waiting)
    ]


def words_of(headroom: Headroom) -> str:
    """Say how full a limit is, and what happens to purchases.

    >>> words_of(headroom)
    '12 Elm Street has used 84 % of its $5.00 a day: $0.80 is left.'
    """
    limit = headroom.limit
    if not headroom.is_full:
        return (
            f"{limit.whose} {_has(limit)} used {headroom.percent} % of ${limit.usd}"
            f" a {limit.period}: ${headroom.left:.2f} is left."
        )
    used = "too little left of" if headroom.left else "used up"
    full = f"{limit.whose} {_has(limit)} {used} ${limit.usd} a {limit.period}"
    if headroom.waiting:
        return f"{full}: {_count(headroom.waiting)} for budget."
    if limit.when_over == WhenOver.REFUSE:
        return f"{full}: new purchases are refused."
    return f"{full}: new purchases wait for the next {limit.period}."


def _has(limit: SpendingLimit) -> str:
    return "has" if limit.project_id or limit.account_id else "have"


def _count(count: int) -> str:
    return "1 prediction waits" if count == 1 else f"{count} predictions wait"


def _of_failures(now: datetime) -> Iterator[Condition]:
    ends = _newest_ends(now)
    failed = ends.count(PredictionStatus.FAILED)
    if len(ends) < FEWEST or failed * 2 <= len(ends):
        return
    usual = _usual_share(now)
    if failed / len(ends) <= TIMES_USUAL * usual:
        return
    sentence = (
        f"{failed} of the newest {len(ends)} predictions failed; in the {USUAL_DAYS} days before,"
        f" {100 * usual:.0f} % did."
    )
    yield Condition(NoticeKind.FAILURES, "failures", sentence)


def _newest_ends(now: datetime) -> list[str]:
    """Return the statuses of the last hour's newest predictions, taken from the newest jobs."""
    jobs: list[uuid.UUID] = []
    for status in _ENDED:
        newest = StagingJob.objects.filter(status=status).order_by("-created_at")
        jobs += newest.values_list("pk", flat=True)[:MOST_JOBS]
    ended = Prediction.objects.filter(
        job__in=jobs,
        status__in=(PredictionStatus.SUCCEEDED, PredictionStatus.FAILED),
        finished_at__gte=now - RECENT,
    )
    return list(ended.order_by("-finished_at").values_list("status", flat=True)[:NEWEST])


def _usual_share(now: datetime) -> float:
    """Return the share of predictions, from 0 to 1, that failed in the days before today."""
    today = timezone.localdate(now)
    days = DailyUsage.objects.filter(day__gte=today - timedelta(days=USUAL_DAYS), day__lt=today)
    sums = days.order_by().aggregate(failed=Sum("failed"), succeeded=Sum("succeeded"))
    failed, succeeded = sums["failed"] or 0, sums["succeeded"] or 0
    return failed / (failed + succeeded) if failed else 0.0


def _of_waiting(now: datetime) -> Iterator[Condition]:
    """Yield that predictions are due and may be bought, but no worker buys any.

    While others are being bought, they only queue.
    """
    late = _late(now)
    waiting = purchasable_since(late, now=now)
    if not waiting.exists() or Prediction.objects.under_way().filter(intent_at__gte=late).exists():
        return
    sentence = f"Predictions have been waiting for {_minutes()} to be bought, and none is."
    yield Condition(NoticeKind.STANDSTILL, "waiting", sentence)


def purchasable_since(due: datetime, *, now: datetime) -> QuerySet[Prediction]:
    """Return the predictions that may be bought now, and were due before a time."""
    return Prediction.objects.purchasable(now).filter(run_after__lt=due)


def _of_uncertain(now: datetime) -> Iterator[Condition]:
    late = Prediction.objects.filter(status=PredictionStatus.SUBMITTING, intent_at__lt=_late(now))
    sentence = f"For {_minutes()} it has been unknown whether a prediction was bought."
    yield from _standing("uncertain", sentence, late)


def _of_running(now: datetime) -> Iterator[Condition]:
    """Yield that a prediction has passed its deadline, and neither webhook nor polling ended it."""
    deadline = timedelta(seconds=settings.STAGING_DEADLINE_S)
    late = Prediction.objects.filter(
        status=PredictionStatus.RUNNING, intent_at__lt=_late(now) - deadline
    )
    sentence = f"A prediction should have ended {_minutes()} ago, and Replicate does not say so."
    yield from _standing("running", sentence, late)


def _of_collecting(now: datetime) -> Iterator[Condition]:
    late = Prediction.objects.filter(
        status=PredictionStatus.COLLECTING,
        transitions__target=PredictionStatus.COLLECTING,
        transitions__at__lt=_late(now),
    )
    sentence = f"A finished picture has not been fetched for {_minutes()}."
    yield from _standing("collecting", sentence, late)


def _of_workers(now: datetime) -> Iterator[Condition]:
    """Yield workers whose work stands still, as another worker sees them.

    Where all of them stand still, only /readyz tells it.
    """
    late = _late(now)
    for worker in Heartbeat.objects.kept(now):
        if (worker.moved_at or worker.started_at) < late:
            sentence = f"Nothing has moved in the worker {worker.name} for {_minutes()}."
            yield Condition(NoticeKind.STANDSTILL, f"worker-{worker.pk}", sentence)


def _of_updates() -> Iterator[Condition]:
    """Yield the updates of models in use that wait, but for those of documentation alone."""
    for update in models_in_use.find_updates():
        if update.severity != Severity.DOCUMENTATION:
            key = f"update-{update.model.pk}-{update.drift.fingerprint[:16]}"
            yield Condition(NoticeKind.UPDATE, key, update.sentence, (key,))


def _standing(key: str, sentence: str, late: QuerySet[Prediction]) -> Iterator[Condition]:
    if late.order_by().exists():
        yield Condition(NoticeKind.STANDSTILL, key, sentence)


def _late(now: datetime) -> datetime:
    return now - timedelta(seconds=settings.STAGING_STILL_AFTER_S)


def _minutes() -> str:
    return f"{settings.STAGING_STILL_AFTER_S // 60} minutes"
