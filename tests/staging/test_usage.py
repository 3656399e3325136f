"""Cost and time: counted once, on the right day, and added up by what somebody asks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from staging.deletion.deleting import delete_job, delete_project
from staging.jobs.judging import judge_picture
from staging.jobs.repeating import retry_job
from staging.models import (
    AccountUsage,
    DailyTime,
    DailyUsage,
    Prediction,
    PredictionStatus,
    Project,
    StagedImage,
)
from staging.projects import create_project, set_member
from staging.usage import Usage, every_day, report_usage
from tests.conftest import client_of
from tests.missing import POSTGRES, needs
from tests.staging.conftest import FLUX, QWEN
from tests.staging.finished import end, finish, make_usage, stage, staged

USAGE = "/api/v1/staging/usage"
COLUMNS = ("succeeded", "failed", "canceled", "unpriced", "pictures", "cost")
TODAY = date(2026, 11, 20)


@pytest.fixture
def project(operator: User) -> Project:
    return create_project("Elm Street 5", owner=operator)


def usage() -> list[tuple[Any, ...]]:
    return list(DailyUsage.objects.order_by("day", "pk").values_list(*COLUMNS))


def rows_of(answer: Any, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in answer.json()["rows"]]


def test_predictions_count_by_how_they_ended(operator: User, project: Project) -> None:
    finish(stage(operator, project=project), pictures=4, cost="0.16")
    finish(stage(operator, project=project), pictures=1, cost=None)
    finish(stage(operator, project=project), status="failed")
    finish(stage(operator, project=project), status="canceled")

    assert usage() == [(2, 1, 1, 1, 5, Decimal("0.16"))]


def test_prediction_counts_once_however_often_it_is_told(operator: User) -> None:
    prediction = stage(operator).predictions.get()
    late = Prediction.objects.get(pk=prediction.pk)

    assert [end(prediction), end(late), end(late, status="failed")] == [True, False, False]
    assert usage() == [(1, 0, 0, 0, 1, Decimal("0.03"))]


def test_prediction_that_was_replaced_stays_counted_and_the_other_counts_too(
    operator: User,
) -> None:
    job = finish(stage(operator), status="failed")
    retry_job(job, by=operator)
    finish(job)

    assert usage() == [(1, 1, 0, 0, 1, Decimal("0.03"))]


def test_seconds_run_from_bought_to_succeeded(operator: User) -> None:
    """An hour in which it waited for budget is no time of its model."""
    job = stage(operator)
    now = timezone.now()
    Prediction.objects.update(
        created_at=now - timedelta(hours=1), intent_at=now - timedelta(seconds=90)
    )
    finish(job)
    finish(stage(operator), status="failed")

    assert DailyUsage.objects.get().seconds == pytest.approx(90, abs=5)
    assert DailyTime.objects.get().took_ms == pytest.approx(90_000, abs=5_000)


def run_for(operator: User, *seconds: float, **wanted: Any) -> None:
    """Let jobs succeed that ran as long as that."""
    for ran in seconds:
        job = stage(operator, **wanted)
        job.predictions.update(intent_at=timezone.now() - timedelta(seconds=ran))
        finish(job)


def test_median_is_not_moved_by_one_job(operator: User) -> None:
    run_for(operator, 10, 11, 12, 13, 3600)
    run_for(operator, 300, model=FLUX)

    today = timezone.localdate()
    report = report_usage(by="model", since=today, until=today)

    medians = {row.key: row.median_seconds for row in report.rows}
    assert medians == {QWEN: 12.0, FLUX: 300.0}
    assert report.total.median_seconds == 12.0
    assert DailyTime.objects.filter(took_ms=12_000).get().number == 1


def test_equal_times_share_a_row(operator: User) -> None:
    run_for(operator, 30.1, 30.2)

    assert DailyTime.objects.values_list("took_ms", "number").get() == (30_000, 2)


def verdicts() -> list[tuple[Any, ...]]:
    columns = ("accepted", "rejected", "rejected_cost")
    daily = DailyUsage.objects.values_list(*columns).get()
    assert AccountUsage.objects.values_list(*columns).get() == daily
    return list(daily)


def test_verdicts_are_counted_as_they_are_now(operator: User) -> None:
    job = finish(stage(operator), pictures=4, cost="0.16")
    pictures = StagedImage.objects.filter(prediction__job=job).order_by("pk")
    for picture in pictures:
        judge_picture(picture, by=operator, verdict="rejected", stars=2)
    assert verdicts() == [0, 4, Decimal("0.16")]

    first, second, *_ = pictures.all()
    judge_picture(first, by=operator, verdict="accepted")
    judge_picture(first, by=operator, verdict="accepted", note="The sofa!")
    judge_picture(second, by=operator, verdict=None)

    assert verdicts() == [1, 2, Decimal("0.08")]


def test_verdict_counts_on_the_day_of_its_picture(operator: User) -> None:
    job = finish(stage(operator))
    DailyUsage.objects.update(day=timezone.localdate() - timedelta(days=3))
    AccountUsage.objects.update(day=timezone.localdate() - timedelta(days=3))
    job.predictions.update(finished_at=timezone.now() - timedelta(days=3))

    judge_picture(StagedImage.objects.get(), by=operator, verdict="accepted")

    assert verdicts() == [1, 0, Decimal(0)]


@pytest.mark.parametrize("has_row", [False, True])
def test_verdict_that_was_never_counted_takes_nothing_off_when_it_is_withdrawn(
    operator: User, *, has_row: bool
) -> None:
    """As of a picture from before the accounts were counted, or judged by an earlier release."""
    finish(stage(operator))
    picture = StagedImage.objects.get()
    StagedImage.objects.update(verdict="rejected")
    DailyUsage.objects.update(rejected=1, rejected_cost=Decimal("0.03"))
    if not has_row:
        AccountUsage.objects.all().delete()

    judge_picture(picture, by=operator, verdict="accepted")
    judge_picture(picture, by=operator, verdict=None)

    counted = ("accepted", "rejected", "rejected_cost")
    assert DailyUsage.objects.values_list(*counted).get() == (0, 0, Decimal(0))
    rows = list(AccountUsage.objects.values_list(*counted))
    assert rows == ([(0, 0, Decimal(0))] if has_row else [])


def test_deleted_pictures_stay_counted_with_their_verdicts(operator: User) -> None:
    job = finish(stage(operator))
    judge_picture(StagedImage.objects.get(), by=operator, verdict="rejected")
    delete_job(job)

    assert verdicts() == [0, 1, Decimal("0.03")]


@pytest.mark.parametrize(
    ("accepted", "rejected", "share"), [(0, 0, None), (29, 0, None), (29, 1, 29 / 30), (0, 30, 0)]
)
def test_share_of_too_few_is_none(accepted: int, rejected: int, share: float | None) -> None:
    assert Usage(accepted=accepted, rejected=rejected).accepted_share == share


def test_prediction_counts_on_the_local_day(operator: User, settings: Settings) -> None:
    """At any time it is another day at the one end of the world than at the other."""
    days = []
    for zone in ("Etc/GMT+12", "Etc/GMT-14"):
        settings.TIME_ZONE = zone
        finish(stage(operator))
        days.append(datetime.now(ZoneInfo(zone)).date())

    assert sorted(DailyUsage.objects.values_list("day", flat=True)) == days
    assert days[0] < days[1]


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_two_threads_count_each_prediction_once(operator: User, project: Project) -> None:
    photo = stage(operator, project=project).photo
    jobs = [stage(operator, photo=photo, overrides={"num_outputs": 2}) for _ in range(4)]
    # Two workers that both know of each, as it was before either moved it.
    predictions, again = ([one for job in jobs for one in job.predictions.all()] for _ in range(2))

    def move(prediction: Prediction) -> bool:
        try:
            return Prediction.objects.move(
                prediction,
                PredictionStatus.SUCCEEDED,
                by="test",
                pictures=1,
                cost=Decimal("0.03"),
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        moved = list(threads.map(move, [*predictions, *again]))

    assert (sum(moved), len(predictions)) == (8, 8)
    assert usage() == [(8, 0, 0, 0, 8, Decimal("0.24"))]


def test_get_usage_by_day_adds_up(api: APIClient, project: Project) -> None:
    for model, day in ((QWEN, TODAY), (FLUX, TODAY), (QWEN, TODAY - timedelta(days=2))):
        make_usage(
            project, day=day, model=model, succeeded=2, failed=1, pictures=4, cost="0.16",
            seconds=20,
        )  # fmt: skip

    told = api.get(USAGE, {"until": "2026-11-20"}).json()

    row = {
        "key": "2026-11-18", "label": "2026-11-18", "succeeded": 2, "failed": 1, "canceled": 0,
        "pictures": 4, "cost": 0.16, "unpriced": 0, "cost_per_picture": 0.04,
        "seconds_per_picture": 10.0, "median_seconds": None, "accepted": 0, "rejected": 0,
        "rejected_cost": 0.0,
    }  # fmt: skip
    both = {
        **row, "key": "2026-11-20", "label": "2026-11-20", "succeeded": 4, "failed": 2,
        "pictures": 8, "cost": 0.32,
    }  # fmt: skip
    total = {**row, "key": "", "label": "Total", "succeeded": 6, "failed": 3, "pictures": 12}
    assert told == {
        "by": "day",
        "since": "2026-10-22",
        "until": "2026-11-20",
        "rows": [row, both],
        "totals": {**total, "cost": 0.48},
    }


@pytest.mark.parametrize(
    ("by", "labels"),
    [
        ("project", ["Oak Lane 1", "Elm Street 5"]),
        ("model", ["FLUX.1 Kontext [max]", "Qwen Image Edit"]),
        ("profile", ["FLUX.1 Kontext [max]: Standard", "Qwen Image Edit: Standard"]),
    ],
)
def test_get_usage_shows_the_dearest_first(
    api: APIClient, operator: User, project: Project, by: str, labels: list[str]
) -> None:
    make_usage(project, succeeded=1, pictures=1, cost="0.03")
    other = create_project("Oak Lane 1", owner=operator)
    make_usage(other, model=FLUX, succeeded=1, pictures=1, cost="0.08")

    answer = api.get(USAGE, {"by": by, "until": "2026-11-20"})

    assert rows_of(answer, "label", "cost") == list(zip(labels, (0.08, 0.03), strict=True))


def test_get_usage_is_of_ones_own_projects(
    api: APIClient, operator: User, stranger: User, project: Project
) -> None:
    make_usage(project, succeeded=1, pictures=1, cost="0.03")
    theirs = create_project("Theirs", owner=stranger)
    make_usage(theirs, succeeded=1, pictures=1, cost="0.08")
    shared = create_project("Shared", owner=stranger)
    set_member(shared, "olga", may_edit=False)
    make_usage(shared, succeeded=1, pictures=1, cost="0.05")

    asked = {"by": "project", "until": "2026-11-20"}
    own = api.get(USAGE, asked)
    of_shared = api.get(USAGE, {**asked, "project": str(shared.pk)})
    of_theirs = api.get(USAGE, {**asked, "project": str(theirs.pk)})

    assert rows_of(own, "label", "cost") == [("Elm Street 5", 0.03)]
    assert rows_of(of_shared, "label", "cost") == [("Shared", 0.05)]
    assert (of_theirs.status_code, of_theirs.json()) == (
        404,
        {"detail": "You have no such project."},
    )


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"by": "week"}, "by"),
        ({"since": "2026-11-21", "until": "2026-11-20"}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"until": "0001-01-02"}, "until"),
        ({"project": "x"}, "project"),
    ],
)
def test_get_usage_that_is_asked_wrong(api: APIClient, query: dict[str, str], place: str) -> None:
    answer = api.get(USAGE, query)

    assert (answer.status_code, list(answer.json())) == (400, [place])


def test_get_usage_takes_as_many_queries_for_many_projects(
    api: APIClient, operator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make_usage(create_project(f"{number}", owner=operator), succeeded=1)

    # Three find the caller by token, and its last use; two their rights; one adds up, one names the
    # projects.
    with django_assert_num_queries(8):
        api.get(USAGE, {"by": "project", "until": "2026-11-20"})


def test_report_knows_deleted_projects_by_their_last_name(
    operator: User, stranger: User, project: Project
) -> None:
    staged(operator, project=project)
    staged(stranger)
    Project.objects.filter(pk=project.pk).update(name="Elm Street 7")
    project.refresh_from_db()
    delete_project(project)
    today = timezone.localdate()

    rows = report_usage(by="project", since=today, until=today).rows

    assert [row.label for row in rows] == ["Elm Street 7 (deleted)", "Unsorted of sam"]


@pytest.mark.parametrize(
    ("row", "cost"),
    [
        (Usage(succeeded=4, pictures=4, cost=Decimal("0.16")), Decimal("0.04")),
        # Of four with two pictures each the price of one is not known.
        (Usage(succeeded=4, pictures=8, unpriced=1, cost=Decimal("0.24")), Decimal("0.04")),
        (Usage(succeeded=4, pictures=4, unpriced=4), None),
        (Usage(failed=3), None),
        (Usage(), None),
    ],
)
def test_cost_per_picture(row: Usage, cost: Decimal | None) -> None:
    assert row.cost_per_picture == cost


def test_every_day_fills_what_is_between(project: Project) -> None:
    make_usage(project, day=TODAY, succeeded=1, pictures=1)

    report = report_usage(by="day", since=TODAY - timedelta(days=2), until=TODAY)

    found = [(row.label, row.pictures) for row in every_day(report)]
    assert found == [("2026-11-18", 0), ("2026-11-19", 0), ("2026-11-20", 1)]


def test_report_by_account_names_who_paid_and_what_is_not_known(
    operator: User, stranger: User, project: Project
) -> None:
    make_usage(project, day=timezone.localdate(), succeeded=3, pictures=3, cost="1.00")
    finish(stage(operator, project=project), cost="0.10")
    failed = finish(stage(operator, project=project), status="failed", cost=None)
    retry_job(failed, by=stranger)
    finish(failed, cost="0.30")

    today = timezone.localdate()
    report = report_usage(by="account", since=today, until=today)

    assert [(row.key, row.label, row.succeeded, row.cost) for row in report.rows] == [
        ("sam", "sam", 1, Decimal("0.30")),
        ("olga", "olga", 1, Decimal("0.10")),
        ("", "not known", 3, Decimal("1.00")),
    ]
    assert (report.total.cost, report.total.failed) == (Decimal("1.40"), 1)


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("member", 403), ("nobody", 404)])
def test_get_usage_by_account_is_the_owners(
    operator: User, stranger: User, project: Project, role: str, status: int
) -> None:
    if role == "member":
        set_member(project, "sam", may_edit=True)
    client = client_of(operator if role == "owner" else stranger)
    finish(stage(operator, project=project))

    answer = client.get(USAGE, {"by": "account", "project": str(project.pk)})

    assert answer.status_code == status
    if status == 200:
        assert rows_of(answer, "key", "pictures") == [("olga", 1)]
