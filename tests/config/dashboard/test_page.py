"""What the admin's first page tells, to whom, and at what cost."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from modelsettings.actors import Actor
from modelsettings.settings import get_settings, patch_settings
from staging.models import (
    BatchPhoto,
    Callback,
    DailyUsage,
    StagedImage,
    StagingBatch,
    StagingJob,
)
from tests.config.dashboard.days import add_time, add_usage, end, fail
from tests.staging.conftest import QWEN, Ask, ask

__all__ = ["ask"]

pytestmark = pytest.mark.django_db

TODAY = "/admin/"


@pytest.fixture
def staff(db: None) -> User:
    """Somebody who may enter the admin, and see nothing yet."""
    return User.objects.create_user("sue", password="secret", is_staff=True)


def allow(user: User, *codenames: str) -> Client:
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def add_picture(job: StagingJob) -> None:
    StagedImage.objects.create(
        prediction=job.predictions.get(), position=0, file="pictures/a.webp",
        thumbnail="pictures/a-thumbnail.webp", width=1, height=1, size=1,
    )  # fmt: skip


def test_page_of_a_day(admin_page: Client, ask: Ask) -> None:
    today, cost = timezone.localdate(), Decimal("0.09")
    for seconds in (4, 9, 60):
        ended = ask()
        end(ended)
        add_time(ended, today, seconds=seconds)
    job = ask()
    # An hour of yesterday is none of today's times, but one of the week's.
    add_time(job, today - timedelta(days=1), seconds=3600)
    add_usage(job, today, succeeded=3, canceled=1, pictures=3, cost=cost)
    add_usage(job, today - timedelta(days=1), succeeded=1, pictures=1, unpriced=1)

    context = admin_page.get(TODAY).context

    assert {key: context[key] for key in ("jobs_today", "running", "median", "p95")} == {
        "jobs_today": "4", "running": "1", "median": "9.0 s", "p95": "60.0 s",
    }  # fmt: skip
    assert (context["today"].cost, context["today"].ended, context["items"]) == (cost, 4, [])
    (row,) = context["models_table"]["rows"]
    assert row[1:] == ["Standard, revision 1", "nothing", 3, "partly unknown", "9.0 s"]


def test_page_costs_the_same_however_much_there_is(
    admin_page: Client, ask: Ask, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        trouble(ask)
    # Schemas are compiled once in a process.
    admin_page.get(TODAY)
    with django_assert_num_queries(QUERIES):
        admin_page.get(TODAY)
    for _ in range(6):
        trouble(ask)

    with django_assert_num_queries(QUERIES):
        admin_page.get(TODAY)


# Session and account 2, permissions 2, pauses 2, whether there is a limit 1, jobs and sums 5, the
# limit of the day 1, models 1, pictures 1, changes 12, and what needs an operator 17.
QUERIES = 45


def trouble(ask: Ask) -> None:
    """Add one of each thing that the page lists."""
    fail(ask(), "undecided")
    fail(ask(), "model_failed")
    job = ask()
    end(job)
    add_picture(job)
    live = get_settings(QWEN)
    patch_settings(live.pk, {"seed": live.revision}, by=Actor.system("test"))
    add_usage(job, timezone.localdate() - timedelta(days=DailyUsage.objects.count()), failed=1)
    Callback.objects.create(job=job, url="https://a.example", status="failed")
    batch = StagingBatch.objects.create(owner=job.owner, project=job.project, styles=["modern"])
    BatchPhoto.objects.create(batch=batch, position=0, name="a", room_type="", status="refused")


def test_page_bounds_what_it_counts(
    admin_page: Client, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.dashboard.page.MOST", 2)
    for _ in range(3):
        ask()

    context = admin_page.get(TODAY).context

    assert (context["jobs_today"], context["running"]) == ("over 2", "over 2")


@pytest.mark.parametrize(
    ("may", "seen"),
    [
        ((), set()),
        (("view_stagingjob",), {"items"}),
        (("view_stagingjob", "view_dailyusage"), {"items", "today"}),
        (("view_stagingjob", "view_photo"), {"items"}),
        (("view_stagingjob", "view_photo", "view_stagedimage"), {"items", "pairs"}),
        (("view_modelsettings",), {"changes"}),
    ],
)
def test_page_shows_what_somebody_may_see(
    staff: User, ask: Ask, may: tuple[str, ...], seen: set[str]
) -> None:
    add_picture(ask())

    answer = allow(staff, "all_projects", *may).get(TODAY)

    told = {key for key in ("pairs", "items", "today", "changes") if key in answer.context}
    assert told == seen
    assert ("thumbnail.webp" in answer.content.decode()) is ("pairs" in seen)
    assert ("You may see neither" in answer.content.decode()) is (not seen)


@pytest.mark.usefixtures("stranger")
def test_page_is_for_staff_alone(client: Client, stranger: User) -> None:
    client.force_login(stranger)

    assert client.get(TODAY).status_code == 302


def test_page_of_an_empty_installation_says_what_to_do_first(
    admin_page: Client, admin_client: Client
) -> None:
    page, of_administrator = (one.get(TODAY).content.decode() for one in (admin_page, admin_client))

    assert "Nothing is staged yet" in page
    assert "pages to try the API" in page
    # A command is of use to those who may enter the server.
    assert ["manage.py" in shown for shown in (page, of_administrator)] == [False, True]
    assert "Spent today" not in page


def test_page_refreshes_itself_while_something_runs(admin_page: Client, ask: Ask) -> None:
    job = ask()
    runs = admin_page.get(TODAY).content.decode()
    end(job)
    rests = admin_page.get(TODAY).content.decode()

    assert ("every 10s" in runs, "every 10s" in rests) == (True, False)


def test_latest_changes_tell_what_who_and_why(admin_page: Client) -> None:
    live = get_settings(QWEN)
    ann = Actor.system("ann")
    patch_settings(live.pk, {"output_quality": 55}, by=ann, reason="smaller files")

    (shown,) = admin_page.get(TODAY).context["changes"]

    change = shown["change"]
    assert (change.title, change.by) == ("Qwen Image Edit", "system:ann")
    assert [(one.key, one.old, one.new) for one in change.lines] == [("output_quality", 80, 55)]
    assert "smaller files" in admin_page.get(TODAY).content.decode()
