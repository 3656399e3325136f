"""Changes limits, estimates and pauses, and lets the predictions that waited look for room."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from modelsettings.models import ReplicateModel
from staging.models import (
    WAITING,
    AccountUsage,
    DailyUsage,
    Period,
    Prediction,
    PredictionStatus,
    PriceEstimate,
    Project,
    PurchasePause,
    SpendingLimit,
    StagingJob,
)
from staging.worker.wake import Step, wake


@transaction.atomic
def save_limit(limit: SpendingLimit) -> None:
    """Save a limit, and let predictions look for room again.

    A new limit counts what its period has cost so far.
    """
    is_new = limit.pk is None
    if is_new:
        hold_purchases()
        limit.begins_on = Period(limit.period).begin(timezone.localdate())
        limit.save()
        _count_so_far(limit)
    else:
        # Not the sums, which workers change meanwhile; nor the project, the account and the period
        # that they are of.
        limit.save(update_fields=["usd", "when_over"])
    look_again(limit)


@transaction.atomic
def delete_limit(limit: SpendingLimit) -> None:
    """Delete a limit, and let the predictions that waited look for room again."""
    limit.delete()
    look_again()


@transaction.atomic
def save_estimate(estimate: PriceEstimate) -> None:
    """Save the expected cost of a model's predictions, and let those that waited look again."""
    estimate.save()
    look_again()


@transaction.atomic
def pause(
    *,
    model: ReplicateModel | None = None,
    account: User | None = None,
    by: str,
    reason: str = "",
) -> PurchasePause:
    """Stop purchases of a model, of an account, or of all; what is bought goes on.

    Purchases that are being written are waited for; what is claimed only is not bought. A pause
    that is there already keeps its author and its reason. A caller that takes
    locks of a purchase in the same transaction pauses first: purchases lock the pauses first.
    """
    hold_purchases(PurchasePause)
    paused, _ = PurchasePause.objects.get_or_create(
        model=model, account=account, defaults={"by": by, "reason": reason.strip()[:200]}
    )
    return paused


@transaction.atomic
def resume(paused: PurchasePause) -> None:
    """End a pause: workers are woken, and the predictions that waited are due as of now."""
    paused.delete()
    # With their old times, `staging.notices.conditions` would say that they waited for workers.
    due = Prediction.objects.filter(status=PredictionStatus.QUEUED, run_after__lt=timezone.now())
    due.update(run_after=timezone.now())
    transaction.on_commit(lambda: wake(Step.SUBMIT))


def look_again(*changed: SpendingLimit) -> None:
    """Let every prediction that waits for room look for it now, once this is committed.

    A prediction that waits under a `changed` limit is marked as held by none, so that its next
    refusal counts as news, and its job changes.
    """
    # After the commit, because a purchase locks its prediction before the limits. Our transaction
    # holds limits, so it must not wait for a prediction.
    transaction.on_commit(lambda: _wake_waiting(changed))


def follow_name(project: Project) -> None:
    """Let the jobs that wait under a project's limits change, as their documents do.

    A document names the limit, by the project's name, to those who may know its figures.
    """
    limits = list(project.spending_limits.all())
    if limits:
        waiting = Prediction.objects.filter(
            status=PredictionStatus.QUEUED, error_code__in=WAITING, held_by_limit__in=limits
        )
        jobs = StagingJob.objects.filter(predictions__in=waiting)
        jobs.update(changed_at=timezone.now())


def _wake_waiting(changed: Sequence[SpendingLimit]) -> None:
    waiting = Prediction.objects.filter(
        status=PredictionStatus.QUEUED, error_code__in=WAITING, lease_until=None
    )
    if changed:
        waiting.filter(held_by_limit__in=changed).update(held_by_limit=None)
    waiting.update(run_after=timezone.now())
    wake(Step.SUBMIT)


def hold_purchases(table: type[SpendingLimit] | type[PurchasePause] = SpendingLimit) -> None:
    """Let transactions that write purchases finish first, and others wait for this one's end.

    Else a purchase could be counted twice in a new limit, or not at all, or be made after a pause
    has begun. A lock of the new row would not help: other transactions do not see that row before
    our commit. But each of them locks some rows of the table, and PostgreSQL lets no transaction
    lock rows of a table while another holds it in EXCLUSIVE mode. SQLite has one writer at a time
    anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table._meta.db_table} IN EXCLUSIVE MODE")


def _count_so_far(limit: SpendingLimit) -> None:
    """Set a new limit's sums: the costs of its period so far, and what is reserved now."""
    usage: QuerySet[Any] = DailyUsage.objects.all()
    under_way = Prediction.objects.under_way().filter(reserved_on__gte=limit.begins_on)
    if limit.project_id:
        usage = usage.filter(project=limit.project_id)
        under_way = under_way.filter(job__project=limit.project_id)
    elif limit.account_id:
        usage = AccountUsage.objects.filter(account=limit.account_id)
        under_way = under_way.paid_by(limit.account_id)
    counted = usage.filter(day__gte=limit.begins_on)
    limit.spent = counted.aggregate(sum=Sum("cost"))["sum"] or Decimal(0)
    limit.reserved = under_way.aggregate(sum=Sum("reserved"))["sum"] or Decimal(0)
    limit.save(update_fields=["spent", "reserved"])
