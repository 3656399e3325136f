"""Begins a notice for each new condition, and ends it when the condition is over."""

import uuid
from contextlib import suppress
from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from staging.errors import NotPossible
from staging.models import Channel, Notice, NoticeDelivery, NoticeKind, StagingBatch
from staging.notices.conditions import Condition, find_conditions
from staging.notices.sending import can_mail, channels
from staging.worker.wake import Step, wake

log = structlog.get_logger(__name__)

# A condition that comes back sooner was not really over: its notice goes on, and is not sent again.
WELL_AFTER = timedelta(minutes=30)


def look() -> None:
    """Compare conditions with the notices that are not over; begin and end notices."""
    found = {condition.key: condition for condition in find_conditions(timezone.now())}
    # Those of batches are over when their owners have seen them.
    of_conditions = Notice.objects.for_operators().filter(over_at=None)
    standing = set(of_conditions.values_list("key", flat=True))
    for key in standing - found.keys():
        Notice.objects.filter(key=key, over_at=None).update(over_at=timezone.now())
    for key in found.keys() - standing:
        _begin(found[key])


@transaction.atomic
def tell(kind: NoticeKind, key: str, sentence: str, *, is_over: bool = False) -> Notice | None:
    """Write a notice with its deliveries; None where one of this key is not over yet."""
    now = timezone.now()
    notice, is_new = Notice.objects.get_or_create(
        key=key,
        over_at=now if is_over else None,
        defaults={"kind": kind, "sentence": sentence[:500], "at": now},
    )
    if not is_new:
        return None
    NoticeDelivery.objects.bulk_create(
        NoticeDelivery(notice=notice, channel=channel) for channel in channels()
    )
    log.warning("notice", kind=kind, sentence=sentence)
    return notice


@transaction.atomic
def tell_of_batch(batch: StagingBatch, sentence: str) -> None:
    """Write the notice of a batch to its owner, by e-mail too where mail and address are set."""
    notice = Notice.objects.create(
        kind=NoticeKind.BATCH, key=f"batch-{batch.pk}", sentence=sentence[:500], batch=batch
    )
    if can_mail(batch.owner):
        NoticeDelivery.objects.create(notice=notice, channel=Channel.EMAIL)
    log.info("batch done", batch=str(batch.pk), sentence=sentence)


def _begin(condition: Condition) -> None:
    earlier = Notice.objects.filter(key=condition.key).order_by("-at").first()
    if (condition.told_with and _was_told(condition)) or (
        earlier and earlier.over_at and earlier.over_at > timezone.now() - WELL_AFTER
    ):
        _stand_again(earlier)
    else:
        tell(condition.kind, condition.key, condition.sentence)


def _was_told(condition: Condition) -> bool:
    return Notice.objects.filter(key__in=(condition.key, *condition.told_with)).exists()


def _stand_again(notice: Notice | None) -> None:
    if notice is None:
        return
    # Of two workers that look at the same moment, the second breaks the constraint: all is done.
    with suppress(IntegrityError), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(over_at=None)


@transaction.atomic
def send_test(*, by: str) -> Notice | None:
    """Write a test notice, which a worker sends at once through every channel that is set up.

    Raises NotPossible where no channel is set up.
    """
    if not channels():
        raise NotPossible(
            "Notices are sent nowhere yet: an administrator sets up e-mail or a webhook first."
        )
    sentence = f"This is a test that {by} asked for: notices arrive here."
    notice = tell(NoticeKind.TEST, f"test-{uuid.uuid4()}", sentence, is_over=True)
    transaction.on_commit(lambda: wake(Step.WATCH))
    return notice
