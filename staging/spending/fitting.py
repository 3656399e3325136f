"""Says whether a purchase that is only considered fits into its limits, and what they leave."""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User

from staging.models import Period, SpendingLimit, WhenOver
from staging.spending.headroom import Headroom, headroom_of
from staging.spending.outlay import Outlay

_UNTIL = {Period.DAY: "tomorrow", Period.MONTH: "next month"}
_NOW = {Period.DAY: "today", Period.MONTH: "this month"}


@dataclass(frozen=True, slots=True)
class Fit:
    """A considered purchase beside the limit that leaves least for it; None where no limit binds.

    `told_to` reads it: figures are in its words only where the account may know them.
    """

    outlay: Outlay
    tightest: Headroom | None
    told_to: User

    @property
    def fits(self) -> bool:
        """Whether everything can be bought at once, as far as the limits go."""
        if self.tightest is None:
            return True
        return self.outlay.held is not None and self.outlay.held <= self.tightest.left

    @property
    def in_words(self) -> str:
        """Say what is left, and what happens to what does not fit.

        >>> fit.in_words
        'It fits: All projects have $4.10 left today.'
        """
        if self.tightest is None:
            return "It fits: no spending limit binds it."
        if self.fits:
            return f"It fits{self._figures(': ')}."
        limit = self.tightest.limit
        refuses = limit.when_over == WhenOver.REFUSE
        if self.outlay.held is None or self.outlay.about is None:
            end = "is refused" if refuses else "waits for an estimate of an operator"
            return f"Nobody has estimated what this model costs, so under a limit it {end}."
        if self.outlay.about <= self.tightest.left:
            some = "some pictures may be refused" if refuses else "some pictures may wait a little"
            return (
                f"It nearly fits{self._figures(': ')}. More is held while pictures are made than"
                f" they cost in the end, so {some}."
            )
        until = _UNTIL[Period(limit.period)]
        end = "is refused" if refuses else f"waits for budget, until {until} or a higher limit"
        return f"It does not fit{self._figures(': ')}. What does not fit {end}."

    def _figures(self, before: str) -> str:
        """Return what is left, for those who may know it."""
        if self.tightest is None or not self.tightest.limit.shows_figures_to(self.told_to):
            return ""
        limit = self.tightest.limit
        have = "has" if limit.project_id or limit.account_id else "have"
        left, now = f"{self.tightest.left:.2f}", _NOW[Period(limit.period)]
        return f"{before}{limit.whose} {have} ${left} left {now}"


def fit_into_limits(outlay: Outlay, *, project: uuid.UUID, account: User) -> Fit:
    """Compare what an account may ask for in a project with the limits that it is under."""
    limits = SpendingLimit.objects.of_purchase(project=project, account=account.pk)
    found = headroom_of(limits.select_related("project", "account"))
    tightest = min(found, key=lambda headroom: headroom.left, default=None)
    return Fit(outlay, tightest, account)


def total(outlays: "list[tuple[Outlay, int]]") -> Outlay:
    """Add up outlays, each so many times; a sum with an unknown part is unknown."""
    return Outlay(
        _sum([(outlay.about, times) for outlay, times in outlays]),
        _sum([(outlay.held, times) for outlay, times in outlays]),
    )


def _sum(amounts: list[tuple[Decimal | None, int]]) -> Decimal | None:
    known = [amount * times for amount, times in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None
