"""Sets a spending limit for every account that has none."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone

from modelsettings.errors import RequestRefused
from staging.models import AccountUsage, Period, Prediction, SpendingLimit, WhenOver
from staging.models.prediction import payer
from staging.spending.changing import hold_purchases

MOST_USD = Decimal("99999999.99")


class LimitRefused(RequestRefused):
    """An amount that no limit can have."""


def accounts_without(period: Period) -> QuerySet[User]:
    """Return the active accounts that have no limit of a period."""
    limits = SpendingLimit.objects.filter(account=OuterRef("pk"), period=period)
    return User.objects.filter(~Exists(limits), is_active=True).order_by("pk")


@transaction.atomic
def limit_accounts(
    *, usd: Decimal, period: Period, when_over: WhenOver = WhenOver.WAIT
) -> list[SpendingLimit]:
    """Set a limit for every active account that has none of that period; return the new ones.

    Each counts what its account spent in the period so far. An account that is made later has none.
    Raises LimitRefused for an amount that no limit can have.
    """
    if not (usd.is_finite() and 0 <= usd <= MOST_USD):
        raise LimitRefused(f"Write dollars from 0 to {MOST_USD:,}.", field="usd")
    if usd != usd.quantize(Decimal("0.01")):
        raise LimitRefused("Write dollars with two decimal places at most.", field="usd")
    hold_purchases()
    begins_on = period.begin(timezone.localdate())
    spent, reserved = _spent_since(begins_on), _reserved_since(begins_on)
    new = [
        SpendingLimit(
            account=account,
            period=period,
            usd=usd.quantize(Decimal("0.01")),
            when_over=when_over,
            begins_on=begins_on,
            spent=spent.get(account.pk, Decimal(0)),
            reserved=reserved.get(account.pk, Decimal(0)),
        )
        for account in accounts_without(period)
    ]
    return SpendingLimit.objects.bulk_create(new, batch_size=500)


def _spent_since(day: date) -> dict[int, Decimal]:
    counted = AccountUsage.objects.filter(day__gte=day).order_by().values("account")
    return _sums(counted.annotate(sum=Sum("cost")).values_list("account", "sum"))


def _reserved_since(day: date) -> dict[int, Decimal]:
    under_way = Prediction.objects.under_way().filter(reserved_on__gte=day).order_by()
    by_payer = under_way.annotate(payer=payer()).values("payer")
    return _sums(by_payer.annotate(sum=Sum("reserved")).values_list("payer", "sum"))


def _sums(rows: Iterable[tuple[Any, Any]]) -> dict[int, Decimal]:
    return {account: usd or Decimal(0) for account, usd in rows}
