"""The admin's pages of jobs: for an operator, and for nobody else."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from staging.models import StagingJob
from tests.staging.conftest import Ask, Sandbox, carry_out, only

LIST = "/admin/staging/stagingjob/"
LIST_QUERIES = 11
PAGE_QUERIES = 8


def page_of(job: StagingJob) -> str:
    return f"{LIST}{job.pk}/change/"


def test_pages_show_a_finished_job(sandbox: Sandbox, admin_page: Client, ask: Ask) -> None:
    job = carry_out(sandbox, ask())

    listed, shown = admin_page.get(LIST).content.decode(), admin_page.get(page_of(job))

    assert f"/pictures/{only(job).pk}/0-" in listed
    assert 'alt="before"' in listed
    page = shown.content.decode()
    assert shown.status_code == 200
    assert str(only(job).replicate_id) in page
    assert "worker: collect" in page
    assert "Succeeded" in page


@pytest.mark.parametrize("status", ["running", "failed", "canceled", "partially_succeeded"])
def test_pages_show_a_job_in_any_status(admin_page: Client, ask: Ask, status: str) -> None:
    job = ask()
    StagingJob.objects.update(status=status)

    assert admin_page.get(LIST).status_code == 200
    assert admin_page.get(page_of(job)).status_code == 200


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


def test_pages_change_nothing(admin_page: Client, ask: Ask) -> None:
    job = ask()

    assert admin_page.get(f"{LIST}add/").status_code == 403
    assert admin_page.get(f"{LIST}{job.pk}/delete/").status_code == 403
    assert StagingJob.objects.count() == 1


@pytest.mark.parametrize("odd", ["nothing", "00000000-0000-0000-0000-000000000000", "1", "_5F"])
def test_page_of_no_job(admin_page: Client, odd: str) -> None:
    answer = admin_page.get(f"{LIST}{odd}/change/")

    assert answer.status_code in (302, 404)


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_stranger_sees_no_job(client: Client, stranger: User, ask: Ask, is_staff: bool) -> None:
    stranger.is_staff = is_staff
    stranger.save()
    client.force_login(stranger)
    pages = [LIST, page_of(ask())]

    answers = [client.get(page) for page in pages]

    # Who is no staff is sent to the login page.
    assert all(answer.status_code in ({403, 404} if is_staff else {302}) for answer in answers)
