"""Locks out those who guess passwords: by account and address together, or by address alone.

No account is locked by itself: a stranger who knows its name could lock its owner out. django-axes
counts in the database, so that all web processes count together.
"""

import math
from datetime import timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

# Failures of an address, of whatever accounts, for one of the AXES_FAILURE_LIMIT of a pair. Many
# people may share an address, and each of them mistypes.
ADDRESS_FACTOR = 4


class PairsAndAddresses(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """Counts the failures of a pair of account and address, and those of the address.

    AXES_LOCKOUT_PARAMETERS names the two in this order; axes has one limit for both.
    """

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        pair, address = (
            attempts.aggregate(sum=Sum("failures_since_start"))["sum"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(pair, address // ADDRESS_FACTOR)

    def reset_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> int:
        """Forget the failures of the pair that has signed in.

        Those of the address stay: a guesser with an account would otherwise begin anew with each
        sign-in of their own.
        """
        pair, _ = self.filter_user_attempts(request, credentials)
        count: int = pair.delete()[0]
        return count


def answer_locked(
    request: HttpRequest, _answer: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Answer a try to sign in that is locked out with a page that says for how long."""
    left = _time_left(request, credentials)
    context = {
        **admin.site.each_context(request),
        "title": "Too many wrong passwords",
        "minutes": math.ceil(left.total_seconds() / 60),
    }
    answer = render(request, "admin/locked.html", context, status=429)
    answer.headers["Retry-After"] = str(math.ceil(left.total_seconds()))
    return answer


def forget_old_attempts() -> int:
    """Delete failures that no longer count; return how many rows."""
    old = AccessAttempt.objects.filter(
        attempt_time__lte=timezone.now() - settings.AXES_COOLOFF_TIME
    )
    count: int = old.delete()[0]
    return count


def _time_left(request: HttpRequest, credentials: dict[str, Any] | None) -> timedelta:
    """Return how long the lock stands at most: until the newest failure no longer counts."""
    lock_time: timedelta = settings.AXES_COOLOFF_TIME
    attempts = PairsAndAddresses().get_user_attempts(request, credentials)
    newest = [found for rows in attempts if (found := rows.aggregate(at=Max("attempt_time"))["at"])]
    if not newest:
        return lock_time
    left: timedelta = max(newest) + lock_time - timezone.now()
    return max(left, timedelta(seconds=1))
