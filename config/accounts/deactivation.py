"""Ends and pauses what an account has, once it is deactivated.

Its tokens and sessions end, for good. What it has queued waits: its purchases are paused until it
is active again, or an operator hands its queue over or cancels it (`staging.jobs.handing_over`).
What is bought already goes on to its end. So do its callbacks: they go to addresses that it named
while it was active, and hold no picture. Its public pages stay too: they are the project's, and
are revoked by themselves.

The signal of a saved account is what all of admin, shell and commands pass. `QuerySet.update`
sends none; `config.accounts.tasks.forget` does within the hour what it missed.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.signals import post_save
from django.dispatch import receiver
from knox.models import AuthToken

from config.accounts import sessions, tokens
from config.accounts.events import author_name
from staging.models import PurchasePause
from staging.spending.changing import pause, resume

REASON = "the account was deactivated"


@receiver(post_save, sender=User)
def follow(
    instance: User, created: bool, update_fields: Iterable[str] | None = None, **_: Any
) -> None:
    """Do what a saved account's being active or not asks for; it may be done already."""
    if created or (update_fields is not None and "is_active" not in update_fields):
        return
    if instance.is_active:
        reactivate(instance)
    else:
        deactivate(instance)


@transaction.atomic
def deactivate(account: User) -> None:
    """End an account's tokens and sessions, and let its queue wait."""
    tokens.revoke_all(account)
    sessions.end_sessions(account)
    # Last, because purchases of all accounts wait from here to the end of the transaction.
    pause(account=account, by=author_name(), reason=REASON)


def reactivate(account: User) -> None:
    """Let an account's queue be bought again. Tokens and sessions have to be made anew."""
    if held := PurchasePause.objects.filter(account=account).first():
        resume(held)


def catch_up() -> None:
    """Do what was missed of accounts that were changed without a signal."""
    token = AuthToken.objects.filter(user=OuterRef("pk"))
    held = PurchasePause.objects.filter(account=OuterRef("pk"))
    for account in User.objects.filter(Exists(token) | ~Exists(held), is_active=False):
        deactivate(account)
    for account in User.objects.filter(Exists(held), is_active=True):
        reactivate(account)
