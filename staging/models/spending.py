"""Spending: limits from which a purchase reserves before it is made, and estimates."""

from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from modelsettings.errors import RequestRefused
from modelsettings.models import ReplicateModel
from staging.models.project import Project

# SQLite adds up dollars in floating point: amounts that differ by less than half a millionth of a
# dollar, our last place, count as equal.
HALF_A_MILLIONTH = Decimal("0.0000005")
# Codes of waiting predictions: the first waits for the next period or a higher limit, the second
# for an operator's estimate of its cost.
OVER_LIMIT, NO_ESTIMATE = "over_limit", "no_estimate"
WAITING = (OVER_LIMIT, NO_ESTIMATE)
# Their sentences for everybody, without figures: budgets are not told to strangers.
NO_FIGURES = {
    OVER_LIMIT: "It does not fit today: ask an operator, who can raise the limit.",
    NO_ESTIMATE: "Nobody knows what this model costs: ask an operator to estimate it.",
}


class Period(models.TextChoices):
    DAY = "day"
    MONTH = "month"

    def begin(self, day: date) -> date:
        """Return the first day of the period that holds a day."""
        return day if self == Period.DAY else day.replace(day=1)

    def next(self, day: date) -> date:
        """Return the first day of the period after the one that holds a day."""
        if self == Period.DAY:
            return day + timedelta(days=1)
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


class WhenOver(models.TextChoices):
    WAIT = "wait", "waits for the next period, or a higher limit"
    REFUSE = "refuse", "is refused"


class OverLimit(RequestRefused):
    """A purchase for which a limit leaves no room.

    Its code is also the error code of a prediction that waits or has failed because of it. The
    message has no figures, unless they may be `told_to` the account that asks. `figures`, for logs,
    says which limit it is, and how much is left.
    """

    status = 402
    code = OVER_LIMIT

    def __init__(
        self, limit: "SpendingLimit", usd: Decimal | None, *, told_to: User | None = None
    ) -> None:
        self.limit, self.usd = limit, usd
        self.figures = limit.in_figures(self.code, usd=usd)
        may_know = told_to is not None and limit.shows_figures_to(told_to)
        super().__init__(self.figures if may_know else NO_FIGURES[self.code])

    @property
    def is_final(self) -> bool:
        """Whether the prediction fails rather than waits."""
        return self.limit.when_over == WhenOver.REFUSE


class NoEstimate(OverLimit):
    """A purchase under a limit, of an unknown cost."""

    code = NO_ESTIMATE

    def __init__(self, limit: "SpendingLimit", *, told_to: User | None = None) -> None:
        super().__init__(limit, None, told_to=told_to)


class SpendingLimitQuerySet(models.QuerySet["SpendingLimit"]):
    def of_purchase(self, *, project: object, account: int) -> "SpendingLimitQuerySet":
        """Return the limits into which a purchase has to fit, by the keys of its project and payer.

        They are the limits of the project, of the account that pays, and of everything.
        """
        of_all = Q(project=None, account=None)
        return self.filter(of_all | Q(project=project) | Q(account=account))

    def of_project(self, project: object) -> "SpendingLimitQuerySet":
        """Return the limits into which each purchase of a project has to fit, of any account."""
        return self.filter(Q(project=None, account=None) | Q(project=project))

    def refusing(self) -> "SpendingLimitQuerySet":
        """Return the limits that refuse a purchase over them, rather than let it wait."""
        return self.filter(when_over=WhenOver.REFUSE)

    def check_headroom(
        self, usd: Decimal | None, *, today: date, told_to: User | None = None
    ) -> None:
        """Raise OverLimit where one of these limits has no room now; reserve nothing."""
        for limit in self.select_related("project", "account").order_by("pk"):
            if usd is None:
                raise NoEstimate(limit, told_to=told_to)
            if usd > limit.left(today) + HALF_A_MILLIONTH:
                raise OverLimit(limit, usd, told_to=told_to)

    def reserve(self, usd: Decimal | None, *, today: date) -> date:
        """Take dollars out of each of these limits, in the transaction that writes the purchase.

        `usd` is None where the cost is unknown. Returns the day for which the purchase counts: the
        next day where midnight has passed since `today` was read, and another purchase has begun
        the new period already. Raises OverLimit; the error has to leave the transaction, so that
        nothing is reserved in any limit. The limits' rows are locked in the order of their keys,
        after the prediction and its job.
        """
        limits = list(self.select_for_update(of=("self",)).order_by("pk"))
        if not limits:
            return today
        if usd is None:
            raise NoEstimate(limits[0])
        # A period that another purchase has begun counts for this purchase too.
        today = max(today, *(limit.begins_on for limit in limits))
        for limit in limits:
            limit.roll_over(today)
        keys = [limit.pk for limit in limits]
        room = F("usd") + HALF_A_MILLIONTH - F("spent") - F("reserved")
        # All limits in one UPDATE: where fewer rows than limits had room, the caller rolls back.
        taken = (
            SpendingLimit.objects.annotate(room=room)
            .filter(pk__in=keys, room__gte=usd)
            .update(reserved=F("reserved") + usd)
        )
        if taken < len(limits):
            full = next((limit for limit in limits if limit.left(today) < usd), limits[0])
            raise OverLimit(full, usd)
        return today

    def hold(self, usd: Decimal, *, day: date) -> None:
        """Reserve dollars for a purchase that was made on a day already, room or not."""
        self._in_period_of(day).update(reserved=F("reserved") + usd)

    def spend(self, usd: Decimal, *, day: date) -> None:
        """Count dollars as spent that a purchase of a day has cost beside any reservation."""
        self._in_period_of(day).update(spent=F("spent") + usd)

    def _in_period_of(self, day: date) -> "SpendingLimitQuerySet":
        """Lock these limits, and return those that have not begun a later period than a day's."""
        limits = list(self.select_for_update(of=("self",)).order_by("pk"))
        for limit in limits:
            limit.roll_over(day)
        keys = [limit.pk for limit in limits if limit.begins_on <= day]
        return SpendingLimit.objects.filter(pk__in=keys)

    def settle(self, *, reserved: Decimal, reserved_on: date, cost: Decimal) -> None:
        """Give a reservation back and count its cost as spent, in the period of `reserved_on`.

        Where a limit has begun a later period since, nothing is left to change: the sums of the
        earlier period are gone.
        """
        # Locked in the order of `reserve`, so that the two never wait for each other.
        limits = self.filter(begins_on__lte=reserved_on).select_for_update().order_by("pk")
        keys = list(limits.values_list("pk", flat=True))
        if keys:
            SpendingLimit.objects.filter(pk__in=keys).update(
                reserved=F("reserved") - reserved, spent=F("spent") + cost
            )


class SpendingLimit(models.Model):
    """The dollars that a project, an account, or all together may spend in a day or a month.

    `reserved` and `spent` count the purchases of the period that holds `begins_on`, by days of
    TIME_ZONE: `reserved` those under way, at their estimates, `spent` those that have ended, at
    their costs. `staging.spending.changing` adds a new limit, and counts what its period has cost
    so far.
    """

    project = models.ForeignKey(
        Project,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="spending_limits",
        help_text="Empty: everything together.",
    )
    # What an account spends: its own jobs, in whatever project, and what it retries of others.
    account = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="spending_limits"
    )
    period = models.CharField(max_length=5, choices=Period.choices)
    usd = models.DecimalField(
        "dollars", max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    when_over = models.CharField(
        "a purchase that does not fit",
        max_length=6,
        choices=WhenOver.choices,
        default=WhenOver.WAIT,
    )
    begins_on = models.DateField(default=timezone.localdate, editable=False)
    reserved = models.DecimalField(
        max_digits=14, decimal_places=6, default=Decimal(0), editable=False
    )
    spent = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(0), editable=False)

    objects = SpendingLimitQuerySet.as_manager()

    class Meta:
        ordering = (
            F("project").asc(nulls_first=True), F("account").asc(nulls_first=True), "period",
        )  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["project", "period"],
                name="one_limit_a_project_and_period",
                violation_error_message="This project has a limit of this period: change that one.",
            ),
            models.UniqueConstraint(
                fields=["account", "period"],
                name="one_limit_an_account_and_period",
                violation_error_message="This account has a limit of this period: change that one.",
            ),
            models.UniqueConstraint(
                fields=["period"],
                condition=Q(project=None, account=None),
                name="one_limit_of_everything_a_period",
                violation_error_message="There is a limit of this period: change that one.",
            ),
            models.CheckConstraint(
                condition=Q(project=None) | Q(account=None),
                name="limit_of_a_project_or_an_account",
                violation_error_message="Choose a project or an account, not both.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.whose}, ${self.usd} a {self.period}"

    @property
    def whose(self) -> str:
        if self.account:
            return self.account.get_username()
        return self.project.name if self.project else "All projects"

    def shows_figures_to(self, user: User) -> bool:
        """Say whether a user may know the dollars of this limit.

        Those may who see limits, the owner of its project, and the account that it is of. Anybody
        else reads whether something fits today, and whom to ask.
        """
        if user.has_perm("staging.view_spendinglimit"):
            return True
        if user.has_perm("staging.change_spendinglimit") or self.account_id == user.pk:
            return True
        return self.project is not None and self.project.owner_id == user.pk

    def in_figures(self, code: str, *, usd: Decimal | None = None) -> str:
        """Say in figures why a purchase waits or is refused; `usd` is what it may cost.

        For those alone to whom `shows_figures_to` shows them, and for logs.
        """
        which = f"{self.whose} may spend ${self.usd} a {self.period}"
        if code == NO_ESTIMATE:
            return (
                f"{which}, and nobody knows what this model costs: an operator has to estimate it."
            )
        left = max(self.left(timezone.localdate()), Decimal(0))
        too_little = "which is too little" if usd is None else f"and this may cost ${usd:.3f}"
        return f"{which}: ${left:.2f} is left, {too_little}."

    def used(self, today: date) -> tuple[Decimal, Decimal]:
        """Return the dollars spent and reserved in the period that holds `today`."""
        if self.begins_on < Period(self.period).begin(today):
            return Decimal(0), Decimal(0)
        return self.spent, self.reserved

    def left(self, today: date) -> Decimal:
        """Return the dollars neither spent nor reserved; below 0 where the limit was lowered."""
        return self.usd - sum(self.used(today), Decimal(0))

    def roll_over(self, today: date) -> None:
        """Begin the period that holds `today`, where it is new. The caller has locked the row."""
        begin = Period(self.period).begin(today)
        if self.begins_on < begin:
            self.begins_on, self.spent, self.reserved = begin, Decimal(0), Decimal(0)
            self.save(update_fields=["begins_on", "spent", "reserved"])


class PriceEstimate(models.Model):
    """An operator's estimate of a prediction's cost, for a model whose price does not tell it."""

    model = models.OneToOneField(ReplicateModel, on_delete=models.CASCADE, related_name="+")
    usd = models.DecimalField(
        "dollars a prediction",
        max_digits=10,
        decimal_places=6,
        validators=[MinValueValidator(Decimal(0))],
    )

    class Meta:
        ordering = ("model",)

    def __str__(self) -> str:
        return f"{self.model}: about ${self.usd.normalize():f}"
