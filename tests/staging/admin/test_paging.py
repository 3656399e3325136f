"""Lists of the work that are read along an index, however many rows there are."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet
from django.test import RequestFactory

from staging.admin.paging import MOST_COUNTED, BoundedListAdmin
from staging.jobs.judging import jobs_judged
from staging.models import Callback, StagingJob

LISTS = [one for one in admin.site._registry.values() if isinstance(one, BoundedListAdmin)]
# What is alike in `paged_by` may be put in order after it.
SORTS = {"sqlite": "USE TEMP B-TREE FOR ORDER BY", "postgresql": "->  Sort"}

pytestmark = pytest.mark.django_db


def plan_of(rows: QuerySet[Any]) -> str:
    """Return how the first rows are found; PostgreSQL would walk and sort a small table."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
    return rows.values_list("pk")[:MOST_COUNTED].explain()


@pytest.mark.parametrize("shown", LISTS, ids=lambda one: one.opts.model_name)
def test_list_is_read_in_the_order_of_an_index(
    shown: BoundedListAdmin, operator: User, rf: RequestFactory
) -> None:
    request = rf.get("/")
    request.user = operator

    plan = plan_of(shown.get_changelist_instance(request).get_queryset(request))

    assert SORTS[connection.vendor] not in plan


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (Callback.objects.filter(status="failed").order_by("-created_at"), "callback_by_status"),
        (jobs_judged(StagingJob.objects.order_by("-created_at"), "accepted"), "accepted_jobs"),
        (jobs_judged(StagingJob.objects.order_by("-created_at"), "rejected"), "rejected_jobs"),
    ],
)
def test_filter_has_an_index_of_its_own(rows: QuerySet[Any], index: str) -> None:
    assert index in plan_of(rows)
