"""The page of a job as an operator sees it: while it runs, and when the picture is there."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django import Settings

from staging import services
from staging.models import Prediction, PredictionStatus, StagingJob
from staging.pipeline import collection, settlement, submission
from staging.services import Upload
from tests import processes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def job(operator: User, photo_bytes: bytes, sandbox_url: str, settings: Settings) -> StagingJob:
    settings.REPLICATE_BASE_URL = sandbox_url
    return services.request_staging(
        Upload(photo_bytes, name="room.jpg"), owner=operator, room_type="bedroom", seed=7
    )


def work_off(job: StagingJob) -> None:
    """Do what the workers do, until the job is done."""
    submission.submit_waiting()
    Prediction.objects.update(run_after=job.created_at)
    processes.wait_for(lambda: _poll(job))
    collection.collect_waiting()


def _poll(job: StagingJob) -> bool:
    running = Prediction.objects.filter(status=PredictionStatus.RUNNING)
    running.update(run_after=job.created_at)
    return bool(settlement.poll_running())


def test_job_page_shows_the_picture_when_it_is_there(page: Page, job: StagingJob) -> None:
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")
    expect(page.get_by_text("The picture appears here when it is there.")).to_be_visible()

    work_off(job)

    # Nobody loads the page again: it does so itself while the job runs.
    expect(page.get_by_alt_text("After: the staged picture")).to_be_visible(timeout=10_000)
    # It has its place before its bytes: decode() waits for them, and fails on a broken one.
    loaded = "async (image) => { await image.decode(); return image.naturalWidth > 0; }"
    assert page.get_by_alt_text("After: the staged picture").evaluate(loaded)
    expect(page.get_by_role("heading", name="succeeded")).to_be_visible()
    expect(page.locator(".restage-timeline")).to_contain_text("collecting")
    expect(page.get_by_role("link", name="default, revision 1")).to_be_visible()
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
