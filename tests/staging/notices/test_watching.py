"""Notices begin once, stand while their condition does, and are told again after it was well."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from staging.errors import NotPossible
from staging.models import Notice, Project, SpendingLimit
from staging.notices import watching
from staging.notices.watching import send_test
from staging.predictions import submission
from tests.staging.conftest import Ask, Sandbox, only
from tests.staging.limits import limit, spend
from tests.staging.notices.situations import WAITING, age_predictions, ago, told

pytestmark = pytest.mark.django_db


def test_limit_is_told_at_80_and_at_100_percent_once_each() -> None:
    limit("1")
    for spent in ("0.79", "0.8", "0.9", "1", "0.85", "1.01"):
        spend(spent)
        watching.look()

    assert told() == [
        "All projects have used 80 % of $1.00 a day: $0.20 is left.",
        "All projects have used up $1.00 a day: new purchases wait for the next day.",
    ]


def test_limit_that_is_full_at_once_is_told_once() -> None:
    limit("1", when_over="refuse")
    for spent in ("1", "0.85"):
        spend(spent)
        watching.look()

    assert told() == ["All projects have used up $1.00 a day: new purchases are refused."]


def test_limit_is_told_again_in_its_next_period_and_after_a_change(operator: User) -> None:
    project = Project.objects.create(owner=operator, name="12 Elm Street")
    one = limit("1", project=project)
    spend("0.9")
    watching.look()
    SpendingLimit.objects.update(usd=Decimal("1.1"))
    watching.look()
    yesterday = timezone.localdate() - timedelta(days=1)
    key = f"limit-{one.pk}-{timezone.localdate()}-1.10-80"
    Notice.objects.filter(key=key).update(
        key=f"limit-{one.pk}-{yesterday}-1.10-80", over_at=timezone.now()
    )
    watching.look()

    assert told() == [
        "12 Elm Street has used 90 % of $1.00 a day: $0.10 is left.",
        "12 Elm Street has used 81 % of $1.10 a day: $0.20 is left.",
        "12 Elm Street has used 81 % of $1.10 a day: $0.20 is left.",
    ]


def test_notice_is_over_when_its_condition_is() -> None:
    limit("1")
    spend("0.9")
    watching.look()
    standing = Notice.objects.get()
    assert standing.over_at is None

    spend("0.1")
    watching.look()

    standing.refresh_from_db()
    assert standing.over_at is not None


def test_prediction_that_goes_on_ends_the_standstill(sandbox: Sandbox, ask: Ask) -> None:
    job = ask()
    age_predictions(run_after=ago(11))
    watching.look()

    submission.submit_waiting()
    watching.look()

    assert only(job).status == "running"
    assert Notice.objects.get().over_at is not None


def test_standstill_is_told_again_only_after_it_has_been_well(ask: Ask) -> None:
    ask()
    for is_still in (True, True, False, True):
        age_predictions(run_after=ago(11) if is_still else timezone.now())
        watching.look()
    assert (told(), Notice.objects.get().over_at) == ([WAITING], None)

    Notice.objects.update(over_at=ago(31))
    watching.look()

    assert told() == [WAITING] * 2


def test_test_notice_needs_a_channel() -> None:
    with pytest.raises(NotPossible, match="Notices are sent nowhere yet"):
        send_test(by="olga")
