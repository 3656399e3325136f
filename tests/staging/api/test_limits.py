"""`GET staging/limits`: what binds an account, with dollars where they are its own."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from staging.models import Period, Project, ProjectMember, SpendingLimit
from staging.predictions import submission
from tests.conftest import client_of
from tests.staging.conftest import QWEN, Sandbox
from tests.staging.finished import stage
from tests.staging.limits import limit

pytestmark = pytest.mark.django_db

LIMITS = "/api/v1/staging/limits"
NO_DOLLARS = {"usd": None, "spent": None, "held": None, "left": None}


def look(user: User) -> Any:
    answer = client_of(user).get(LIMITS)
    assert answer.status_code == 200
    return answer.json()


def test_limits_of_ones_own_have_dollars(sandbox: Sandbox, stranger: User) -> None:
    limit("20", account=stranger)
    stage(stranger, model=QWEN)
    submission.submit_waiting()
    SpendingLimit.objects.update(spent=4)

    (found,) = look(stranger)["limits"]

    tomorrow = timezone.localdate() + timedelta(days=1)
    assert found == {
        "scope": "account",
        "project": None,
        "period": "day",
        "when_over": "wait",
        "fits": True,
        "usd": 20.0,
        "spent": 4.0,
        "held": 0.03,
        "left": 15.97,
        "resets_at": f"{tomorrow}T00:00:00Z",
    }


def test_limits_of_others_say_whether_a_picture_fits(operator: User, stranger: User) -> None:
    shared = Project.objects.create(owner=operator, name="Elm Street")
    ProjectMember.objects.create(project=shared, user=stranger)
    hidden = Project.objects.create(owner=operator, name="Oak Lane")
    own = Project.objects.unsorted_of(stranger)
    of: dict[str, Any]
    for of in ({}, {"project": shared}, {"project": hidden}, {"account": operator}):
        limit("0.001", when_over="refuse", **of)
    limit("7", period="month", project=own)

    found = look(stranger)["limits"]

    assert {(one["scope"], one["project"], one["fits"], one["usd"]) for one in found} == {
        ("project", str(shared.pk), False, None),
        ("project", str(own.pk), True, 7.0),
        ("all", None, False, None),
    }
    assert {name: found[-1][name] for name in NO_DOLLARS} == NO_DOLLARS


def test_limits_of_all_have_dollars_for_those_who_see_limits(stranger: User) -> None:
    limit("5")
    stranger.user_permissions.add(Permission.objects.get(codename="view_spendinglimit"))

    assert look(User.objects.get(pk=stranger.pk))["limits"][0]["usd"] == 5.0


def test_pictures_that_are_left_of_a_minute(stranger: User, settings: Settings) -> None:
    settings.COSTLY_REQUESTS_PER_MINUTE = 10
    assert look(stranger)["pictures"] == {"a_minute": 10, "left": 10}

    client_of(stranger).post("/api/v1/staging/jobs", {}, format="json")
    assert look(stranger)["pictures"] == {"a_minute": 10, "left": 9}

    settings.COSTLY_REQUESTS_PER_MINUTE = 0
    assert look(stranger)["pictures"] == {"a_minute": None, "left": None}


def test_limits_are_for_those_with_an_account(db: None) -> None:
    assert APIClient().get(LIMITS).status_code == 401


def test_limits_cost_the_same_however_many_there_are(
    stranger: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(stranger)
    limit("5", account=stranger)
    client.get(LIMITS)
    with django_assert_num_queries(QUERIES):
        client.get(LIMITS)
    for number in range(5):
        limit("5", project=Project.objects.create(owner=stranger, name=f"Elm {number}"))

    with django_assert_num_queries(QUERIES):
        client.get(LIMITS)


# The token, who asks 2, limits, the default's model, its schema, what waits, the bucket.
QUERIES = 9


@pytest.mark.parametrize(
    ("period", "day", "after"),
    [
        (Period.DAY, date(2026, 2, 28), date(2026, 3, 1)),
        (Period.MONTH, date(2026, 1, 31), date(2026, 2, 1)),
        (Period.MONTH, date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_next_period(period: Period, day: date, after: date) -> None:
    assert period.next(day) == after
