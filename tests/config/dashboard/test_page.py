"""What the admin's first page tells, to whom, and at what cost."""

import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from config.dashboard import attention, figures
from config.dashboard.figures import Day
from modelsettings.actors import Actor
from modelsettings.models import PublishedSchema, ReplicateModel
from modelsettings.settings import get_settings, patch_settings
from staging.models import (
    BatchPhoto,
    Callback,
    CreationPace,
    DailyUsage,
    Prediction,
    StagedImage,
    StagingBatch,
    StagingJob,
)
from staging.templatetags.staging_pictures import duration
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


def sentences() -> list[str]:
    return [one.sentence for one in attention.find_items(timezone.localdate())]


def end(job: StagingJob, status: str = "succeeded", *, seconds: float = 5, **columns: Any) -> None:
    """Let a job have ended so long after it was asked for."""
    at = job.created_at + timedelta(seconds=seconds)
    job.predictions.update(status=status, finished_at=at, **columns)
    StagingJob.objects.filter(pk=job.pk).update(status=status, finished_at=at)


def fail(job: StagingJob, code: str, error: str = "E005: flagged.") -> None:
    end(job, "failed", error_code=code, error=error)


def add_picture(job: StagingJob) -> None:
    StagedImage.objects.create(
        prediction=job.predictions.get(), position=0, file="pictures/a.webp",
        thumbnail="pictures/a-thumbnail.webp", width=1, height=1, size=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ({}, "–"),
        ({"canceled": 3}, "–"),
        ({"succeeded": 2}, "100 %"),
        ({"succeeded": 124, "failed": 1, "canceled": 9}, "99.2 %"),
        ({"succeeded": 99_999, "failed": 1}, "99.9 %"),
        ({"failed": 4}, "0 %"),
    ],
)
def test_success_of_a_day(day: dict[str, int], said: str) -> None:
    assert Day(day=timezone.localdate(), **day).success == said  # type: ignore[arg-type]  # counts


@pytest.mark.parametrize(
    ("seconds", "percent", "found"),
    [([7], 95, 7), ([3, 1, 2], 50, 2), ([1, 2, 3, 4], 50, 2), (list(range(1, 101)), 95, 95)],
)
def test_percentile(seconds: list[int], percent: int, found: int) -> None:
    times = [timedelta(seconds=one) for one in seconds]

    assert figures.percentile(times, percent) == timedelta(seconds=found)


def test_percentile_of_nothing() -> None:
    assert figures.percentile([], 50) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.44, "9.4 s"), (125, "2 min 5 s"), (119.6, "2 min 0 s"),
     (7505, "2 h 5 min")],
)  # fmt: skip
def test_duration_in_words(seconds: float, said: str) -> None:
    assert duration(timedelta(seconds=seconds)) == said


def test_duration_that_nobody_knows() -> None:
    assert duration(None) == "–"


def test_bars_show_the_last_seven_days(ask: Ask) -> None:
    job, today = ask(), timezone.localdate()
    for back, ended in [(0, 5), (1, 10), (6, 1), (7, 99)]:
        add_usage(job, today - timedelta(days=back), succeeded=ended)

    bars = figures.bars_of(today, figures.usage_of(today))

    assert [(bar.ended, bar.height) for bar in bars] == [
        (1, 10), (0, 0), (0, 0), (0, 0), (0, 0), (10, 100), (5, 50)
    ]  # fmt: skip


def add_usage(job: StagingJob, day: Any, **counts: Any) -> None:
    DailyUsage.objects.create(
        day=day,
        project_id=job.project_id,
        project_name="Unsorted",
        model_id=job.model_id,
        profile_id=job.profile_id,
        **counts,
    )


def test_page_of_a_day(admin_page: Client, ask: Ask) -> None:
    for seconds in (4, 9, 60):
        end(ask(), seconds=seconds)
    job = ask()
    today, cost = timezone.localdate(), Decimal("0.09")
    add_usage(job, today, succeeded=3, canceled=1, pictures=3, cost=cost)
    add_usage(job, today - timedelta(days=1), succeeded=1, pictures=1, unpriced=1)

    context = admin_page.get(TODAY).context

    assert {key: context[key] for key in ("jobs_today", "running", "median", "p95")} == {
        "jobs_today": "4", "running": "1", "median": "9.0 s", "p95": "60.0 s",
    }  # fmt: skip
    assert (context["today"].cost, context["today"].ended, context["items"]) == (cost, 4, [])
    (row,) = context["models_table"]["rows"]
    assert row[1:] == ["default, revision 1", "nothing", 3, "partly unknown", "9.0 s"]


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


# Session and account 2, permissions 2, pauses 2, jobs and sums 5, the limit of the day 1, models 1,
# pictures 1, changes 3, and what needs somebody 13.
QUERIES = 30


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
        (("view_stagingjob",), {"pairs", "items", "today"}),
        (("view_modelsettings",), {"changes"}),
    ],
)
def test_page_shows_what_somebody_may_see(
    staff: User, ask: Ask, may: tuple[str, ...], seen: set[str]
) -> None:
    add_picture(ask())

    answer = allow(staff, *may).get(TODAY)

    told = {key for key in ("pairs", "items", "today", "changes") if key in answer.context}
    assert told == seen
    assert ("thumbnail.webp" in answer.content.decode()) is ("pairs" in seen)
    assert ("You may see neither" in answer.content.decode()) is (not seen)


@pytest.mark.usefixtures("stranger")
def test_page_is_for_staff_alone(client: Client, stranger: User) -> None:
    client.force_login(stranger)

    assert client.get(TODAY).status_code == 302


def test_page_of_an_empty_installation_says_what_to_do_first(admin_page: Client) -> None:
    page = admin_page.get(TODAY).content.decode()

    assert "Nothing is staged yet" in page
    assert "python manage.py stage_folder DIR" in page
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

    (change,) = admin_page.get(TODAY).context["changes"]

    assert (change.row.label, change.row.updated_by) == ("Qwen Image Edit", "system:ann")
    assert [(one.key, one.old, one.new) for one in change.changes] == [("output_quality", 80, 55)]
    assert "smaller files" in admin_page.get(TODAY).content.decode()


def test_items_are_none_where_all_is_well(ask: Ask) -> None:
    end(ask())
    ask()

    assert sentences() == []


def test_items_group_failures_by_reason(ask: Ask) -> None:
    for code in ("model_failed", "deadline", "model_failed", "something_new"):
        fail(ask(), code)

    items = attention.find_items(timezone.localdate())

    assert [one.sentence for one in items] == [
        "2 jobs failed: the model failed.",
        "1 job failed: something_new.",
        "1 job failed: it took too long.",
    ]
    day = timezone.localdate().isoformat()
    assert items[0].link == (f"/admin/staging/stagingjob/?status__exact=failed&created_from={day}")
    assert (items[1].link.endswith("/change/"), items[0].detail) == (True, "E005: flagged.")


def test_items_forget_what_failed_before_today(ask: Ask) -> None:
    job = ask()
    fail(job, "model_failed")
    StagingJob.objects.update(created_at=timezone.now() - timedelta(days=2))

    assert sentences() == []


def test_items_keep_undecided_purchases(ask: Ask) -> None:
    fail(ask(), "undecided")
    StagingJob.objects.update(created_at=timezone.now() - timedelta(days=2))

    (item,) = attention.find_items(timezone.localdate())

    assert item.sentence.startswith("1 purchase undecided: whether it was made is not known.")
    assert item.is_urgent


def test_items_forget_what_was_tried_again(ask: Ask) -> None:
    fail(ask(), "undecided")
    Prediction.objects.update(is_replaced=True)

    assert sentences() == []


def test_items_name_a_missing_token(settings: Settings) -> None:
    settings.REPLICATE_API_TOKEN = ""

    assert sentences() == ["REPLICATE_API_TOKEN is not set: jobs wait, and fail after ten minutes."]


def make_late(job: StagingJob) -> None:
    earlier = timezone.now() - timedelta(minutes=5)
    StagingJob.objects.filter(pk=job.pk).update(created_at=earlier)
    job.predictions.update(run_after=earlier)


def test_items_miss_a_worker_where_jobs_wait(ask: Ask) -> None:
    make_late(ask())
    missed = sentences()
    CreationPace.take(1)

    assert missed == [
        "Jobs wait, and no worker takes them: start celery -A config worker, and beat."
    ]
    assert sentences() == []


def test_items_tell_of_tries(ask: Ask) -> None:
    ask()
    Prediction.objects.update(error="Replicate asks for credit.")

    (item,) = attention.find_items(timezone.localdate())

    assert (item.sentence, item.detail) == (
        "1 prediction waiting for another try.", "Replicate asks for credit."
    )  # fmt: skip


@pytest.mark.usefixtures("operator")
def test_items_name_a_model_with_a_new_schema() -> None:
    model = ReplicateModel.objects.get(slug=QWEN)
    PublishedSchema.objects.create(model=model, digest="new", version="v2", document={})

    assert sentences() == ["Qwen Image Edit has a new schema."]


@pytest.mark.usefixtures("operator")
def test_items_count_what_a_new_schema_breaks() -> None:
    model = ReplicateModel.objects.select_related("pinned_schema").get(slug=QWEN)
    assert model.pinned_schema
    document = copy.deepcopy(model.pinned_schema.document)
    # The stored default is 80.
    inputs = document["components"]["schemas"]["Input"]["properties"]
    inputs["output_quality"] |= {"default": 50, "maximum": 50}
    PublishedSchema.objects.create(model=model, digest="tight", version="v2", document=document)

    assert sentences() == ["Qwen Image Edit has a new schema that breaks 1 stored value."]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"status": "failed"}, ["1 callback not delivered to the address its client named."]),
        ({"status": "waiting"}, []),
        ({"status": "failed", "created_at": timezone.now() - timedelta(days=2)}, []),
    ],
)
def test_items_tell_of_callbacks(ask: Ask, change: dict[str, Any], found: list[str]) -> None:
    callback = Callback.objects.create(job=ask(), url="https://client.example/hook")
    Callback.objects.filter(pk=callback.pk).update(**change)

    assert sentences() == found


def test_items_tell_of_refused_photos(ask: Ask) -> None:
    job = ask()
    batch = StagingBatch.objects.create(owner=job.owner, project=job.project, styles=["modern"])
    for position, status in enumerate(["refused", "staged", "refused", "waiting"]):
        BatchPhoto.objects.create(
            batch=batch, position=position, name="a.jpg", room_type="bedroom", status=status
        )

    assert sentences() == [f"2 photos refused in batch {str(batch.pk)[:8]}."]
