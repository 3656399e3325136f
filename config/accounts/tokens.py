"""API tokens: making, listing and revoking them, and noting that they were used."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from knox.models import AuthToken

from config.accounts.models import TokenDetails

# A use is written at most so often: a client may send many requests a second.
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_token(
    account: User, *, name: str = "", ends_at: datetime | None = None
) -> tuple[AuthToken, str]:
    """Make a token; return its row and the token itself, of which only a hash is stored."""
    # knox takes a duration, and adds it to a later now.
    token, secret = AuthToken.objects.create(account, expiry=None)
    if ends_at is not None:
        token.expiry = ends_at
        token.save(update_fields=["expiry"])
    TokenDetails.objects.create(token=token, name=name)
    return token, secret


def list_tokens(account: User) -> QuerySet[Any]:
    """Return the tokens of an account that still work, the newest first, with their details."""
    working: QuerySet[Any] = AuthToken.objects.filter(
        Q(expiry=None) | Q(expiry__gt=timezone.now()), user=account
    )
    without = working.filter(details=None)
    TokenDetails.objects.bulk_create(
        [TokenDetails(token=token) for token in without], ignore_conflicts=True
    )
    return working.select_related("details").order_by("-created")


def find_token(account: User, token_id: uuid.UUID) -> Any | None:
    """Return an account's token by its id, or None where it has no such token."""
    return AuthToken.objects.filter(user=account, details=token_id).first()


def revoke_all(account: User) -> int:
    """Revoke every token of an account; return how many."""
    tokens = list(AuthToken.objects.filter(user=account))
    AuthToken.objects.filter(pk__in=[token.pk for token in tokens]).delete()
    return len(tokens)


def forget_ended() -> int:
    """Delete tokens that have ended, and details without a token; return how many tokens."""
    ended = list(AuthToken.objects.filter(expiry__lte=timezone.now()))
    AuthToken.objects.filter(pk__in=[token.pk for token in ended]).delete()
    there = AuthToken.objects.filter(pk=OuterRef("token_id"))
    TokenDetails.objects.filter(~Exists(there)).delete()
    return len(ended)


def note_use(token: AuthToken) -> None:
    """Note that a token was used, where that was not noted within the last minute."""
    now = timezone.now()
    details = TokenDetails.objects.filter(token=token)
    known = details.values_list("last_used_at", flat=True).first()
    if known is not None and known > now - USE_NOTED_EVERY:
        return
    if not details.update(last_used_at=now):
        details.bulk_create([TokenDetails(token=token, last_used_at=now)], ignore_conflicts=True)
