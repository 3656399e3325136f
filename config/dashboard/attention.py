"""What needs somebody: each in a sentence, with the page where it is dealt with."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils import timezone

from modelsettings import registry
from modelsettings.models import PublishedSchema, ReplicateModel
from staging.models import (
    WAITING,
    BatchPhoto,
    BatchPhotoStatus,
    Callback,
    CallbackStatus,
    CreationPace,
    DeliveryStatus,
    JobStatus,
    Notice,
    NoticeDelivery,
    NoticeKind,
    Prediction,
    PurchasePause,
    SpendingLimit,
    StagingBatch,
    StagingJob,
)
from staging.models.job import UNFINISHED
from staging.notices.conditions import words_of
from staging.spending.headroom import NEARLY, headroom_of, waiting_for_estimates
from staging.templatetags.staging_spending import whose
from staging.usage import midnight

# Rows that are looked at, the newest first; more than these need somebody anyway.
MOST = 1000
MOST_BATCHES = 50
# An undecided purchase stays until somebody decides; looked for among the failures of these days.
UNDECIDED_DAYS = 30
NO_WORKER_AFTER_S = 60

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
class Item:
    """One thing that needs somebody; `detail` is an example in the words of whoever failed.

    Where it `needs` a kind of staging's rows to be seen, it is for those alone who may.
    """

    key: str
    sentence: str
    detail: str = ""
    link: str = ""
    is_urgent: bool = False
    needs: str = ""

    def is_for(self, user: User | AnonymousUser) -> bool:
        """Say whether somebody may see what it tells of; who may change may see."""
        may = (f"staging.view_{self.needs}", f"staging.change_{self.needs}")
        return not self.needs or any(user.has_perm(one) for one in may)


def find_items(today: date) -> list[Item]:
    """Return everything that needs somebody, what stops all work first."""
    begin = midnight(today)
    return [
        *_missing_token(),
        *_missing_worker(),
        *_standing_notices(),
        *_paused(),
        *_limits(),
        *_estimates(),
        *_undecided(begin - timedelta(days=UNDECIDED_DAYS)),
        *_failed(begin),
        *_stuck(),
        *_drifted(),
        *_undelivered(begin),
        *_refused_photos(begin),
        *_unsent_notices(begin),
    ]


def _missing_token() -> list[Item]:
    if settings.REPLICATE_API_TOKEN:
        return []
    sentence = "REPLICATE_API_TOKEN is not set: jobs wait, and fail after ten minutes."
    return [Item(key="token", sentence=sentence, is_urgent=True)]


def _missing_worker() -> list[Item]:
    """Work that waits, and nobody who takes it: workers take tokens before anything else."""
    late = timezone.now() - timedelta(seconds=NO_WORKER_AFTER_S)
    # The oldest, by job_by_status.
    queued = StagingJob.objects.filter(status=JobStatus.QUEUED, created_at__lt=late)
    oldest = queued.order_by("created_at").values("pk")[:20]
    waits = Prediction.objects.purchasable(timezone.now()).filter(
        job__in=list(oldest.values_list("pk", flat=True)), run_after__lt=late, lease_until=None
    )
    if not waits.exists() or CreationPace.objects.filter(refilled_at__gte=late).exists():
        return []
    sentence = "Jobs wait, and no worker takes them: start celery -A config worker, and beat."
    return [Item(key="worker", sentence=sentence, link=_jobs(JobStatus.QUEUED), is_urgent=True)]


def _standing_notices() -> list[Item]:
    """What stands still or fails unusually often; limits are told of below, as they are now."""
    kinds = (NoticeKind.STANDSTILL, NoticeKind.FAILURES)
    link = reverse("admin:staging_notice_changelist")
    return [
        Item(
            key=f"notice-{one.key}",
            sentence=one.sentence,
            link=link,
            is_urgent=True,
            needs="notice",
        )
        for one in Notice.objects.filter(over_at=None, kind__in=kinds)
    ]


def _paused() -> list[Item]:
    """Pauses: somebody has to end them."""
    link = reverse("admin:staging_purchasepause_changelist")
    return [
        Item(
            key=f"pause-{one.pk}",
            sentence=f"{whose(one)} are paused by {one.by}.",
            detail=one.reason,
            link=link,
            needs="purchasepause",
        )
        for one in PurchasePause.objects.select_related("model")
    ]


def _limits() -> list[Item]:
    """Limits that are nearly used, or used up."""
    found = headroom_of(SpendingLimit.objects.select_related("project"))
    return [
        Item(
            key=f"limit-{headroom.limit.pk}",
            sentence=words_of(headroom),
            link=reverse("admin:staging_spendinglimit_changelist"),
            is_urgent=bool(headroom.waiting),
            needs="spendinglimit",
        )
        for headroom in found
        if headroom.percent >= NEARLY and (headroom.limit.usd or headroom.waiting)
    ]


def _estimates() -> list[Item]:
    """Models that wait until somebody says what a prediction of them costs."""
    waiting = waiting_for_estimates()
    if not waiting:
        return []
    labels = dict(ReplicateModel.objects.filter(pk__in=waiting).values_list("pk", "label"))
    return [
        Item(
            key=f"estimate-{model}",
            sentence=(
                f"{_count(count, 'prediction')} of {labels[model]}"
                f" wait{'s' if count == 1 else ''} for an estimate of what it costs."
            ),
            link=reverse("admin:staging_priceestimate_changelist"),
            is_urgent=True,
            needs="priceestimate",
        )
        for model, count in waiting.items()
    ]


def _unsent_notices(begin: datetime) -> list[Item]:
    """Notices of today that did not arrive."""
    failed = NoticeDelivery.objects.filter(
        notice__at__gte=begin, status=DeliveryStatus.FAILED
    ).order_by("-notice__at")
    errors = list(failed.values_list("error", flat=True)[:MOST])
    if not errors:
        return []
    return [
        Item(
            key="notices",
            sentence=f"{_count(len(errors), 'notice')} could not be sent.",
            detail=errors[0],
            link=reverse("admin:staging_notice_changelist"),
            needs="notice",
        )
    ]


def _undecided(begin: datetime) -> list[Item]:
    """Purchases of which nobody knows whether they were made."""
    jobs = _failures(begin, error_code="undecided")
    if not jobs:
        return []
    is_one = len(jobs) == 1
    sentence = (
        f"{_count(len(jobs), 'purchase')} undecided: whether {'it was' if is_one else 'they were'}"
        " made is not known. Look at Replicate's list, then retry or leave it."
    )
    return [Item(key="undecided", sentence=sentence, link=_where(jobs, begin), is_urgent=True)]


def _failed(begin: datetime) -> list[Item]:
    """Jobs of today that failed, by reason, the most frequent first."""
    failures = [one for one in _failures(begin) if one["error_code"] != "undecided"]
    items = []
    for code, count in Counter(one["error_code"] for one in failures).most_common():
        alike = [one for one in failures if one["error_code"] == code]
        items.append(
            Item(
                key=f"failed-{code}",
                sentence=f"{_count(count, 'job')} failed: {_REASONS.get(code, code)}.",
                detail=alike[0]["error"],
                link=_where(alike, begin),
            )
        )
    return items


def _failures(begin: datetime, **wanted: str) -> list[dict[str, Any]]:
    """Return the newest failed jobs, by job_by_status, each with the reason of one prediction."""
    failed = StagingJob.objects.filter(status=JobStatus.FAILED, created_at__gte=begin)
    newest = failed.order_by("-created_at").values_list("pk", flat=True)[:MOST]
    rows = Prediction.objects.filter(job__in=newest, is_replaced=False, **wanted)
    rows = rows.exclude(error_code="").order_by("-job__created_at")
    by_job: dict[Any, dict[str, Any]] = {}
    for job, code, error in rows.values_list("job", "error_code", "error"):
        by_job.setdefault(job, {"job": job, "error_code": code, "error": error})
    return list(by_job.values())


def _stuck() -> list[Item]:
    """Predictions that wait for another try, by job_by_status."""
    jobs = StagingJob.objects.filter(status__in=UNFINISHED).order_by()
    waiting = Prediction.objects.filter(
        job__in=jobs.values_list("pk", flat=True)[:MOST], status__in=UNFINISHED
    ).exclude(Q(error="") | Q(error_code__in=WAITING))
    errors = list(waiting.order_by("-created_at").values_list("error", flat=True)[:MOST])
    if not errors:
        return []
    sentence = f"{_count(len(errors), 'prediction')} waiting for another try."
    return [Item(key="stuck", sentence=sentence, detail=errors[0])]


def _drifted() -> list[Item]:
    """Models whose published schema was read again, and not adopted."""
    newer = PublishedSchema.objects.filter(pk__gt=F("model__pinned_schema")).order_by("pk")
    newest = {one.model: one for one in newer.select_related("model").defer("document")}
    return [
        Item(
            key=f"drift-{model.pk}",
            sentence=f"{model.label} has a new schema{_what_breaks(model, schema)}.",
            link=reverse("admin:modelsettings_modelsettings_change", args=[model.live_profile_id]),
        )
        for model, schema in newest.items()
    ]


def _what_breaks(model: ReplicateModel, schema: PublishedSchema) -> str:
    count = registry.count_breaks(model, digest=schema.digest)
    return f" that breaks {_count(count, 'stored value')}" if count else ""


def _undelivered(begin: datetime) -> list[Item]:
    """Callbacks of today that were given up, by callback_by_age."""
    newest = Callback.objects.filter(created_at__gte=begin).order_by("-created_at")
    found = newest.values_list("status", flat=True)[:MOST]
    count = list(found).count(CallbackStatus.FAILED)
    if not count:
        return []
    link = f"{reverse('admin:staging_callback_changelist')}?status__exact={CallbackStatus.FAILED}"
    sentence = f"{_count(count, 'callback')} not delivered to the address its client named."
    return [Item(key="callbacks", sentence=sentence, link=link, needs="callback")]


def _refused_photos(begin: datetime) -> list[Item]:
    """Photos that today's batches refused, by batch_by_age."""
    newest = StagingBatch.objects.filter(created_at__gte=begin).order_by("-created_at")
    batches = list(newest.values_list("pk", flat=True)[:MOST_BATCHES])
    refused = BatchPhoto.objects.filter(batch__in=batches, status=BatchPhotoStatus.REFUSED)
    counts = refused.order_by().values("batch").annotate(count=Count("pk"))
    return [
        Item(
            key=f"batch-{row['batch']}",
            sentence=f"{_count(row['count'], 'photo')} refused in batch {str(row['batch'])[:8]}.",
            link=reverse("admin:staging_stagingbatch_change", args=[row["batch"]]),
            needs="stagingbatch",
        )
        for row in counts
    ]


def _where(jobs: list[dict[str, Any]], begin: datetime) -> str:
    """Return the page of one job, or the list of those that failed since then."""
    if len(jobs) == 1:
        return reverse("admin:staging_stagingjob_change", args=[jobs[0]["job"]])
    return _jobs(JobStatus.FAILED, created_from=timezone.localdate(begin).isoformat())


def _jobs(status: JobStatus, **wanted: str) -> str:
    query = urlencode({"status__exact": status.value, **wanted})
    return f"{reverse('admin:staging_stagingjob_changelist')}?{query}"


def _count(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    return f"{f'over {MOST:,}' if count >= MOST else count} {noun}s"
