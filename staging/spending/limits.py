"""Changes of limits, estimates and pauses; what waited for one of them is looked at again."""

from collections.abc import Sequence
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from modelsettings.models import ReplicateModel
from staging.models import (
    WAITING,
    DailyUsage,
    Period,
    Prediction,
    PredictionStatus,
    PriceEstimate,
    Project,
    PurchasePause,
    SpendingLimit,
)
from staging.worker.wake import Step, wake


@transaction.atomic
def save_limit(limit: SpendingLimit) -> None:
    """Save a limit; a new one counts what its period has cost so far. What waited is looked at."""
    is_new = limit.pk is None
    if is_new:
        _hold_purchases()
        limit.begins_on = Period(limit.period).begin(timezone.localdate())
        limit.save()
        _count_so_far(limit)
    else:
        # Neither what workers add to the sums meanwhile, nor what the sums are of.
        limit.save(update_fields=["usd", "when_over"])
    look_again(limit)


@transaction.atomic
def delete_limit(limit: SpendingLimit) -> None:
    """Delete a limit; what waited for room under it is looked at."""
    limit.delete()
    look_again()


@transaction.atomic
def save_estimate(estimate: PriceEstimate) -> None:
    """Save what a prediction of a model is reckoned to cost; what waited for it is looked at."""
    estimate.save()
    look_again()


@transaction.atomic
def pause(*, model: ReplicateModel | None = None, by: str, reason: str = "") -> PurchasePause:
    """Buy nothing more of a model, or of any; what is bought goes on. Who was first is kept."""
    paused, _ = PurchasePause.objects.get_or_create(
        model=model, defaults={"by": by, "reason": reason.strip()[:200]}
    )
    return paused


@transaction.atomic
def resume(paused: PurchasePause) -> None:
    """End a pause: workers are woken, and what waited is due as of now."""
    paused.delete()
    # It has not been waiting for workers, which `staging.notices.conditions` would take it for.
    due = Prediction.objects.filter(status=PredictionStatus.QUEUED, run_after__lt=timezone.now())
    due.update(run_after=timezone.now())
    transaction.on_commit(lambda: wake(Step.SUBMIT))


def look_again(*changed: SpendingLimit) -> None:
    """Let everything that waits for room be looked at now, once this is committed.

    What waits under a `changed` limit is held by none until then: why it waits is news again. A
    purchase locks its prediction, then the limits: whoever holds these must not wait for it.
    """
    transaction.on_commit(lambda: _wake_waiting(changed))


def follow_name(project: Project) -> None:
    """Let what waits under a project's limits say its new name, once this is committed."""
    if limits := list(project.spending_limits.all()):
        look_again(*limits)


def _wake_waiting(changed: Sequence[SpendingLimit]) -> None:
    waiting = Prediction.objects.filter(
        status=PredictionStatus.QUEUED, error_code__in=WAITING, lease_until=None
    )
    if changed:
        waiting.filter(held_by_limit__in=changed).update(held_by_limit=None)
    waiting.update(run_after=timezone.now())
    wake(Step.SUBMIT)


def _hold_purchases() -> None:
    """Let whoever reserves or settles finish first, or wait for this transaction's end.

    A new row is seen by nobody before that, so its own lock would hold nobody up. Whoever changes
    the limits locks rows of their table, and with it the table in a mode that this one excludes;
    SQLite has one writer at a time.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {SpendingLimit._meta.db_table} IN EXCLUSIVE MODE")


def _count_so_far(limit: SpendingLimit) -> None:
    """Count what ended in this period, and what is under way."""
    usage = DailyUsage.objects.filter(day__gte=limit.begins_on)
    under_way = Prediction.objects.under_way().filter(reserved_on__gte=limit.begins_on)
    if limit.project_id:
        usage = usage.filter(project=limit.project_id)
        under_way = under_way.filter(job__project=limit.project_id)
    limit.spent = usage.aggregate(sum=Sum("cost"))["sum"] or Decimal(0)
    limit.reserved = under_way.aggregate(sum=Sum("reserved"))["sum"] or Decimal(0)
    limit.save(update_fields=["spent", "reserved"])
