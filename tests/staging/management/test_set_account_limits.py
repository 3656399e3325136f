"""`manage.py set_account_limits`: one limit for every account that has none."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from staging.models import SpendingLimit
from staging.predictions import submission
from tests.staging.conftest import QWEN, Sandbox, carry_out
from tests.staging.finished import stage
from tests.staging.limits import limit

pytestmark = pytest.mark.django_db


def test_every_account_without_a_limit_gets_one_that_counts_its_period(
    sandbox: Sandbox, operator: User, stranger: User, capsys: pytest.CaptureFixture[str]
) -> None:
    limit("5", account=operator)
    limit("50", account=stranger, period="month")
    User.objects.create_user("gone", is_active=False)
    carry_out(sandbox, stage(stranger, model=QWEN))
    stage(stranger, model=QWEN)
    submission.submit_waiting()

    call_command("set_account_limits", "--usd", "20", "--period", "day")

    assert capsys.readouterr().out == ("Set $20.00 a day for 1 account; others had one already.\n")
    rows = SpendingLimit.objects.filter(period="day").order_by("account__username")
    columns = ("account__username", "usd", "spent", "reserved", "when_over")
    assert list(rows.values_list(*columns)) == [
        ("olga", 5, 0, 0, "wait"),
        ("sam", 20, Decimal("0.03"), Decimal("0.03"), "wait"),
    ]


def test_it_sets_none_twice(operator: User, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("set_account_limits", "--usd", "20", "--period", "month", "--when-over", "refuse")
    call_command(*asked)
    call_command(*asked)

    assert capsys.readouterr().out.startswith("Set $20.00 a month for 1 account; ")
    assert SpendingLimit.objects.get().when_over == "refuse"


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        ("-1", "Write dollars from 0 to 99,999,999.99."),
        ("NaN", "Write dollars from 0 to 99,999,999.99."),
        ("0.001", "Write dollars with two decimal places at most."),
        ("twenty", "twenty is no number of dollars."),
    ],
)
def test_amount_that_is_none(operator: User, usd: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("set_account_limits", f"--usd={usd}", "--period=day")

    assert not SpendingLimit.objects.exists()
