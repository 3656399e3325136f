"""What a person reads of the limits before they ask for something."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from staging.models import Project, SpendingLimit, WhenOver
from staging.spending.fitting import Fit, fit_into_limits, total
from staging.spending.outlay import Outlay

pytestmark = pytest.mark.django_db

CHEAP = Outlay(Decimal("0.30"), Decimal("0.50"))


@pytest.fixture
def project(operator: User) -> Project:
    return Project.objects.create(owner=operator, name="12 Elm Street")


def fit(project: Project, account: User, outlay: Outlay = CHEAP) -> Fit:
    return fit_into_limits(outlay, project=project.pk, account=account)


@pytest.mark.parametrize(
    ("usd", "when_over", "sentence", "fits"),
    [
        ("4.10", WhenOver.WAIT, "It fits: 12 Elm Street has $4.10 left today.", True),
        (
            "0.40",
            WhenOver.WAIT,
            "It nearly fits: 12 Elm Street has $0.40 left today. More is held while pictures are "
            "made than they cost in the end, so some pictures may wait a little.",
            False,
        ),
        (
            "0.20",
            WhenOver.WAIT,
            "It does not fit: 12 Elm Street has $0.20 left today. What does not fit waits for "
            "budget, until tomorrow or a higher limit.",
            False,
        ),
        (
            "0.20",
            WhenOver.REFUSE,
            "It does not fit: 12 Elm Street has $0.20 left today. What does not fit is refused.",
            False,
        ),
    ],
)
def test_words_for_those_who_may_know_the_figures(
    project: Project, operator: User, usd: str, when_over: WhenOver, sentence: str, fits: bool
) -> None:
    SpendingLimit.objects.create(
        project=project, period="day", usd=Decimal(usd), when_over=when_over
    )

    found = fit(project, operator)

    assert (found.in_words, found.fits) == (sentence, fits)


def test_words_for_others_have_no_figures(project: Project, stranger: User) -> None:
    SpendingLimit.objects.create(project=None, period="month", usd=Decimal("0.20"))

    assert fit(project, stranger).in_words == (
        "It does not fit. What does not fit waits for budget, until next month or a higher limit."
    )
    assert fit(project, stranger, Outlay(Decimal(0), Decimal(0))).in_words == "It fits."


def test_the_limit_that_leaves_least_counts(project: Project, operator: User) -> None:
    for of, usd in ((None, 9), (project, 5)):
        SpendingLimit.objects.create(project=of, period="day", usd=Decimal(usd))
    elsewhere = Project.objects.create(owner=operator, name="Elsewhere")
    SpendingLimit.objects.create(project=elsewhere, period="day", usd=Decimal(1))

    assert fit(project, operator).in_words == "It fits: 12 Elm Street has $5.00 left today."


def test_without_a_limit_everything_fits(project: Project, operator: User) -> None:
    assert fit(project, operator, Outlay()).in_words == "It fits: no spending limit binds it."


def test_an_unknown_cost_waits_for_an_estimate_under_a_limit(
    project: Project, operator: User
) -> None:
    SpendingLimit.objects.create(project=project, period="day", usd=Decimal(5))

    assert fit(project, operator, Outlay()).in_words == (
        "Nobody has estimated what this model costs, so under a limit it waits for an estimate "
        "of an operator."
    )


def test_total_is_unknown_where_a_part_is() -> None:
    assert total([(CHEAP, 2), (CHEAP, 1)]) == Outlay(Decimal("0.90"), Decimal("1.50"))
    assert total([(CHEAP, 2), (Outlay(), 1)]) == Outlay()
