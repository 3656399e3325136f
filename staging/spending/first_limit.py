"""The first spending limit: of a day and of all projects, offered where there is no limit yet."""

from datetime import timedelta
from decimal import Decimal
from math import ceil

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from staging.models import DailyUsage, Period, SpendingLimit
from staging.spending.changing import hold_purchases, save_limit

LOOKED_BACK = timedelta(days=30)
LEAST_USD = 20


def offered_usd() -> Decimal | None:
    """Return the dollars a day that are offered as a first limit; None where there is a limit.

    They are twice what the dearest of the last days cost, in tens, and at least LEAST_USD: enough
    for a usual day, and a bound of what a mistake can cost.
    """
    if SpendingLimit.objects.exists():
        return None
    since = timezone.localdate() - LOOKED_BACK
    days = DailyUsage.objects.filter(day__gte=since).order_by().values("day")
    costs = days.annotate(sum=Sum("cost")).order_by("-sum").values_list("sum", flat=True)
    dearest = costs.first() or Decimal(0)
    return Decimal(max(LEAST_USD, 10 * ceil(2 * dearest / 10)))


@transaction.atomic
def set_first_limit() -> SpendingLimit | None:
    """Set the limit that is offered; return None where there is one of any kind by now."""
    # Of two operators that click at once, the second waits here, and finds the first one's limit.
    hold_purchases()
    usd = offered_usd()
    if usd is None:
        return None
    limit = SpendingLimit(period=Period.DAY, usd=usd)
    save_limit(limit)
    return limit
