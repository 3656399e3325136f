"""Idempotency keys: a purchase that a client names with a key is made once, if asked for twice."""

from django.db import IntegrityError

from staging.models import IdempotencyKey, StagingBatch, StagingJob


class AlreadyAsked(Exception):
    """Another request with this key was first, so the transaction of this one is rolled back."""


def keep_key(
    key: IdempotencyKey | None,
    *,
    job: StagingJob | None = None,
    batch: StagingBatch | None = None,
) -> None:
    """Record what a key bought, in the transaction of the purchase; without a key do nothing.

    Where two requests come at once, the second waits here for the end of the first's transaction.
    Then it raises AlreadyAsked, which the caller lets through, so that its own transaction is
    rolled back.
    """
    if key is None:
        return
    key.job, key.batch = job, batch
    try:
        key.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyAsked(key.key) from error


def find_key(owner_pk: int, key: str) -> IdempotencyKey | None:
    """Return the record of a user's key with its job and its batch, or None for a new key."""
    kept = IdempotencyKey.objects.filter(owner=owner_pk, key=key)
    return kept.select_related("job", "batch").first()
