"""Celery's tasks of accounts, which the clock starts."""

import structlog
from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from config.accounts import lockouts
from config.accounts.deactivation import catch_up
from config.accounts.tokens import forget_ended

log = structlog.get_logger(__name__)


@shared_task
def forget() -> None:
    """Delete failed sign-ins that no longer count, and sessions and tokens that have ended.

    And do what was missed of accounts that were changed without a signal.
    """
    catch_up()
    attempts = lockouts.forget_old_attempts()
    tokens = forget_ended()
    sessions, _ = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    log.info("forgotten", attempts=attempts, sessions=sessions, tokens=tokens)
