"""Puts troubles of the first page aside, for everybody, until they happen again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog
from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from staging import access
from staging.models import PutAside

log = structlog.get_logger(__name__)

# What was put aside longer ago is forgotten: by then, its trouble is no longer looked for.
KEPT = timedelta(days=365)


class Occurrence(Protocol):
    """A trouble as far as it has come: its `state`, and the time at which it last happened."""

    @property
    def key(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def last_at(self) -> datetime | None: ...


Found = TypeVar("Found", bound=Occurrence)


def may_put_aside(user: User | AnonymousUser) -> bool:
    """Say whether an account decides for all: it sees all projects, and looks after notices."""
    return access.has_all_projects(user) and user.has_perm("staging.change_notice")


def put_aside(trouble: Occurrence, *, by: str) -> None:
    """Put a trouble aside as far as it has come; the latest to do so is named."""
    now = timezone.now()
    PutAside.objects.filter(at__lt=now - KEPT).delete()
    PutAside.objects.update_or_create(
        key=trouble.key,
        defaults={"state": trouble.state, "last_at": trouble.last_at, "by": by, "at": now},
    )
    log.info("trouble_put_aside", key=trouble.key, by=by)


def bring_back(key: str, *, by: str) -> None:
    """Show a trouble again that was put aside."""
    if PutAside.objects.filter(key=key).delete()[0]:
        log.info("trouble_brought_back", key=key, by=by)


def sort_out(troubles: Iterable[Found]) -> tuple[list[Found], list[tuple[Found, PutAside]]]:
    """Return the troubles that need an operator, and those that are put aside; one query."""
    found = list(troubles)
    rows = PutAside.objects.in_bulk([trouble.key for trouble in found], field_name="key")
    shown, aside = [], []
    for trouble in found:
        row = rows.get(trouble.key)
        if row is not None and _covers(row, trouble):
            aside.append((trouble, row))
        else:
            shown.append(trouble)
    return shown, aside


def _covers(row: PutAside, trouble: Occurrence) -> bool:
    """Say whether a trouble has come no further than when it was put aside."""
    if row.state != trouble.state:
        return False
    if trouble.last_at is None or row.last_at is None:
        return trouble.last_at == row.last_at
    return trouble.last_at <= row.last_at
