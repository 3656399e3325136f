"""Purchases that a client named with a key, so that asking twice buys once."""

from django.db import IntegrityError

from staging.models import IdempotencyKey, StagingBatch, StagingJob


class AlreadyAsked(Exception):
    """Another request with this key was first; whatever this one did is undone."""


def keep_key(
    key: IdempotencyKey | None,
    *,
    job: StagingJob | None = None,
    batch: StagingBatch | None = None,
) -> None:
    """Write down what a key bought, in the transaction that buys it; None has nothing to keep.

    Of two requests at once the second waits here for the first's transaction, and then raises
    AlreadyAsked: let it through, so that its own transaction is rolled back.
    """
    if key is None:
        return
    key.job, key.batch = job, batch
    try:
        key.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyAsked(key.key) from error


def find_key(owner_pk: int, key: str) -> IdempotencyKey | None:
    """Return what somebody's key stands for, once it is committed."""
    kept = IdempotencyKey.objects.filter(owner=owner_pk, key=key)
    return kept.select_related("job", "batch").first()
