"""Conditions that operators are told of: limits nearly spent, unusual failures, standstills.

Every question here is answered by an index, from few rows: it is asked each minute.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils import timezone

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

# Failures are unusual where, of the newest of an hour, more than half failed, and more than three
# times the share of the week before. Of fewer nothing is said.
NEWEST, FEWEST = 50, 10
RECENT = timedelta(hours=1)
USUAL_DAYS = 7
TIMES_USUAL = 3
# Jobs whose ends are looked at, by each status: those that were asked for last.
MOST_JOBS = 100

_ENDED = (JobStatus.SUCCEEDED, JobStatus.PARTIALLY_SUCCEEDED, JobStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that stands now, as a notice says it.

    It is told once while it stands. Where `told_with` names keys, it is told once at all: not when
    a notice of this key, or of one of those, was ever there.
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


def _of_limits(now: datetime) -> Iterator[Condition]:
    """Each limit at 80 and at 100 percent, once a period; one that was changed is another."""
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
    """Return the limits that operators are told of: of which NEARLY percent are used, or more."""
    return [
        headroom
        for headroom in headroom_of(SpendingLimit.objects.select_related("project"))
        # Where nothing may be spent at all, that is no news unless something waits for it.
        if headroom.percent >= NEARLY and (headroom.limit.usd or headroom.waiting)
    ]


def words_of(headroom: Headroom) -> str:
    """Say how full a limit is, and what follows.

    >>> words_of(headroom)
    '12 Elm Street has used 84 % of its $5.00 a day: $0.80 is left.'
    """
    limit = headroom.limit
    if not headroom.is_full:
        return (
            f"{limit.whose} {_has(limit)} used {headroom.percent} % of ${limit.usd}"
            f" a {limit.period}: ${headroom.left:.2f} is left."
        )
    full = f"{limit.whose} {_has(limit)} used up ${limit.usd} a {limit.period}"
    if headroom.waiting:
        return f"{full}: {_count(headroom.waiting)} for room."
    if limit.when_over == WhenOver.REFUSE:
        return f"{full}: what is asked for now is refused."
    return f"{full}: what is asked for now waits for the next {limit.period}."


def _has(limit: SpendingLimit) -> str:
    return "has" if limit.project_id else "have"


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
    """Return how the newest predictions of the last hour ended, by the newest jobs."""
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
    """Return which part of the predictions failed in the days before today."""
    today = timezone.localdate(now)
    days = DailyUsage.objects.filter(day__gte=today - timedelta(days=USUAL_DAYS), day__lt=today)
    sums = days.order_by().aggregate(failed=Sum("failed"), succeeded=Sum("succeeded"))
    failed, succeeded = sums["failed"] or 0, sums["succeeded"] or 0
    return failed / (failed + succeeded) if failed else 0.0


def _of_waiting(now: datetime) -> Iterator[Condition]:
    """What may be bought and is due, and nobody buys: while others are bought it is a queue."""
    late = _late(now)
    waiting = purchasable_since(late, now=now)
    if not waiting.exists() or Prediction.objects.under_way().filter(intent_at__gte=late).exists():
        return
    sentence = f"Predictions have been waiting to be bought for {_minutes()}, and nothing is."
    yield Condition(NoticeKind.STANDSTILL, "waiting", sentence)


def purchasable_since(due: datetime, *, now: datetime) -> QuerySet[Prediction]:
    """Return what may be bought now, and has been due since before then."""
    return Prediction.objects.purchasable(now).filter(run_after__lt=due)


def _of_uncertain(now: datetime) -> Iterator[Condition]:
    late = Prediction.objects.filter(status=PredictionStatus.SUBMITTING, intent_at__lt=_late(now))
    sentence = f"For {_minutes()} it has not been known whether a prediction was bought."
    yield from _standing("uncertain", sentence, late)


def _of_running(now: datetime) -> Iterator[Condition]:
    """What has outrun its deadline: neither a webhook nor polling tells of its end."""
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
    sentence = f"A picture that is there has not been fetched for {_minutes()}."
    yield from _standing("collecting", sentence, late)


def _of_workers(now: datetime) -> Iterator[Condition]:
    """Workers in which nothing moves, seen by another. Where none moves, nobody looks: /readyz."""
    late = _late(now)
    for worker in Heartbeat.objects.kept(now):
        if (worker.moved_at or worker.started_at) < late:
            sentence = f"Nothing has moved in the worker {worker.name} for {_minutes()}."
            yield Condition(NoticeKind.STANDSTILL, f"worker-{worker.pk}", sentence)


def _standing(key: str, sentence: str, late: QuerySet[Prediction]) -> Iterator[Condition]:
    if late.order_by().exists():
        yield Condition(NoticeKind.STANDSTILL, key, sentence)


def _late(now: datetime) -> datetime:
    return now - timedelta(seconds=settings.STAGING_STILL_AFTER_S)


def _minutes() -> str:
    return f"{settings.STAGING_STILL_AFTER_S // 60} minutes"
