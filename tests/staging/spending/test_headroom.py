"""How much room limits leave, and what waits under which of them, whatever they are called."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, TestCase
from django.utils import timezone
from rest_framework.test import APIClient

from config.dashboard import attention
from staging.jobs.canceling import cancel_job
from staging.models import OverLimit, Project, SpendingLimit, StagingJob
from staging.notices import watching
from staging.predictions import submission
from staging.spending.changing import delete_limit, save_limit
from staging.spending.headroom import headroom_of
from tests.staging.conftest import QWEN, Ask, Sandbox, only, pass_time
from tests.staging.finished import stage
from tests.staging.limits import limit, waits_of
from tests.staging.notices.situations import told
from tests.staging.pages import shown

pytestmark = pytest.mark.django_db

USED_UP = "Unsorted has used up $5.00 a day: 1 prediction waits for budget."


@pytest.fixture
def unsorted(
    sandbox: Sandbox, operator: User, stranger: User
) -> tuple[SpendingLimit, SpendingLimit]:
    """The limits of two projects of one name; something waits under the first, which is used up."""
    limits = []
    for owner in (operator, stranger):
        project = Project.objects.unsorted_of(owner)
        limits.append(limit("5", project=project))
        stage(owner, model=QWEN)
    first, second = limits
    SpendingLimit.objects.filter(pk=first.pk).update(spent=Decimal(5))
    submission.submit_waiting()
    return first, second


def held_by(job: StagingJob) -> int | None:
    return only(job).held_by_limit_id


def count_waiting() -> dict[int, int]:
    """Return how many predictions wait under each limit."""
    limits = SpendingLimit.objects.select_related("project")
    return {headroom.limit.pk: headroom.waiting for headroom in headroom_of(limits)}


def look_soon(job: StagingJob) -> None:
    """Let what waits be looked at as it is after its pause."""
    pass_time(job, seconds=121)
    submission.submit_waiting()


def test_headroom_of_projects_of_one_name(
    unsorted: tuple[SpendingLimit, SpendingLimit],
) -> None:
    found = headroom_of(unsorted)

    assert [(headroom.waiting, headroom.is_full, headroom.percent) for headroom in found] == [
        (1, True, 100), (0, False, 0),
    ]  # fmt: skip


def test_limits_list_says_it_of_the_right_one_of_a_name(
    unsorted: tuple[SpendingLimit, SpendingLimit], admin_page: Client
) -> None:
    page = shown(admin_page, "/admin/staging/spendinglimit/")

    assert (page.count("used up"), page.count("1 prediction")) == (1, 1)


def test_first_page_and_notices_say_it_of_the_right_one_of_a_name(
    unsorted: tuple[SpendingLimit, SpendingLimit],
) -> None:
    watching.look()

    (item,) = attention.find_items(timezone.localdate())
    assert (item.sentence, told()) == (USED_UP, [USED_UP])
    assert item.key == f"limit-{unsorted[0].pk}"


def test_project_pages_say_it_of_the_right_one_of_a_name(
    unsorted: tuple[SpendingLimit, SpendingLimit], admin_page: Client
) -> None:
    pages = [
        shown(admin_page, f"/admin/staging/project/{one.project_id}/change/") for one in unsorted
    ]

    assert ["1 prediction waits for budget." in page for page in pages] == [True, False]


def test_jobs_of_two_projects_of_one_name_have_a_reason_each(
    unsorted: tuple[SpendingLimit, SpendingLimit],
) -> None:
    SpendingLimit.objects.update(spent=Decimal(5))
    second = StagingJob.objects.get(project=unsorted[1].project)
    second.predictions.update(status="queued")
    look_soon(second)

    jobs = StagingJob.objects.all()
    assert [len(reason.jobs) for reason in waits_of(jobs).reasons] == [1, 1]


def test_project_with_a_colon_in_its_name(
    sandbox: Sandbox, ask: Ask, operator: User, admin_page: Client
) -> None:
    projects = [
        Project.objects.create(owner=operator, name=f"Elm St: {part}")
        for part in ("attic", "cellar")
    ]
    limits = [limit("0.01", project=project) for project in projects]
    jobs = [ask(model=QWEN, project=project) for project in projects]
    submission.submit_waiting()

    assert count_waiting() == {limits[0].pk: 1, limits[1].pk: 1}
    reasons = [reason.sentence for reason in waits_of(jobs).reasons]
    assert sorted(reasons) == [
        f"Elm St: {part} may spend $0.01 a day: $0.01 is left, which is too little."
        for part in ("attic", "cellar")
    ]


def rename_in_the_admin(client: Any, project: Project) -> None:
    answer = client.post(
        f"/admin/staging/project/{project.pk}/change/",
        {
            "name": "Oak Street", "owner": project.owner.username, "model": "", "profile": "",
            "members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0,
        },
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["errors"]


def rename_through_the_api(client: Any, project: Project) -> None:
    answer = client.patch(
        f"/api/v1/staging/projects/{project.pk}", {"name": "Oak Street"}, format="json"
    )
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("rename", [rename_in_the_admin, rename_through_the_api])
def test_renamed_project_is_called_by_its_new_name(
    sandbox: Sandbox, ask: Ask, operator: User, admin_page: Client, api: APIClient, rename: Any
) -> None:
    project = Project.objects.create(owner=operator, name="Elm Street")
    of_project = limit("0.01", project=project)
    job = ask(model=QWEN, project=project)
    submission.submit_waiting()
    before = StagingJob.objects.get(pk=job.pk).changed_at

    with TestCase.captureOnCommitCallbacks(execute=True):
        rename(api if rename is rename_through_the_api else admin_page, project)
    submission.submit_waiting()

    assert count_waiting() == {of_project.pk: 1}
    (item,) = attention.find_items(timezone.localdate())
    assert (
        item.sentence
        == "Oak Street has too little left of $0.01 a day: 1 prediction waits for budget."
    )
    (reason,) = waits_of([job]).reasons
    assert reason.sentence.startswith("Oak Street may spend $0.01 a day: ")
    assert StagingJob.objects.get(pk=job.pk).changed_at > before


@pytest.mark.parametrize("rename", [rename_in_the_admin, rename_through_the_api])
def test_renamed_projects_still_have_what_waits_before_that_is_looked_at(
    sandbox: Sandbox, ask: Ask, operator: User, admin_page: Client, api: APIClient, rename: Any
) -> None:
    """While purchases are paused, no worker looks: each limit keeps its own waiting prediction."""
    projects = [Project.objects.create(owner=operator, name=name) for name in ("Elm", "Fir")]
    limits = [limit("0.01", project=project) for project in projects]
    jobs = [ask(model=QWEN, project=project) for project in projects]
    submission.submit_waiting()

    with TestCase.captureOnCommitCallbacks(execute=True):
        for project in projects:
            rename(api if rename is rename_through_the_api else admin_page, project)

    assert count_waiting() == {of_project.pk: 1 for of_project in limits}
    assert len(waits_of(StagingJob.objects.filter(pk__in=[job.pk for job in jobs])).reasons) == 2


def test_changed_limits_are_told_apart_before_what_waits_is_looked_at(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    projects = [Project.objects.create(owner=operator, name=name) for name in ("Elm", "Fir")]
    limits = [limit("0.01", project=project) for project in projects]
    jobs = [ask(model=QWEN, project=project) for project in projects]
    submission.submit_waiting()

    with TestCase.captureOnCommitCallbacks(execute=True):
        for of_project in limits:
            of_project.usd = Decimal("0.02")
            save_limit(of_project)

    assert len(waits_of(StagingJob.objects.filter(pk__in=[job.pk for job in jobs])).reasons) == 2


def test_of_several_limits_the_one_that_refused_holds_it(sandbox: Sandbox, ask: Ask) -> None:
    month, day = limit("1", period="month"), limit("0.02")
    job = ask(model=QWEN)
    submission.submit_waiting()

    assert count_waiting() == {month.pk: 0, day.pk: 1}
    SpendingLimit.objects.filter(pk=day.pk).update(usd=1)
    SpendingLimit.objects.filter(pk=month.pk).update(usd=Decimal("0.02"))
    look_soon(job)

    assert count_waiting() == {month.pk: 1, day.pk: 0}


def test_what_is_bought_is_held_by_no_limit(sandbox: Sandbox, ask: Ask) -> None:
    limit("0.02")
    job = ask(model=QWEN)
    submission.submit_waiting()
    assert held_by(job) is not None
    SpendingLimit.objects.update(usd=1)

    look_soon(job)

    assert (only(job).status, held_by(job)) == ("running", None)


def test_what_is_canceled_is_held_by_no_limit(sandbox: Sandbox, ask: Ask, operator: User) -> None:
    limit("0.02")
    job = ask(model=QWEN)
    submission.submit_waiting()

    cancel_job(job, by=operator)

    assert (only(job).status, held_by(job)) == ("canceled", None)


@pytest.mark.parametrize("status", [429, 503])
def test_what_had_room_and_failed_waits_for_no_room(
    sandbox: Sandbox, ask: Ask, status: int
) -> None:
    day = limit("0.02")
    job = ask(model=QWEN)
    submission.submit_waiting()
    SpendingLimit.objects.update(usd=1)
    before = StagingJob.objects.get(pk=job.pk).changed_at
    sandbox.misbehave("upload", "status", status=status)

    look_soon(job)

    assert (only(job).status, only(job).error_code, held_by(job)) == ("queued", "", None)
    assert waits_of([job]).reasons == []
    assert count_waiting() == {day.pk: 0}
    assert StagingJob.objects.get(pk=job.pk).changed_at > before


def test_deleted_limit_lets_what_waited_look_again(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("0.02")
    job = ask(model=QWEN)
    submission.submit_waiting()

    with TestCase.captureOnCommitCallbacks(execute=True):
        delete_limit(day)

    assert held_by(job) is None
    submission.submit_waiting()
    assert only(job).status == "running"


def test_changed_limit_lets_what_waited_look_again(sandbox: Sandbox, ask: Ask) -> None:
    day = limit("0.01")
    job = ask(model=QWEN)
    submission.submit_waiting()
    before = StagingJob.objects.get(pk=job.pk).changed_at
    day.usd = Decimal("0.02")

    with TestCase.captureOnCommitCallbacks(execute=True):
        save_limit(day)
    submission.submit_waiting()

    assert held_by(job) == day.pk
    (reason,) = waits_of([job]).reasons
    assert reason.sentence.startswith("All projects may spend $0.02 a day: ")
    assert StagingJob.objects.get(pk=job.pk).changed_at > before


def test_put_off_by_a_limit_that_is_deleted_meanwhile(
    sandbox: Sandbox, ask: Ask, operator: User
) -> None:
    """A worker that has read it writes later: it waits like any other, and is looked at again."""
    gone = limit("0.02")
    job = ask(model=QWEN)
    submission.submit_waiting()
    number = gone.pk
    delete_limit(gone)
    job.predictions.update(held_by_limit=number)

    assert waits_of([job]).words == {job.pk: "waits for budget"}
    look_soon(job)
    assert (only(job).status, held_by(job)) == ("running", None)


def test_what_an_earlier_release_put_off_is_counted_once_it_is_looked_at(
    sandbox: Sandbox, ask: Ask
) -> None:
    day = limit("0.02")
    job = ask(model=QWEN)
    submission.submit_waiting()
    job.predictions.update(held_by_limit=None)

    look_soon(job)

    assert count_waiting() == {day.pk: 1}


def test_any_words_of_a_limit_leave_what_waits_as_it_is(
    sandbox: Sandbox, ask: Ask, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Project.objects.create(owner=operator, name="Elm Street")
    of_all, of_own = limit("0.02"), limit("0.01", project=own)
    jobs = [ask(model=QWEN), ask(model=QWEN, project=own)]
    SpendingLimit.objects.filter(pk=of_all.pk).update(usd=1)
    monkeypatch.setattr(OverLimit, "__str__", lambda _: "Not now: wait.")
    submission.submit_waiting()
    SpendingLimit.objects.filter(pk=of_all.pk).update(spent=1)
    ask(model=QWEN)
    submission.submit_waiting()

    assert count_waiting() == {of_all.pk: 1, of_own.pk: 1}
    waits = waits_of(StagingJob.objects.all())
    assert [len(reason.jobs) for reason in waits.reasons] == [1, 1]
    assert only(jobs[0]).status == "running"


@pytest.mark.parametrize("is_reworded", [False, True])
def test_any_words_of_a_limit_are_news_only_where_something_changed(
    sandbox: Sandbox, ask: Ask, is_reworded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_all = limit("0.02")
    job = ask(model=QWEN)
    submission.submit_waiting()
    known = StagingJob.objects.get(pk=job.pk).changed_at
    if is_reworded:
        words = iter(f"No room, {number}." for number in range(99))
        monkeypatch.setattr(OverLimit, "__str__", lambda _: next(words))

    look_soon(job)
    assert StagingJob.objects.get(pk=job.pk).changed_at == known

    # Another limit refuses it from now on, in whatever words.
    SpendingLimit.objects.filter(pk=of_all.pk).update(usd=1)
    limit("0.02", period="month")
    look_soon(job)
    assert StagingJob.objects.get(pk=job.pk).changed_at > known
