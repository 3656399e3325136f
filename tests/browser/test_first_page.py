"""The first page as an operator sees it: empty, while something runs, when all is done."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from modelsettings.actors import Actor
from modelsettings.settings import get_settings, patch_settings
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import NoticeKind, Prediction, PutAside, StagingJob
from staging.notices import watching
from staging.photos import Upload
from tests.browser.pages import violations_of, work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def job(operator: User, photo_bytes: bytes, sandbox_url: str, settings: Settings) -> StagingJob:
    settings.REPLICATE_BASE_URL = sandbox_url
    upload = Upload(photo_bytes, name="room.jpg")
    return request_staging(
        upload, StagingRequest(room_type="bedroom", style="modern"), owner=operator
    )


@pytest.fixture
def failed(job: StagingJob, operator: User, photo_bytes: bytes) -> StagingJob:
    """A job that failed, beside one that did not."""
    other = request_staging(
        Upload(photo_bytes), StagingRequest(room_type="kitchen"), owner=operator
    )
    other.predictions.update(status="failed", error_code="model_failed", error="E005: flagged.")
    StagingJob.objects.filter(pk=other.pk).update(status="failed")
    return other


def test_login_leads_to_the_first_page(
    browser: Browser, live_server: LiveServer, operator: User
) -> None:
    window = browser.new_context(base_url=live_server.url)
    page = window.new_page()
    page.goto("/admin/")
    page.fill("[name=username]", "olga")
    page.fill("[name=password]", "secret")
    page.click("[type=submit]")

    expect(page.get_by_role("heading", name="Nothing is staged yet")).to_be_visible()
    window.close()


def test_empty_page_leads_to_the_first_photo(page: Page) -> None:
    page.goto("/admin/")

    expect(page.get_by_role("heading", name="Nothing is staged yet")).to_be_visible()
    page.get_by_role("link", name="Upload photos here").click()
    expect(page).to_have_url(re.compile(r"/admin/stage/$"))


def test_page_shows_a_picture_when_it_is_there(own_page: Page, job: StagingJob) -> None:
    page = own_page
    page.clock.install()
    page.goto("/admin/")
    expect(page.get_by_text("1 under way.")).to_be_visible()

    work_off(job)
    page.clock.run_for(11_000)

    # Nobody loads the page again: it does so itself while something runs.
    expect(page.get_by_alt_text("After")).to_be_visible()
    loaded = "async (image) => { await image.decode(); return image.naturalWidth > 0; }"
    assert page.get_by_alt_text("After").evaluate(loaded)
    expect(page.get_by_text("Nothing needs you.")).to_be_visible()
    expect(page.get_by_text("1 of 1 prediction that ended today")).to_be_visible()
    page.get_by_role("link", name="Before After bedroom, modern").click()
    expect(page).to_have_url(re.compile(rf"/stagingjob/{job.pk}/change/$"))


def test_what_needs_attention_leads_to_its_page(page: Page, failed: StagingJob) -> None:
    page.goto("/admin/")

    page.get_by_role("link", name="1 job failed: the model failed.").click()

    expect(page.get_by_text("E005: flagged.").first).to_be_visible()


def test_what_needs_attention_is_put_aside_and_brought_back(page: Page, failed: StagingJob) -> None:
    page.goto("/admin/")
    expect(page.get_by_text("a photo in Unsorted")).to_be_visible()

    page.get_by_role("button", name="Put aside: 1 job failed: the model failed.").click()

    expect(page.get_by_text("Nothing needs you.")).to_be_visible()
    page.get_by_text("1 put aside").click()
    expect(page.get_by_text("put aside by olga")).to_be_visible()
    page.get_by_role("button", name="Bring back: 1 job failed: the model failed.").click()
    expect(page.get_by_text("Nothing needs you.")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_what_is_put_aside_has_no_violation(
    page: Page, failed: StagingJob, scheme: str, width: int
) -> None:
    PutAside.objects.create(
        key="failed-model_failed", last_at=timezone.now() + timedelta(days=1), by="olga"
    )
    watching.tell(NoticeKind.STANDSTILL, "waiting", "Nothing moves.")
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto("/admin/")
    page.get_by_text("1 put aside").click()

    assert violations_of(page, "first-page-aside", scheme=scheme, width=width) is None


def test_all_that_failed_leads_to_the_list(page: Page, job: StagingJob, failed: StagingJob) -> None:
    Prediction.objects.update(status="failed", error_code="model_failed", error="E005: flagged.")
    StagingJob.objects.update(status="failed")
    page.goto("/admin/")

    page.get_by_role("link", name="2 jobs failed: the model failed.").click()

    expect(page.get_by_role("row").filter(has_text="Failed")).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_page_has_no_violation_and_fits(
    page: Page, job: StagingJob, failed: StagingJob, scheme: str, width: int
) -> None:
    work_off(job)
    live = get_settings()
    patch_settings(live.pk, {"output_quality": 55}, by=Actor.system("ann"), reason="small")
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})

    page.goto("/admin/")

    expect(page.get_by_text("Output quality").last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_empty_page_has_no_violation(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")

    page.goto("/admin/")

    assert violations(page) == []


def violations(page: Page) -> list[str]:
    page.wait_for_load_state("networkidle")
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found = Axe().run(page, context="#content-main", options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
