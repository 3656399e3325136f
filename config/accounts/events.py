"""Logs sign-ins, API tokens, and changes of accounts, of roles and of their rights.

Accounts are changed in the admin, by commands and in shells, so the database's signals are the one
place that all of these pass. `QuerySet.update`, `bulk_create` and SQL send none, and log nothing.
Each line says who did it and from which address; a line without an address is of a command or a
shell. No password, token or typed name of an unknown account is logged: people type passwords into
the field of the name.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

import structlog
from axes.signals import user_locked_out
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from knox.models import AuthToken

from config.http.client_address import client_address
from config.http.current_request import find_request

# What of an account is logged when it changes; of a password only that it did.
_WATCHED = ("username", "is_active", "is_staff", "is_superuser", "password")
_CONSOLE = "console"

log = structlog.get_logger("accounts")


@receiver(user_logged_in)
def log_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    log.info("signed in", account=user.get_username(), address=client_address(request))


@receiver(user_logged_out)
def log_sign_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        log.info("signed out", account=user.get_username(), address=client_address(request))


@receiver(user_login_failed)
def log_failed_sign_in(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    _log_refused("sign-in failed", str(credentials.get("username", "")), request)


@receiver(user_locked_out)
def log_lockout(request: HttpRequest, username: str | None, **_: Any) -> None:
    _log_refused("sign-in locked", username or "", request)


@receiver(post_save, sender=AuthToken)
def log_new_token(instance: AuthToken, created: bool, **_: Any) -> None:
    if created:
        transaction.on_commit(partial(_log_token, instance, _author()))


def _log_token(token: AuthToken, author: dict[str, Any]) -> None:
    """Log a token with its end, which `create_token` sets after the row is made."""
    ends_at = token.expiry and token.expiry.isoformat()
    log.info("token made", **author, account=token.user.get_username(), ends_at=ends_at)


@receiver(post_delete, sender=AuthToken)
def log_end_of_token(instance: AuthToken, **_: Any) -> None:
    _note("token revoked", account=instance.user.get_username())


@receiver(pre_save, sender=User)
def remember_account(instance: User, update_fields: Iterable[str] | None = None, **_: Any) -> None:
    """Read what the account was like, for `log_changed_account`."""
    # Most saves are of a sign-in, and write `last_login` alone.
    watched = set(_WATCHED) & set(_WATCHED if update_fields is None else update_fields)
    before = User.objects.filter(pk=instance.pk).values(*watched) if watched else []
    instance._before = next(iter(before), None)  # type: ignore[attr-defined]  # ours


@receiver(post_save, sender=User)
def log_changed_account(instance: User, created: bool, **_: Any) -> None:
    account = instance.get_username()
    if created:
        rights = {name: getattr(instance, name) for name in ("is_staff", "is_superuser")}
        _note("account made", account=account, **rights)
        return
    before: dict[str, Any] = getattr(instance, "_before", None) or {}
    changed = {name: getattr(instance, name) for name in before}
    changed = {name: value for name, value in changed.items() if value != before[name]}
    if "password" in changed:
        changed["password"] = "changed"  # noqa: S105  # not one
    if changed:
        _note("account changed", account=before.get("username", account), changed=changed)


@receiver(post_delete, sender=User)
def log_deleted_account(instance: User, **_: Any) -> None:
    _note("account deleted", account=instance.get_username())


@receiver(post_save, sender=Group)
def log_role(instance: Group, created: bool, **_: Any) -> None:
    _note("role made" if created else "role saved", role=instance.name)


@receiver(post_delete, sender=Group)
def log_deleted_role(instance: Group, **_: Any) -> None:
    _note("role deleted", role=instance.name)


@receiver(m2m_changed, sender=User.groups.through)
@receiver(m2m_changed, sender=User.user_permissions.through)
@receiver(m2m_changed, sender=Group.permissions.through)
def log_rights(
    instance: Model,
    action: str,
    reverse: bool,
    model: type[Model],
    pk_set: set[Any] | None,
    **_: Any,
) -> None:
    """Log what was given or taken: roles and permissions of an account, permissions of a role."""
    done = {"post_add": "given", "post_remove": "taken", "pre_clear": "taken"}.get(action)
    if done is None:
        return
    rows = [] if pk_set is None else model._default_manager.filter(pk__in=pk_set)
    named = ["all"] if pk_set is None else sorted(str(row) for row in rows)
    if reverse:
        # The instance is what was given or taken, and the rows are who has it.
        for row in named:
            _note(f"rights {done}", of=row, rights=[str(instance)])
    elif named:
        _note(f"rights {done}", of=str(instance), rights=named)


def _note(event: str, **said: Any) -> None:
    """Log an event once its transaction is committed, with who did it."""
    transaction.on_commit(partial(log.info, event, **_author(), **said))


def author_name() -> str:
    """Return who does what is being done: an account, or `console` for a command or a shell."""
    request = find_request()
    if request is None:
        return _CONSOLE
    user: Any = getattr(request, "user", None)
    return (user.get_username() if user is not None else "") or "nobody"


def _author() -> dict[str, Any]:
    request = find_request()
    where = {"address": client_address(request)} if request else {}
    return {"by": author_name(), **where}


def _log_refused(event: str, typed: str, request: HttpRequest | None) -> None:
    known = User.objects.filter(username=typed).exists()
    address = client_address(request) if request else None
    log.warning(event, account=typed if known else "unknown", address=address)
