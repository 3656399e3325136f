"""The list of models, sorted by what a typical photo costs, the last use and the median time."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from modelsettings.models import ReplicateModel
from staging.models import DailyTime, PriceEstimate, StagingJob
from tests.staging.conftest import FLUX, QWEN
from tests.staging.finished import stage

pytestmark = pytest.mark.django_db

PAGE = "/admin/modelsettings/replicatemodel/"
# Of the model, the typical photo, the last use and the median time.
COST, LAST_USED, MEDIAN = 5, 6, 7
PLUS = "qwen/qwen-image-edit-plus"


def run(operator: User, model: str, *, seconds: float, days: float = 0) -> None:
    job = stage(operator, model=model)
    StagingJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=days))
    day = timezone.localdate() - timedelta(days=days)
    DailyTime.count(job, day=day, account_pk=operator.pk, seconds=seconds)


def listed(client: Client, **asked: Any) -> list[Any]:
    answer = client.get(PAGE, asked)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def test_models_sort_by_the_cost_of_a_typical_photo(admin_page: Client, operator: User) -> None:
    # Its price is not known; what an operator estimates counts.
    plus = ReplicateModel.objects.get(slug=PLUS)
    PriceEstimate.objects.create(model=plus, usd=Decimal("0.001"))

    costs = [row.typical for row in listed(admin_page, o=COST)]
    dearest = [row.typical for row in listed(admin_page, o=-COST)]

    known = [cost for cost in costs if cost is not None]
    assert known == sorted(known)
    assert (known[0], costs[len(known) :]) == (Decimal("0.001"), [None] * (len(costs) - len(known)))
    # What is not known is last, whichever way.
    assert dearest[: len(known)] == known[::-1]


def test_models_sort_by_their_last_use_and_median_time(admin_page: Client, operator: User) -> None:
    run(operator, QWEN, seconds=9, days=2)
    run(operator, FLUX, seconds=30)
    run(operator, FLUX, seconds=31)
    run(operator, FLUX, seconds=500)

    newest = [row.slug for row in listed(admin_page, o=-LAST_USED)]
    fastest = listed(admin_page, o=MEDIAN)

    assert newest[:2] == [FLUX, QWEN]
    medians = [(row.slug, row.median) for row in fastest[:2]]
    assert medians == [(QWEN, timedelta(seconds=9)), (FLUX, timedelta(seconds=31))]


def test_list_costs_the_same_however_many_jobs(
    admin_page: Client, operator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run(operator, QWEN, seconds=9)
    admin_page.get(PAGE)
    with django_assert_num_queries(QUERIES):
        admin_page.get(PAGE)
    for seconds in (10, 20, 30):
        run(operator, FLUX, seconds=seconds)

    with django_assert_num_queries(QUERIES):
        admin_page.get(PAGE, {"o": -MEDIAN})


# Session, account, its permissions twice, two counts; the models, their last use, estimates and
# times, and the list itself.
QUERIES = 11


def test_use_and_time_are_for_those_who_see_the_cost_of_all(stranger: User) -> None:
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(Permission.objects.filter(codename="view_replicatemodel"))
    client = Client()
    client.force_login(stranger)

    page = client.get(PAGE).content.decode()

    assert "A typical photo" in page
    assert "Last used" not in page
    assert "Median time" not in page
