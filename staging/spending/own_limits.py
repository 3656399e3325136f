"""The limits that bind an account, as it may know them."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from staging.models import Period, Project, SpendingLimit
from staging.spending.headroom import Headroom, headroom_of
from staging.usage import midnight

SCOPES = ("account", "project", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimit:
    """A limit that binds an account; dollars are None where the account may not know them.

    `fits` says whether a picture of the default model fits now, of a typical photo.
    """

    scope: str
    project: uuid.UUID | None
    period: str
    when_over: str
    fits: bool
    resets_at: datetime
    usd: Decimal | None = None
    spent: Decimal | None = None
    held: Decimal | None = None
    left: Decimal | None = None


def limits_for(user: User) -> list[OwnLimit]:
    """Return the limits of an account, then those of the projects that it sees, then those of all.

    Three queries, whatever their number, beside those for the permissions.
    """
    seen = Project.objects.seen_by(user).order_by().values("pk")
    of_all = Q(project=None, account=None)
    bind = SpendingLimit.objects.filter(of_all | Q(account=user) | Q(project__in=seen))
    found = headroom_of(bind.select_related("project", "account"))
    limits = [_own(headroom, user) for headroom in found]
    return sorted(limits, key=lambda limit: SCOPES.index(limit.scope))


def _own(headroom: Headroom, user: User) -> OwnLimit:
    limit = headroom.limit
    dollars = {
        "usd": limit.usd,
        "spent": headroom.spent,
        "held": headroom.reserved,
        "left": headroom.left,
    }
    return OwnLimit(
        scope="account" if limit.account_id else "project" if limit.project_id else "all",
        project=limit.project_id,
        period=limit.period,
        when_over=limit.when_over,
        fits=not headroom.is_full,
        resets_at=midnight(Period(limit.period).next(timezone.localdate())),
        **(dollars if limit.shows_figures_to(user) else {}),
    )
