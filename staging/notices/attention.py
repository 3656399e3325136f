"""Troubles on the first page: problems that need an operator, mostly without a notice.

Limits nearly spent are both troubles and conditions, in the same words. No query here reads more
than MOST rows, the newest: a larger number needs an operator just as much. Only the queues of
deactivated accounts are counted whole, so that one hides no other.
"""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db.models import Max, Model, Q, QuerySet
from django.utils import timezone

from modelsettings.models import ReplicateModel
from staging.access import rows_in
from staging.jobs.handing_over import find_queues
from staging.models import (
    WAITING,
    BatchPhoto,
    BatchPhotoStatus,
    Callback,
    CallbackAttempt,
    CallbackStatus,
    CreationPace,
    DeliveryStatus,
    JobStatus,
    Notice,
    NoticeDelivery,
    NoticeKind,
    Period,
    Prediction,
    Project,
    PurchasePause,
    StagingBatch,
    StagingJob,
)
from staging.models.job import UNFINISHED
from staging.notices.conditions import find_nearly_spent, purchasable_since, words_of
from staging.notices.places import Place, name_places
from staging.spending.headroom import Headroom, waiting_for_estimates
from staging.usage import midnight

# The projects whose troubles are looked for; None: all.
Projects = QuerySet[Project] | None
Row = TypeVar("Row", bound=Model)

MOST = 1000
MOST_BATCHES = 50
# An undecided purchase stays until an operator decides; it is looked for among the failures of so
# many days.
UNDECIDED_DAYS = 30
NO_WORKER_AFTER_S = 60

_PLACE = ("job__photo__original_name", "job__project__name")
_REASONS = {
    "bad_output": "the picture was broken",
    "deadline": "it took too long",
    "insufficient_credit": "Replicate asks for credit",
    "internal_error": "Restage failed",
    "invalid_input": "Replicate refused the input",
    "lost": "Replicate no longer knows the prediction",
    "model_failed": "the model failed",
    "no_answer": "Replicate did not answer",
    "no_output": "the model made no picture",
    "not_found": "Replicate does not know the model",
    "output_refused": "the picture could not be fetched",
    "outputs_gone": "the picture was gone before it was fetched",
    "refused": "Replicate refused",
    "too_large": "the input was too large",
    "unauthenticated": "Replicate refused the token",
    "unreachable": "Replicate was not reached",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A problem that needs an operator, in a sentence, with an example as `detail`.

    `where` names its photos and projects, `hint` tells an administrator what to do. `rows` holds
    the keys of its jobs or its batch, and is empty where it is not about single rows. None of the
    rows is older than `since`.

    `state` and `last_at`, when it last happened, say how far it has come: once it was put aside
    (`staging.notices.aside`), it is shown again when its state is another, or `last_at` later.
    """

    key: str
    sentence: str
    detail: str = ""
    hint: str = ""
    where: str = ""
    state: str = ""
    last_at: datetime | None = None
    is_urgent: bool = False
    rows: tuple[uuid.UUID, ...] = ()
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTrouble(Trouble):
    """What a deactivated account has queued; `pause` is the key of the pause that holds it."""

    pause: int


@dataclass(frozen=True, slots=True)
class _Failure:
    """A job that failed, with the reason of one of its predictions, and its photo and project."""

    job: uuid.UUID
    code: str
    error: str
    at: datetime
    place: Place


def find_missing_worker() -> list[Trouble]:
    """Return a trouble where jobs wait and no worker runs.

    A running worker takes a token of the pace before it does anything else, so tokens that no
    worker has taken for a while show that none runs.
    """
    now = timezone.now()
    late = now - timedelta(seconds=NO_WORKER_AFTER_S)
    # The index job_by_status finds the oldest.
    queued = StagingJob.objects.filter(status=JobStatus.QUEUED, created_at__lt=late)
    oldest = queued.order_by("created_at").values_list("pk", flat=True)[:20]
    waits = purchasable_since(late, now=now).filter(job__in=list(oldest), lease_until=None)
    if not waits.exists():
        return []
    last = CreationPace.objects.values_list("refilled_at", flat=True).first()
    if last and last >= late:
        return []
    sentence = "Jobs wait, and no worker takes them: an administrator has to start one."
    hint = "Start celery -A config worker, and celery -A config beat."
    return [Trouble(key="worker", sentence=sentence, hint=hint, is_urgent=True, last_at=last)]


def find_standing_notices() -> list[Trouble]:
    """Return standstills and unusual failures that are not over, as their notices say them.

    Limits are not among them: `find_limits` says them as they are now.
    """
    kinds = (NoticeKind.STANDSTILL, NoticeKind.FAILURES)
    return [
        Trouble(
            key=f"notice-{notice.key}",
            sentence=notice.sentence,
            is_urgent=True,
            state=str(notice.pk),
        )
        for notice in Notice.objects.filter(over_at=None, kind__in=kinds)
    ]


def find_queues_of_deactivated() -> list[QueueTrouble]:
    """Return what deactivated accounts have queued, for an operator to hand over or cancel."""
    return [
        QueueTrouble(
            key=f"queue-{queue.pause.pk}",
            sentence=(
                f"{number_of(queue.count, 'prediction')} of {queue.pause.account}"
                f" wait{'s' if queue.count == 1 else ''}: the account was deactivated."
                " Hand over what it has queued, or cancel it."
            ),
            is_urgent=True,
            pause=queue.pause.pk,
        )
        for queue in find_queues()
    ]


def find_pauses() -> list[Trouble]:
    """Return the pauses of purchases that operators began, each of which one has to end."""
    return [
        Trouble(
            key=f"pause-{pause.pk}",
            sentence=f"{pause.whose} are paused by {pause.by}.",
            detail=pause.reason,
        )
        for pause in PurchasePause.objects.by_operators().select_related("model")
    ]


def find_limits() -> list[Trouble]:
    """Return limits that are nearly spent, or used up."""
    return [
        Trouble(
            key=f"limit-{headroom.limit.pk}",
            sentence=words_of(headroom),
            is_urgent=bool(headroom.waiting),
            state=_state_of(headroom),
        )
        for headroom in find_nearly_spent()
    ]


def find_missing_estimates() -> list[Trouble]:
    """Return the models whose predictions wait for an operator's estimate of their cost."""
    waiting = waiting_for_estimates()
    if not waiting:
        return []
    labels = dict(ReplicateModel.objects.filter(pk__in=waiting).values_list("pk", "label"))
    return [
        Trouble(
            key=f"estimate-{model}",
            sentence=(
                f"{number_of(count, 'prediction')} of {labels[model]}"
                f" wait{'s' if count == 1 else ''} for an estimate of what it costs."
            ),
            is_urgent=True,
            state=str(count),
        )
        for model, count in waiting.items()
    ]


def find_undecided(today: date) -> list[Trouble]:
    """Return the purchases that may or may not have been made."""
    since = today - timedelta(days=UNDECIDED_DAYS)
    failures = _failures(midnight(since), error_code="undecided")
    if not failures:
        return []
    pronoun = "it was" if len(failures) == 1 else "they were"
    sentence = (
        f"{number_of(len(failures), 'purchase')} undecided: whether {pronoun} made is not known."
        " Look at Replicate's list, then retry or leave it."
    )
    return [
        Trouble(
            key="undecided",
            sentence=sentence,
            where=name_places(failure.place for failure in failures),
            is_urgent=True,
            rows=tuple(failure.job for failure in failures),
            since=since,
            last_at=max(failure.at for failure in failures),
        )
    ]


def find_failures(today: date, *, projects: Projects = None) -> list[Trouble]:
    """Return the jobs of today that failed, by reason, the most frequent first."""
    newest = _failures(midnight(today), projects=projects)
    failures = [failure for failure in newest if failure.code != "undecided"]
    troubles = []
    for code, count in Counter(failure.code for failure in failures).most_common():
        alike = [failure for failure in failures if failure.code == code]
        troubles.append(
            Trouble(
                key=f"failed-{code}",
                sentence=f"{number_of(count, 'job')} failed: {_REASONS.get(code, code)}.",
                detail=alike[0].error,
                where=name_places(failure.place for failure in alike),
                rows=tuple(failure.job for failure in alike),
                since=today,
                last_at=max(failure.at for failure in alike),
            )
        )
    return troubles


def find_tries() -> list[Trouble]:
    """Return predictions that wait for another try; the index is job_by_status."""
    jobs = StagingJob.objects.filter(status__in=UNFINISHED).order_by()
    waiting = Prediction.objects.filter(
        job__in=jobs.values_list("pk", flat=True)[:MOST], status__in=UNFINISHED
    ).exclude(Q(error="") | Q(error_code__in=WAITING))
    newest = waiting.order_by("-created_at").values_list(*_PLACE, "job", "error", "created_at")
    found = list(newest[:MOST])
    if not found:
        return []
    *_, error, last_at = found[0]
    return [
        Trouble(
            key="stuck",
            sentence=f"{number_of(len(found), 'prediction')} waiting for another try.",
            detail=error,
            where=name_places(row[:2] for row in found),
            rows=tuple({row[2]: None for row in found}),
            last_at=last_at,
        )
    ]


def find_undelivered_callbacks(today: date, *, projects: Projects = None) -> list[Trouble]:
    """Return callbacks of today that were given up; the index is callback_by_age."""
    of_today = Callback.objects.filter(created_at__gte=midnight(today))
    newest = _of(of_today, projects, column="job__project").order_by("-created_at")
    found = newest.values_list(*_PLACE, "status", "pk")[:MOST]
    given_up = [row for row in found if row[2] == CallbackStatus.FAILED]
    if not given_up:
        return []
    attempts = CallbackAttempt.objects.filter(callback__in=[row[3] for row in given_up])
    return [
        Trouble(
            key="callbacks",
            sentence=f"{number_of(len(given_up), 'callback')} not delivered to the address its"
            " client named.",
            where=name_places(row[:2] for row in given_up),
            last_at=attempts.aggregate(last=Max("at"))["last"],
        )
    ]


def find_refused_photos(today: date, *, projects: Projects = None) -> list[Trouble]:
    """Return the batches of today with refused photos; the index is batch_by_age."""
    of_today = StagingBatch.objects.filter(created_at__gte=midnight(today))
    newest = _of(of_today, projects).order_by("-created_at")
    batches = list(newest.values_list("pk", flat=True)[:MOST_BATCHES])
    refused = BatchPhoto.objects.filter(batch__in=batches, status=BatchPhotoStatus.REFUSED)
    rows = refused.order_by("batch", "position").values_list(
        "batch", "name", "batch__project__name"
    )
    by_batch: dict[uuid.UUID, list[Place]] = {}
    for batch, name, project in rows:
        by_batch.setdefault(batch, []).append((name, project))
    return [
        Trouble(
            key=f"batch-{batch}",
            sentence=f"{number_of(len(places), 'photo')} of a batch refused.",
            where=name_places(places),
            rows=(batch,),
            state=str(len(places)),
        )
        for batch, places in by_batch.items()
    ]


def find_unsent_notices(today: date) -> list[Trouble]:
    """Return notices to operators of today that did not arrive."""
    of_today = Notice.objects.for_operators().filter(at__gte=midnight(today))
    failed = NoticeDelivery.objects.filter(notice__in=of_today, status=DeliveryStatus.FAILED)
    newest = failed.order_by("-notice__at").values_list("error", "notice__at")[:MOST]
    errors = list(newest)
    if not errors:
        return []
    error, last_at = errors[0]
    sentence = f"{number_of(len(errors), 'notice')} could not be sent."
    return [Trouble(key="notices", sentence=sentence, detail=error, last_at=last_at)]


def number_of(count: int, noun: str) -> str:
    """Return `1 job`, `2 jobs`, `over 1,000 jobs`."""
    if count == 1:
        return f"1 {noun}"
    return f"{f'over {MOST:,}' if count >= MOST else count} {noun}s"


def _of(rows: QuerySet[Row], projects: Projects, *, column: str = "project") -> QuerySet[Row]:
    return rows if projects is None else rows_in(rows, projects, project=column)


def _failures(begin: datetime, *, projects: Projects = None, **wanted: str) -> list[_Failure]:
    """Return the newest failed jobs since `begin`; the index is job_by_status."""
    failed = StagingJob.objects.filter(status=JobStatus.FAILED, created_at__gte=begin)
    newest = _of(failed, projects).order_by("-created_at").values_list("pk", flat=True)[:MOST]
    rows = Prediction.objects.filter(job__in=newest, is_replaced=False, **wanted)
    rows = rows.exclude(error_code="").order_by("-job__created_at")
    rows = rows.select_related("job__photo", "job__project")
    by_job: dict[uuid.UUID, _Failure] = {}
    for prediction in rows.only("error_code", "error", "created_at", "finished_at", *_PLACE):
        found = _Failure(
            prediction.job_id,
            prediction.error_code,
            prediction.public_error,
            prediction.finished_at or prediction.created_at,
            (prediction.job.photo.original_name, prediction.job.project.name),
        )
        by_job.setdefault(prediction.job_id, found)
    return list(by_job.values())


def _state_of(headroom: Headroom) -> str:
    """Name the period of a limit, and how far it is spent in it: `2026-11-30 full waiting`."""
    today = timezone.localdate()
    begun = today if headroom.limit.period == Period.DAY else today.replace(day=1)
    return f"{begun}{' full' * headroom.is_full}{' waiting' * bool(headroom.waiting)}"
