"""Verdicts and times of what ended before they were counted: the migration comes to the same."""

from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.utils import timezone

from staging.jobs.judging import judge_picture
from staging.models import AccountUsage, DailyTime, DailyUsage, StagedImage
from tests.staging.finished import finish, stage

pytestmark = pytest.mark.django_db

migration = import_module("staging.migrations.0033_count_verdicts_and_times")

COUNTED = ("accepted", "rejected", "rejected_cost", "seconds")
NOTHING = {"accepted": 0, "rejected": 0, "rejected_cost": Decimal(0)}


def counted() -> list[tuple[Any, ...]]:
    sums = [
        tuple(map(float, row))
        for rows in (DailyUsage.objects, AccountUsage.objects)
        for row in rows.order_by("pk").values_list(*COUNTED)
    ]
    return [tuple(round(value, 3) for value in row) for row in sums]


@pytest.fixture
def waited(operator: User) -> float:
    """Return how long a job waited whose verdicts and times no row counts, only its seconds."""
    now = timezone.now()
    job = stage(operator)
    job.predictions.update(
        created_at=now - timedelta(hours=1), intent_at=now - timedelta(seconds=30.5)
    )
    finish(job, pictures=3, cost="0.09")
    for picture, verdict in zip(
        StagedImage.objects.order_by("pk"), ("accepted", "rejected", "rejected"), strict=True
    ):
        judge_picture(picture, by=operator, verdict=verdict)
    return 3600 - 30.5


def test_what_is_there_is_counted_as_if_it_ended_today(waited: float) -> None:
    today = counted()
    times = list(DailyTime.objects.values_list("day", "account", "project", "took_ms", "number"))
    DailyTime.objects.all().delete()
    for rows in (DailyUsage.objects, AccountUsage.objects):
        for row in rows.all():
            rows.filter(pk=row.pk).update(**NOTHING, seconds=row.seconds + waited)

    migration.count_verdicts(apps, None)
    migration.count_times(apps, None)

    assert counted() == today
    assert times == list(
        DailyTime.objects.values_list("day", "account", "project", "took_ms", "number")
    )


def test_backwards_the_waits_count_again(waited: float) -> None:
    before = [row[3] for row in counted()]

    migration.count_waits_again(apps, None)

    after = [row[3] for row in counted()]
    assert after == [pytest.approx(seconds + waited, abs=0.01) for seconds in before]


def test_a_site_without_jobs_counts_nothing() -> None:
    migration.count_verdicts(apps, None)
    migration.count_times(apps, None)

    assert not DailyTime.objects.exists()
