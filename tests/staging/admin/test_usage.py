"""The admin's page of cost and time."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from staging.models import Project
from staging.projects import create_project
from staging.templatetags.staging_pictures import dollars
from tests.staging.conftest import FLUX, QWEN
from tests.staging.finished import finish, make_usage, stage

PAGE = "/admin/staging/dailyusage/"


@pytest.fixture
def project(operator: User) -> Project:
    return create_project("Elm Street 5", owner=operator)


def shown(client: Client, **query: str) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    content = answer.content.decode().partition('id="content-main"')[2]
    return " ".join(re.sub(r"<[^>]*>", " ", content).split())


def test_page_adds_up_and_says_what_is_not_known(admin_page: Client, project: Project) -> None:
    today = timezone.localdate()
    make_usage(
        project, day=today, succeeded=7, failed=1, unpriced=3, pictures=7, cost="4.12", seconds=70
    )

    page = shown(admin_page)

    assert "Spent at least $4.12 3 of 7 successful predictions had an unknown price." in page
    assert "Pictures 7 1 of 8 predictions failed" in page
    assert f"{today} 7 at least $4.12 3 of unknown price $1.03 – 0 0 0 7 1 0" in page


@pytest.mark.parametrize(
    ("by", "label"),
    [
        ("project", "Elm Street 5"),
        ("model", "Qwen Image Edit"),
        ("profile", "Qwen Image Edit: Standard"),
    ],
)
def test_page_by(admin_page: Client, project: Project, by: str, label: str) -> None:
    make_usage(project, day=timezone.localdate(), succeeded=1, pictures=1, cost="0.0391")

    assert f"{label} 1 $0.0391 $0.0391 – 0 0 0 1 0 0" in shown(admin_page, by=by)


def test_page_shows_verdicts_and_what_the_rejected_cost(
    admin_page: Client, project: Project
) -> None:
    today = timezone.localdate()
    for model, accepted in ((QWEN, 24), (FLUX, 20)):
        make_usage(
            project, day=today, model=model, succeeded=30, pictures=30, cost="0.90",
            accepted=accepted, rejected=6, rejected_cost="0.18",
        )  # fmt: skip

    page = shown(admin_page, by="model")

    assert "Qwen Image Edit 30 $0.90 $0.03 – 30 80 % accepted 24 6 cost $0.18" in page
    # 26 of 26 would say as little about the next pictures.
    assert "[max] 30 $0.90 $0.03 – 26 too few to compare 20 6 cost $0.18" in page
    assert "Accepted 44 of 56 judged 79 % accepted. The 12 rejected cost $0.36." in page


def test_page_of_other_periods(admin_page: Client, project: Project) -> None:
    today = timezone.localdate()
    for days in (0, 20, 80):
        make_usage(project, day=today - timedelta(days=days), succeeded=1, pictures=1)
    own = {"period": "own", "since": str(today - timedelta(days=80)), "until": str(today)}
    found = {
        name: shown(admin_page, **query).partition("Pictures ")[2].split()[0]
        for name, query in {
            "7": {"period": "7"}, "30": {}, "90": {"period": "90"}, "own": own,
        }.items()
    }  # fmt: skip

    assert found == {"7": "1", "30": "2", "90": "3", "own": "3"}


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("2026-11-20", "2026-11-19", "The first day is after the last one."),
        ("2025-01-01", "2026-11-19", "Choose at most 366 days."),
        ("", "2026-11-19", "Name the first day and the last, as 2026-11-30."),
        ("yesterday", "2026-11-19", "Enter a valid date."),
    ],
)
def test_page_says_what_is_wrong_with_the_dates(
    admin_page: Client, since: str, until: str, sentence: str
) -> None:
    assert sentence in shown(admin_page, period="own", since=since, until=until)


def test_page_without_anything_says_what_to_do_first(admin_page: Client, project: Project) -> None:
    nothing = shown(admin_page)
    make_usage(project, day=timezone.localdate() - timedelta(days=40), succeeded=1)
    elsewhere = shown(admin_page)

    assert "Nothing was staged yet. Stage a photo" in nothing
    assert "Nothing ended in this period: choose another one above." in elsewhere


def test_page_as_csv_has_no_formulas(admin_page: Client, operator: User) -> None:
    today = timezone.localdate()
    evil = create_project("=1+1", owner=operator)
    make_usage(evil, day=today, succeeded=2, pictures=2, cost="0.06", seconds=9)

    answer = admin_page.get(PAGE, {"by": "project", "csv": ""})

    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="cost-and-time-by-project-{today - timedelta(days=29)}-{today}.csv"'
    )
    assert answer.content.decode().splitlines() == [
        "key,label,pictures,cost,unpriced,cost_per_picture,median_seconds,seconds_per_picture,"
        "accepted,rejected,rejected_cost,succeeded,failed,canceled",
        f"{evil.pk},'=1+1,2,0.060000,0,0.030000,,4.5,0,0,0.000000,2,0,0",
        ",Total,2,0.060000,0,0.030000,,4.5,0,0,0.000000,2,0,0",
    ]


def test_page_takes_as_many_queries_for_many_rows(
    admin_page: Client, operator: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        project = create_project(f"{number}", owner=operator)
        make_usage(project, day=timezone.localdate(), succeeded=1)

    # Two find the operator, two what they may; the side bar has some of its own.
    with django_assert_max_num_queries(9):
        shown(admin_page, by="project")


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "$0.00"), ("0.5", "$0.50"), ("0.0391", "$0.0391"), ("0.039", "$0.039"),
        ("1", "$1.00"), ("1234.567", "$1,234.57"), ("0.00001", "$0.00"),
    ],
)  # fmt: skip
def test_dollars(amount: str, words: str) -> None:
    assert dollars(Decimal(amount)) == words


def test_page_by_account_is_for_those_who_see_limits(operator: User, project: Project) -> None:
    finish(stage(operator, project=project))
    viewer = User.objects.create_user("vera", is_staff=True)
    names = ("view_dailyusage", "all_projects")
    viewer.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(viewer)

    assert "olga" not in shown(client, by="account")
    assert "By account" not in shown(client)

    viewer.user_permissions.add(Permission.objects.get(codename="view_spendinglimit"))
    assert "olga 1 $0.03" in shown(client, by="account")
