"""The page of a job as an operator sees it: while it runs, and when the picture is there."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Download, Locator, Page, Route, expect
from pytest_django import Settings

from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import Prediction, PredictionStatus, Project, StagedImage, StagingJob
from staging.photos import Upload
from tests.browser.pages import find_violations, pictured, with_pictures, work_off
from tests.staging.finished import finish, stage, staged

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def job(operator: User, photo_bytes: bytes, sandbox_url: str, settings: Settings) -> StagingJob:
    settings.REPLICATE_BASE_URL = sandbox_url
    return request_staging(
        Upload(photo_bytes, name="room.jpg"),
        StagingRequest(room_type="bedroom", seed=7),
        owner=operator,
    )


def test_job_page_shows_the_picture_when_it_is_there(page: Page, job: StagingJob) -> None:
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")
    expect(page.get_by_text("The picture appears here when it is there.")).to_be_visible()

    work_off(job)

    # Nobody loads the page again: it does so itself while the job runs.
    expect(page.get_by_alt_text("After: the staged picture")).to_be_visible()
    # It has its place before its bytes: decode() waits for them, and fails on a broken one.
    loaded = "async (image) => { await image.decode(); return image.naturalWidth > 0; }"
    assert page.get_by_alt_text("After: the staged picture").evaluate(loaded)
    expect(page.get_by_role("heading", name="succeeded")).to_be_visible()
    expect(page.locator(".restage-timeline")).to_contain_text("collecting")
    expect(page.get_by_role("link", name="Standard, revision 1")).to_be_visible()
    expect(page.locator("#job-input")).to_contain_text('"seed": 7')


def test_slider_shows_more_of_the_photo(page: Page, job: StagingJob) -> None:
    work_off(job)
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")
    before = page.get_by_alt_text("Before: the photo")

    half = before.evaluate("(image) => getComputedStyle(image).clipPath")
    page.get_by_role("slider").press("End")
    all_of_it = before.evaluate("(image) => getComputedStyle(image).clipPath")

    assert (half, all_of_it) == ("inset(0px 50% 0px 0px)", "inset(0px 0% 0px 0px)")


def test_failed_job_says_why(page: Page, job: StagingJob) -> None:
    Prediction.objects.update(
        status=PredictionStatus.FAILED, error_code="model_failed", error="E005: flagged."
    )
    StagingJob.objects.update(status="failed")

    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")

    expect(page.get_by_role("alert")).to_contain_text("E005: flagged.")


def test_job_list_shows_thumbnails(page: Page, job: StagingJob) -> None:
    work_off(job)

    page.goto("/admin/staging/stagingjob/")

    expect(page.get_by_alt_text("before")).to_be_visible()
    expect(page.get_by_alt_text("after")).to_be_visible()
    expect(page.get_by_role("row", name="Qwen Image Edit")).to_contain_text("$0.03")


def test_job_list_stays_live_without_losing_the_selection(
    page: Page, operator: User, job: StagingJob
) -> None:
    other = staged(operator)
    page.goto("/admin/staging/stagingjob/")
    row = page.locator("tr", has=page.locator(f"input[value='{job.pk}']"))
    expect(row).to_contain_text("Queued")
    page.locator(f"input[value='{other.pk}']").check()

    finish(job)

    expect(row).to_contain_text("Succeeded")
    expect(page.locator(f"input[value='{other.pk}']")).to_be_checked()
    expect(page.get_by_text("1 of 2 selected")).to_be_visible()
    # All is finished: nothing asks any more.
    asks: list[str] = []
    page.on("request", lambda request: asks.append(request.url))
    expect(page.locator("[data-live-list]:not([hx-get])")).to_be_attached()
    asks.clear()
    # Longer than it would take to ask once more.
    page.wait_for_timeout(3500)
    assert asks == []


def test_job_list_tells_of_new_jobs(page: Page, operator: User, job: StagingJob) -> None:
    page.goto("/admin/staging/stagingjob/")

    stage(operator)

    expect(page.get_by_text("There are new jobs.")).to_be_visible()
    page.get_by_role("link", name="Show them").click()
    expect(page.locator("tr.data-row")).to_have_count(2)


def test_job_list_filters_by_project_and_status(page: Page, operator: User) -> None:
    elm = Project.objects.create(owner=operator, name="Elm Street 5")
    staged(operator, project=elm)
    finish(stage(operator), status="failed")
    wanted = finish(stage(operator, project=elm), status="failed")
    page.goto("/admin/staging/stagingjob/")

    page.locator("a", has_text="Filters").click()
    page.locator("#changelist-filter .select2-selection").first.wait_for()
    page.locator("select[name=status__exact]").select_option("failed", force=True)
    page.locator("select[name=project__id__exact] + .select2 .select2-selection").click()
    page.locator(".select2-search__field").fill("elm")
    page.get_by_role("option", name="Elm Street 5").click()
    page.get_by_role("button", name="Apply Filters").click()

    expect(page.locator("tr.data-row")).to_have_count(1)
    expect(page.locator(f"input[value='{wanted.pk}']")).to_be_visible()


def test_chosen_jobs_are_canceled(page: Page, operator: User, job: StagingJob) -> None:
    page.goto("/admin/staging/stagingjob/")
    page.locator(f"input[value='{job.pk}']").check()
    page.locator("select[name=action]").select_option("cancel_selected", force=True)
    page.get_by_role("button", name="Run").click()

    expect(page.get_by_text("Canceled: 1.")).to_be_visible()
    expect(page.locator("tr.data-row")).to_contain_text("Canceled")


def test_retry_with_a_new_seed_changes_the_seed_alone(page: Page, operator: User) -> None:
    job = staged(operator, seed=7)
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")

    page.get_by_role("button", name="Retry with a new start value").click()
    page.get_by_role("link", name="an earlier job").wait_for()

    again = StagingJob.objects.exclude(pk=job.pk).get()
    assert again.repeats == job
    assert {**again.settings, "seed": 7} == job.settings != again.settings


def test_pictures_are_downloaded(page: Page, operator: User) -> None:
    job, other = with_pictures(staged(operator)), with_pictures(staged(operator))
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")
    links = [page.get_by_role("link", name=name) for name in ("Download", "save it")]
    saved = [download(page, link) for link in links]
    page.goto("/admin/staging/stagingjob/")
    for one in (job, other):
        page.locator(f"input[value='{one.pk}']").check()
    page.locator("select[name=action]").select_option("download_selected", force=True)
    chosen = download(page, page.get_by_role("button", name="Run"))

    assert [one.suggested_filename for one in saved][1] == "IMG_2041 - bedroom, modern.webp"
    assert [count_files(one) for one in (saved[0], chosen)] == [1, 2]


def download(page: Page, element: Locator) -> Download:
    with page.expect_download() as downloading:
        element.click()
    return downloading.value


def count_files(downloaded: Download) -> int:
    with zipfile.ZipFile(downloaded.path()) as zipped:
        return len(zipped.namelist())


def test_job_is_canceled_retried_and_repeated(page: Page, job: StagingJob) -> None:
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="canceled")).to_be_visible()
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_role("heading", name="queued")).to_be_visible()
    page.get_by_role("button", name="Repeat exactly").click()
    expect(page.get_by_text("Asked for the same again")).to_be_visible()
    page.get_by_role("link", name="an earlier job").click()

    expect(page.get_by_role("heading", name=str(job))).to_be_visible()
    assert StagingJob.objects.count() == 2


def test_a_press_outlasts_a_page_that_draws_itself_anew(page: Page, job: StagingJob) -> None:
    page.goto(address_of(job))

    with held(page, "**/admin/session/"):
        page.get_by_role("button", name="Cancel").click()
        wait_for_refreshes(page, job)

    expect(page.get_by_role("heading", name="canceled")).to_be_visible()
    job.refresh_from_db()
    assert job.status == "canceled"


def address_of(job: StagingJob) -> str:
    return f"/admin/staging/stagingjob/{job.pk}/change/"


def wait_for_refreshes(page: Page, job: StagingJob) -> None:
    """Wait for two of the page's own requests: the answer to the first is drawn by then."""
    for _ in range(2):
        page.wait_for_event("response", lambda answer: answer.url.endswith(address_of(job)))


@contextmanager
def held(page: Page, address: str) -> Iterator[None]:
    """Let requests to an address wait until the end of the block."""
    waiting: list[Route] = []
    page.route(address, lambda route: waiting.append(route))
    try:
        yield
    finally:
        for route in waiting:
            route.continue_()
        page.unroute(address)


def test_picture_is_rated_on_its_job(page: Page, operator: User) -> None:
    image = pictured(operator)
    page.goto(f"/admin/staging/stagingjob/{image.prediction.job_id}/change/")

    page.get_by_label("3 stars").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("3 stars")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Note").fill("too dark")
    page.get_by_role("button", name="Reject").click()

    expect(page.get_by_text("Rejected by olga")).to_be_visible()
    image.refresh_from_db()
    assert (image.verdict, image.stars, image.note) == ("rejected", 3, "too dark")


def test_job_is_deleted_after_a_question(page: Page, operator: User) -> None:
    job = staged(operator)
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")

    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_text("1 pictures, with their files")).to_be_visible()
    page.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("Deleted: 1.")).to_be_visible()
    assert not StagedImage.objects.exists()


def test_empty_list_says_what_to_do_first(page: Page) -> None:
    page.goto("/admin/staging/stagingjob/")

    expect(page.get_by_text("No job yet")).to_be_visible()
    page.get_by_role("link", name="Stage photos").last.click()
    expect(page.get_by_role("button", name="Stage", exact=True)).to_be_visible()


def test_no_accessibility_violation(page: Page, operator: User) -> None:
    empty = "/admin/staging/stagingjob/"
    assert find_violations(page, [empty]) == {}
    done, waiting = with_pictures(staged(operator)), stage(operator)
    pages = [empty, f"{empty}{done.pk}/change/", f"{empty}{waiting.pk}/change/"]
    pages += [f"{empty}{done.pk}/delete/"]
    assert find_violations(page, pages) == {}
