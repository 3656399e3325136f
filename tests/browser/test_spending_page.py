"""Spending as an operator steers it: a limit that is too low, a higher one, a pause, its end."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from modelsettings.models import ReplicateModel
from staging.models import Notice, NoticeKind, PriceEstimate, SpendingLimit, StagingJob
from staging.predictions import submission
from staging.spending.changing import delete_limit, pause
from tests.browser.pages import find_violations
from tests.staging.conftest import Sandbox, only, sandbox
from tests.staging.finished import stage
from tests.staging.waiting_batch import pages_of, waiting_batch

__all__ = ["sandbox"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIMITS = "/admin/staging/spendinglimit/"


def page_of(job: StagingJob) -> str:
    return f"/admin/staging/stagingjob/{job.pk}/change/"


def test_job_waits_for_room_until_the_limit_is_raised(
    page: Page, operator: User, sandbox: Sandbox
) -> None:
    page.goto(LIMITS)
    page.get_by_role("link", name="Add a limit").click()
    page.get_by_label("Dollars").fill("0.02")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    job = stage(operator)
    submission.submit_waiting()

    page.goto(page_of(job))
    expect(page.get_by_text("Waits for budget.")).to_be_visible()
    page.get_by_role("link", name="with a higher limit").click()
    row = page.get_by_role("row").filter(has_text="All projects")
    expect(row).to_contain_text("1 prediction")
    row.get_by_role("link", name="All projects").click()
    page.get_by_label("Dollars").fill("5")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    submission.submit_waiting()

    assert only(job).status == "running"
    expect(page.get_by_text("Changed: All projects, $5.00 a day")).to_be_visible()
    page.goto("/admin/")
    expect(page.get_by_text("$0.00 of $5.00")).to_be_visible()


def test_first_limit_is_set_in_one_click_and_undone(page: Page, operator: User) -> None:
    page.goto("/admin/")
    page.get_by_role("button", name="Limit all projects to $20 a day").click()

    expect(page.get_by_text("All projects together may spend $20 a day now.")).to_be_visible()
    expect(page.get_by_text("No spending limit is set")).to_have_count(0)
    page.get_by_role("link", name="undo it").click()
    page.get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile(r"/spendinglimit/$"))

    page.goto("/admin/")
    expect(page.get_by_text("No spending limit is set")).to_be_visible()


def test_every_account_gets_a_limit(page: Page, operator: User, stranger: User) -> None:
    page.goto(LIMITS)
    page.get_by_role("link", name="A limit for every account").click()
    page.get_by_label("Dollars").fill("20")
    page.get_by_role("button", name="Set it for all of them").click()

    expect(page.get_by_text("2 accounts may spend $20.00 a day each now.")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="sam")
    expect(row).to_contain_text("$20.00 a day")


def test_purchases_are_paused_and_go_on(page: Page, operator: User, sandbox: Sandbox) -> None:
    job = stage(operator)
    page.goto("/admin/")
    page.get_by_role("link", name="Pause all purchases").click()
    page.get_by_label("Why?").fill("sofas on the stairs")
    page.get_by_role("button", name="Pause purchases").click()
    expect(page.get_by_text("All purchases are paused by olga")).to_be_visible()
    submission.submit_waiting()

    page.goto(page_of(job))
    banner = page.get_by_role("status").filter(has_text="All purchases are paused by olga")
    expect(banner).to_contain_text(": sofas on the stairs.")
    assert only(job).status == "queued"
    banner.get_by_role("button", name="Resume").click()

    expect(page.get_by_text("All purchases go on.")).to_be_visible()
    expect(banner).to_have_count(0)
    submission.submit_waiting()
    assert only(job).status == "running"


def test_list_of_jobs_works_while_purchases_are_paused(page: Page, operator: User) -> None:
    stage(operator)
    pause(by="olga")
    page.goto("/admin/staging/stagingjob/")
    # A form in the list's own form would end it.
    expect(page.locator("#changelist-form input.action-select")).to_have_count(1)

    page.get_by_role("button", name="Resume").click()

    expect(page.get_by_text("All purchases go on.")).to_be_visible()


def test_batch_page_says_why_its_jobs_wait_until_they_go_on(
    page: Page, operator: User, sandbox: Sandbox
) -> None:
    batch = waiting_batch(operator, 1)
    page.goto(f"/admin/staging/stagingbatch/{batch.pk}/change/")
    expect(page.get_by_role("status").filter(has_text="2 jobs wait for budget.")).to_be_visible()
    expect(page.get_by_role("link", name="Waits for budget")).to_have_count(2)

    delete_limit(SpendingLimit.objects.get())
    submission.submit_waiting()

    expect(page.get_by_text("for room")).to_have_count(0)


@pytest.fixture
def pages(operator: User, sandbox: Sandbox) -> list[str]:
    """Every page on which spending stands, with something on it."""
    batch = waiting_batch(operator, 1)
    job = StagingJob.objects.get(style="modern")
    model = ReplicateModel.objects.filter(price=[]).order_by("slug")[0]
    estimate = PriceEstimate.objects.create(model=model, usd=1)
    Notice.objects.create(kind=NoticeKind.STANDSTILL, key="waiting", sentence="Nothing moves.")
    pause(by="olga", reason="sofas on the stairs")
    return [
        "/admin/",
        LIMITS,
        f"{LIMITS}add/?project={job.project_id}",
        f"{LIMITS}accounts/",
        f"{LIMITS}{SpendingLimit.objects.get().pk}/change/",
        "/admin/staging/priceestimate/",
        "/admin/staging/priceestimate/add/",
        f"/admin/staging/priceestimate/{estimate.pk}/change/",
        "/admin/staging/purchasepause/",
        "/admin/staging/purchasepause/add/",
        "/admin/staging/notice/",
        *pages_of(batch),
        page_of(job),
        f"/admin/staging/project/{job.project_id}/change/",
    ]


def test_no_accessibility_violation(page: Page, pages: list[str]) -> None:
    assert find_violations(page, pages) == {}


def test_empty_pages_have_no_violation(page: Page) -> None:
    empty = ["/admin/", LIMITS, "/admin/staging/purchasepause/", "/admin/staging/notice/"]
    assert find_violations(page, empty) == {}
