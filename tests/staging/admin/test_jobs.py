"""The admin's pages of jobs: the list and its filters, one job, and what is done with them."""

import io
import uuid
import zipfile
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.db.models import Q
from django.test import Client
from django.utils import timezone

from modelsettings.models import ReplicateModel
from staging.admin import paging
from staging.jobs.canceling import cancel_job
from staging.jobs.judging import judge_picture
from staging.models import (
    Callback,
    Photo,
    Project,
    SpendingLimit,
    StagedImage,
    StagingJob,
)
from staging.spending.changing import save_limit
from tests.staging.conftest import SEEDREAM, Ask, Sandbox, carry_out, only, pictures
from tests.staging.finished import finish, stage, staged

LIST = "/admin/staging/stagingjob/"
LIST_QUERIES = 15
PAGE_QUERIES = 11
ACTIONS = ["retry", "new-seed", "repeat", "cancel"]


def page_of(job: StagingJob) -> str:
    return f"{LIST}{job.pk}/change/"


def listed(client: Client, query: str) -> list[StagingJob]:
    """Return the jobs that the list shows."""
    return list(client.get(f"{LIST}?{query}").context["cl"].result_list)


def told(answer: Any) -> list[str]:
    return [str(one) for one in get_messages(answer.wsgi_request)]


def do(client: Client, job: StagingJob, action: str) -> Any:
    return client.post(f"{LIST}{job.pk}/{action}/now/")


def choose(client: Client, action: str, *jobs: StagingJob, **more: str) -> Any:
    """Use an action of the list on some jobs."""
    return client.post(
        LIST, {"action": action, "_selected_action": [str(job.pk) for job in jobs], **more}
    )


@pytest.fixture
def viewer(client: Client, stranger: User) -> Client:
    """Somebody who may look at everything and change nothing."""
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(
        Permission.objects.filter(
            Q(codename__startswith="view_") | Q(codename="all_projects"),
            content_type__app_label="staging",
        )
    )
    client.force_login(stranger)
    return client


def test_pages_show_a_finished_job(sandbox: Sandbox, admin_page: Client, ask: Ask) -> None:
    job = carry_out(sandbox, ask())

    listed_page, shown = admin_page.get(LIST).content.decode(), admin_page.get(page_of(job))

    assert f"/pictures/{only(job).pk}/0-" in listed_page
    assert 'alt="before"' in listed_page
    page = shown.content.decode()
    assert shown.status_code == 200
    assert str(only(job).replicate_id) in page
    assert "worker: collect" in page
    assert "Succeeded" in page
    assert "Sent 300 × 200" in page


@pytest.mark.parametrize(
    ("status", "buttons"),
    [
        ("running", ["new-seed", "repeat", "cancel"]),
        ("failed", ["retry", "new-seed", "repeat"]),
        ("canceled", ["retry", "new-seed", "repeat"]),
        ("partially_succeeded", ["retry", "new-seed", "repeat"]),
        ("succeeded", ["new-seed", "repeat"]),
    ],
)
def test_page_offers_what_is_possible(
    admin_page: Client, ask: Ask, status: str, buttons: list[str]
) -> None:
    job = ask()
    StagingJob.objects.update(status=status)

    assert admin_page.get(LIST).status_code == 200
    page = admin_page.get(page_of(job)).content.decode()

    assert [one for one in ACTIONS if f"/{one}/now/" in page] == buttons


def test_pages_escape_what_others_wrote(admin_page: Client, ask: Ask) -> None:
    job = ask(prompt="<script>alert(1)</script>", overrides={"disclosure": "<b>bold</b>"})
    job.predictions.update(error="<i>told</i>", error_code="model_failed")

    page = admin_page.get(page_of(job)).content.decode()

    assert "<script>alert(1)" not in page
    assert "<b>bold" not in page
    assert "<i>told" not in page


@pytest.mark.parametrize("count", [1, 20])
def test_pages_ask_the_database_a_fixed_number_of_times(
    admin_page: Client, ask: Ask, count: int, django_assert_num_queries: Any
) -> None:
    jobs = [ask(overrides={"num_outputs": 2}) for _ in range(count)]
    admin_page.get(LIST)

    with django_assert_num_queries(LIST_QUERIES):
        admin_page.get(LIST)
    with django_assert_num_queries(PAGE_QUERIES):
        admin_page.get(page_of(jobs[0]))


def test_list_says_what_to_do_first(admin_page: Client) -> None:
    page = admin_page.get(LIST).content.decode()

    assert "No job yet" in page
    assert "http://testserver/api/v1/staging/jobs" in page
    assert "/admin/stage/" in page


def test_list_filters(admin_page: Client, operator: User, ask: Ask) -> None:
    wanted = ask(room_type="bedroom", style="industrial", model=SEEDREAM)
    other = ask()
    StagingJob.objects.filter(pk=wanted.pk).update(status="failed")
    model = ReplicateModel.objects.get(slug=SEEDREAM)
    today = timezone.localdate()
    queries = [
        "status__exact=failed", f"model__id__exact={model.pk}", "room_type=bedroom",
        "style=industrial", f"profile__exact={wanted.profile_id}",
        f"profile__exact={wanted.profile_id}&revision__exact=1",
    ]  # fmt: skip

    assert [listed(admin_page, query) for query in queries] == [[wanted]] * len(queries)
    both = [
        "", f"project__id__exact={wanted.project_id}", "owner_name=olga",
        f"created_from={today}&created_to={today}", "created_to=9999-12-31",
    ]  # fmt: skip
    assert [listed(admin_page, query) for query in both] == [[other, wanted]] * len(both)


@pytest.mark.parametrize(
    "query",
    [
        "owner_name=nobody", "created_from=2999-01-01", "created_to=2000-01-01", "room_type=garage",
        "profile__exact=x", "model__id__exact=99999999999999999999", "project__id__exact=x",
        "project__id__exact=00000000-0000-0000-0000-000000000000", "verdict=accepted",
        "q=zzz", "q=00000000",
    ],
)  # fmt: skip
def test_list_filters_find_nothing(admin_page: Client, ask: Ask, query: str) -> None:
    ask()

    assert listed(admin_page, query) == []


def test_retry_of_several_goes_on_where_one_is_over_a_limit(
    admin_page: Client, ask: Ask, operator: User
) -> None:
    poor, rich = ask(), ask()
    for job in (poor, rich):
        cancel_job(job, by=operator)
    project = Project.objects.create(owner=operator, name="Without money")
    StagingJob.objects.filter(pk=poor.pk).update(project=project)
    save_limit(SpendingLimit(project=project, period="day", usd=0, when_over="refuse"))

    choose(admin_page, "retry_selected", poor, rich)

    statuses = [StagingJob.objects.get(pk=job.pk).status for job in (poor, rich)]
    assert statuses == ["canceled", "queued"]


def test_list_filters_by_verdict(admin_page: Client, operator: User) -> None:
    jobs = [finish(stage(operator), pictures=2) for _ in range(3)]
    (first, second), (third, _), _ = [pictures(job) for job in jobs]
    judge_picture(first, by=operator, verdict="accepted")
    judge_picture(second, by=operator, verdict="rejected")
    judge_picture(second, by=operator, verdict=None)
    judge_picture(third, by=operator, verdict="rejected")

    found = [listed(admin_page, f"verdict={one}") for one in ("accepted", "rejected")]

    assert found == [[jobs[0]], [jobs[1]]]


def copies(job: StagingJob, ids: Iterable[uuid.UUID]) -> list[StagingJob]:
    """Return as many jobs like this one, each an hour older than the one before it."""
    made = []
    for number, pk in enumerate(ids):
        copy = StagingJob.objects.get(pk=job.pk)
        copy.pk = pk
        copy.save(force_insert=True)
        at = job.created_at - timedelta(hours=number + 1)
        StagingJob.objects.filter(pk=pk).update(created_at=at)
        made.append(copy)
    return made


def test_list_finds_a_job_by_how_its_id_begins(admin_page: Client, ask: Ask) -> None:
    whole = uuid.UUID(int=0xABC << 116)
    (job,) = copies(ask(), [whole])

    terms = ["abc", "ABC0", str(whole), f"Job {whole.hex[:8]}"]

    assert [listed(admin_page, f"q={term}") for term in terms] == [[job]] * len(terms)


def test_list_pages_are_bounded_and_go_on(
    admin_page: Client, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_COUNTED", 50)
    copies(ask(), (uuid.uuid4() for _ in range(60)))

    page = admin_page.get(f"{LIST}?p=2")
    changes = page.context["cl"]
    behind = listed(admin_page, changes.older_url.removeprefix("?"))

    assert "over 50 jobs" in page.content.decode()
    assert behind[0] == list(changes.result_list)[-1]
    assert len(behind) == 61 - 50 + 1
    assert admin_page.get(LIST).context["cl"].older_url == ""


def test_act_cancels_then_retries(admin_page: Client, ask: Ask) -> None:
    job = ask()

    do(admin_page, job, "cancel")
    job.refresh_from_db()
    canceled = job.status
    do(admin_page, job, "retry")
    job.refresh_from_db()

    assert (canceled, job.status) == ("canceled", "queued")


@pytest.mark.parametrize(("action", "is_same"), [("repeat", True), ("new-seed", False)])
def test_act_repeats(admin_page: Client, ask: Ask, action: str, is_same: bool) -> None:
    job = ask(seed=7)

    answer = do(admin_page, job, action)

    again = StagingJob.objects.exclude(pk=job.pk).get()
    assert answer.url == page_of(again)
    assert (again.input["prompt"], again.repeats_id) == (job.input["prompt"], job.pk)
    assert (only(again).seed == 7) is is_same


def test_act_says_why_not(admin_page: Client, ask: Ask) -> None:
    job = ask()

    answer = do(admin_page, job, "retry")

    assert told(answer) == ["This job is not finished: wait for its end, or cancel it first."]


def test_act_knows_no_other_action(admin_page: Client, ask: Ask) -> None:
    assert do(admin_page, ask(), "explode").status_code == 404


def test_act_is_no_link(admin_page: Client, ask: Ask) -> None:
    assert admin_page.get(f"{LIST}{ask().pk}/cancel/now/").status_code == 405


def test_chosen_jobs_are_canceled_and_told_apart(admin_page: Client, ask: Ask) -> None:
    jobs = [ask(), ask(), ask()]
    do(admin_page, jobs[0], "cancel")

    answer = choose(admin_page, "cancel_selected", *jobs)

    assert told(answer)[-2:] == [
        "Canceled: 2.",
        "Not done with 1: This job is finished: there is nothing to cancel.",
    ]


def test_chosen_jobs_are_deleted_after_a_question(
    sandbox: Sandbox, admin_page: Client, ask: Ask
) -> None:
    done, waiting = carry_out(sandbox, ask()), ask()

    asked = choose(admin_page, "delete_selected", done, waiting)
    left = StagingJob.objects.count()
    answer = choose(admin_page, "delete_selected", done, waiting, post="yes")

    assert "1 pictures, with their files" in asked.content.decode()
    assert left == 2
    assert list(StagingJob.objects.all()) == [waiting]
    assert told(answer) == [
        "Deleted: 1.",
        "Not done with 1: This job is not finished: cancel it first.",
    ]


def test_chosen_jobs_are_downloaded(sandbox: Sandbox, admin_page: Client, ask: Ask) -> None:
    jobs = [carry_out(sandbox, ask(overrides={"num_outputs": 2})), carry_out(sandbox, ask())]

    answer = choose(admin_page, "download_selected", *jobs)

    zipped = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert len(zipped.namelist()) == 3


def test_download_of_no_picture_says_so(admin_page: Client, ask: Ask) -> None:
    job = ask()

    answer: Any = admin_page.get(f"{LIST}{job.pk}/pictures.zip")

    assert (answer.url, told(answer)) == (page_of(job), ["There is no picture yet."])


def test_delete_asks_and_deletes(sandbox: Sandbox, admin_page: Client, ask: Ask) -> None:
    job = carry_out(sandbox, ask())
    address = f"{LIST}{job.pk}/delete/"

    asked = admin_page.get(address).content.decode()
    answer: Any = admin_page.post(address, {"post": "yes"})

    assert "This cannot be undone." in asked
    assert answer.url == LIST
    assert not StagingJob.objects.exists()


def test_page_of_a_callback_and_a_replaced_prediction(admin_page: Client, ask: Ask) -> None:
    job = ask()
    do(admin_page, job, "cancel")
    do(admin_page, job, "retry")

    page = admin_page.get(page_of(job)).content.decode()

    assert "replaced" in page


@pytest.mark.parametrize("odd", ["nothing", "00000000-0000-0000-0000-000000000000", "1", "_5F"])
def test_page_of_no_job(admin_page: Client, odd: str) -> None:
    answer = admin_page.get(f"{LIST}{odd}/change/")

    assert answer.status_code in (302, 404)


def test_a_viewer_sees_no_button_and_changes_nothing(
    sandbox: Sandbox, viewer: Client, ask: Ask
) -> None:
    job = carry_out(sandbox, ask())
    (image,) = pictures(job)

    page = viewer.get(page_of(job)).content.decode()
    answers = [do(viewer, job, action) for action in ACTIONS]
    answers += [viewer.post(f"{LIST}{job.pk}/delete/", {"post": "yes"})]
    answers += [viewer.post(f"/admin/staging/stagedimage/{image.pk}/judge/")]

    assert [one for one in ("/now/", "/delete/", "/judge/") if one in page] == []
    assert [answer.status_code for answer in answers] == [403] * 6
    assert choose(viewer, "delete_selected", job, post="yes").status_code in (302, 403)
    assert StagingJob.objects.get() == job


def test_page_says_what_was_sent_and_what_came_back(admin_page: Client, operator: User) -> None:
    job = staged(operator)
    Photo.objects.filter(pk=job.photo_id).update(
        original_width=6000, original_height=4000, original_size=3 * 2**20
    )
    StagedImage.objects.update(size=2**20)

    page = admin_page.get(f"{LIST}{job.pk}/change/").content.decode()

    sizes = "Sent 6000 × 4000, 3.0\xa0MB → came back 300 × 200, 1.0\xa0MB (webp). Cost $0.03"
    assert sizes in page


def test_page_says_who_was_told_of_the_end(admin_page: Client, operator: User) -> None:
    job = staged(operator)
    url = "https://crm.example/done"
    told = Callback.objects.create(job=job, url=url, status="failed", tries=2)

    page = admin_page.get(f"{LIST}{job.pk}/change/").content.decode()

    assert f"<p>Failed, 2 attempts at <code>{url}</code></p>" in page
    assert f'<a href="/admin/staging/callback/{told.pk}/change/">Its log</a>' in page
