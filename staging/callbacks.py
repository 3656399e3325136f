"""Tells clients that their jobs have ended: at least once, with the same id at each attempt."""

import random
import time
from collections import Counter
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from staging.errors import Unfinished, own_fault
from staging.models import (
    Callback,
    CallbackAttempt,
    CallbackSecretRenewal,
    CallbackStatus,
    Prediction,
    StagingJob,
    callback_secrets,
)
from staging.outbound import public_http, signing
from staging.worker import heartbeat, stopping
from staging.worker.wake import Step, wake

# Longer than STAGING_CALLBACK_LIMIT_S and a resolver's own limit together.
LEASE = timedelta(seconds=90)
# The pauses after failed attempts, of which there is one more: 23 hours and 36 minutes in all.
PAUSES_S = (5, 60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600, 6 * 3600, 9 * 3600)
# Bounds for all callbacks that are being sent, and for one account's. So receivers that never
# answer hold up neither all threads of a worker nor the callbacks of other accounts.
AT_ONCE = 6
AT_ONCE_EACH = 2
log = structlog.get_logger(__name__)


def check_callback_url(url: str) -> None:
    """Raise public_http.AddressRefused for a URL that would never be called.

    This checks only the text; the addresses that a host's name leads to are checked at each
    attempt.
    """
    public_http.check_url(url, private_networks=settings.CALLBACK_PRIVATE_NETWORKS)


def get_callback_secret(user: User) -> str:
    """Return the secret that verifies the callbacks of a user's jobs and batches, as `whsec_…`."""
    return callback_secrets(user.pk)[0]


def renew_callback_secret(user: User, *, by: str) -> datetime:
    """Give an account's callbacks another secret; return until when the earlier one signs as well.

    As with other senders of webhooks, both sign for 24 hours, so that a receiver misses no message
    while it takes the new one. A stranger with the earlier one deceives only receivers that
    still trust it.
    """
    renewal = CallbackSecretRenewal.objects.create(account=user)
    log.info("callback secret renewed", account=user.get_username(), by=by)
    return renewal.at + CallbackSecretRenewal.SIGNS_ON


def is_due() -> bool:
    """Say whether a callback is due."""
    return Callback.objects.due(timezone.now()).exists()


def wake_where_due() -> None:
    if is_due():
        wake(Step.NOTIFY)


def send_due(*, for_s: float = 60.0) -> bool:
    """Send one due callback after another for `for_s`; say whether to come back for more."""
    until = time.monotonic() + for_s
    while not stopping.has_begun() and (callback := claim_next()):
        named = {"job": str(callback.job_id), "callback": str(callback.pk)}
        with structlog.contextvars.bound_contextvars(**named), stopping.holding(callback):
            send(callback)
        heartbeat.moved()
        if time.monotonic() > until:
            return True
    return False


def claim_next() -> Callback | None:
    """Claim the callback that is due for longest, or return None."""
    now = timezone.now()
    sending = Counter(Callback.objects.being_sent(now).account_pks())
    if sending.total() >= AT_ONCE:
        return None
    busy = [account for account, count in sending.items() if count >= AT_ONCE_EACH]
    due = Callback.objects.due(now).not_of(busy)
    by_wait = due.order_by(F("run_after").asc(nulls_first=True), "created_at")
    # Several workers read the same rows: the conditional UPDATE of `claim` lets one of them have a
    # callback, and the others try the next.
    for callback in by_wait.select_related("job__model", "job__batch_photo__batch")[:20]:
        if Callback.objects.claim(callback, lease=LEASE):
            return callback
    return None


def send(callback: Callback) -> None:
    """Make one attempt at a claimed callback, and record its result."""
    started_at, started = timezone.now(), time.monotonic()
    attempt = CallbackAttempt(at=started_at)
    try:
        attempt.status_code = _post(callback)
    except (public_http.AddressRefused, public_http.Unanswered) as error:
        attempt.error = str(error).replace("\0", "")[:300]
    # Raised again: here a bug of ours counts as an attempt, so that the callback does not come back
    # for ever.
    except Exception as error:
        attempt.error = own_fault(error)
        _note(callback, attempt, seconds=time.monotonic() - started)
        raise
    _note(callback, attempt, seconds=time.monotonic() - started)


def send_again(callback: Callback) -> None:
    """Make a callback due again that was delivered, given up or put off; it keeps its id.

    Raises NotPossible for a callback that is due anyway, or that waits for the end of its job.
    """
    with transaction.atomic():
        if not Callback.objects.send_again(callback):
            raise Unfinished("This callback is on its way, or waits for the end of its job.")
        transaction.on_commit(lambda: wake(Step.NOTIFY))


def message_of(job: StagingJob) -> dict[str, Any]:
    """Return the message about a job's end: its ids, its status, and the URL of its document.

    It has no URLs of pictures: these are short-lived, and the job's document has fresh ones.
    """
    failed = Prediction.objects.filter(job=job, is_replaced=False).exclude(error_code="")
    first = failed.order_by("position").only("error_code", "error").first()
    batch_photo = job.batch_photo
    ended_at = job.finished_at or job.changed_at
    return {
        "type": "job.finished",
        "timestamp": ended_at.isoformat().replace("+00:00", "Z"),
        "data": {
            "id": str(job.pk),
            "status": job.status,
            "project": str(job.project_id),
            "photo": str(job.photo_id),
            "batch": str(batch_photo.batch_id) if batch_photo else None,
            "model_id": job.model.slug,
            "error": {"code": first.error_code, "detail": first.public_error} if first else None,
            "url": f"{settings.PUBLIC_URL}{reverse('job', args=[job.pk])}",
        },
    }


def _post(callback: Callback) -> int:
    return signing.post(
        callback.url,
        message_of(callback.job),
        message_id=str(callback.pk),
        secrets=callback_secrets(callback.account_pk),
        private_networks=settings.CALLBACK_PRIVATE_NETWORKS,
    )


def _note(callback: Callback, attempt: CallbackAttempt, *, seconds: float) -> None:
    now = timezone.now()
    attempt.seconds = seconds
    follows = _what_follows(attempt, tries=callback.tries + 1, now=now)
    held = Callback.objects.note_attempt(callback, attempt, **follows)
    log.info("callback sent", answer=str(attempt), held=held, **_in_words(follows))


def _what_follows(attempt: CallbackAttempt, *, tries: int, now: datetime) -> dict[str, Any]:
    """Return the callback's new values: delivered, given up, or another time."""
    code = attempt.status_code or 0
    if 200 <= code < 300:
        return {"status": CallbackStatus.DELIVERED, "delivered_at": now, "run_after": None}
    # By a 410 a receiver says that it wants no more attempts.
    if code == HTTPStatus.GONE or tries > len(PAUSES_S):
        return {"status": CallbackStatus.FAILED, "run_after": None}
    # Up to a tenth longer, so that callbacks that failed together do not come back together.
    pause_s = PAUSES_S[tries - 1] * random.uniform(1.0, 1.1)  # noqa: S311
    return {"run_after": now + timedelta(seconds=pause_s)}


def _in_words(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
