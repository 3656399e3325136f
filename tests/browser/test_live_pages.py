"""Pages that draw themselves anew while something runs: focus and slider stay where they are."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from staging.models import Prediction, Project, StagingJob
from tests.browser.pages import with_pictures
from tests.staging.conftest import SEEDREAM
from tests.staging.finished import end, make_batch, stage, staged

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def wait_until_drawn_anew(page: Page, element: Locator) -> None:
    drawn = element.element_handle()
    page.wait_for_function("(element) => !element.isConnected", arg=drawn)


def assert_keeps_focus(page: Page, element: Locator) -> None:
    element.focus()
    wait_until_drawn_anew(page, element)
    expect(element).to_be_focused()


def test_job_page_keeps_the_focus(page: Page, operator: User) -> None:
    job = stage(operator)
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")

    assert_keeps_focus(page, page.get_by_role("button", name="Cancel"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="canceled")).to_be_visible()


def test_photo_page_keeps_the_focus(page: Page, operator: User) -> None:
    done = with_pictures(staged(operator))
    stage(operator, photo=done.photo, style="industrial")
    page.goto(f"/admin/staging/photo/{done.photo_id}/change/")

    # Two links lead to the job, its picture and its name.
    assert_keeps_focus(page, page.get_by_role("link", name="bedroom, modern", exact=True))


def test_batch_page_keeps_the_focus(page: Page, operator: User) -> None:
    project = Project.objects.unsorted_of(operator)
    page.goto(f"/admin/staging/stagingbatch/{make_batch(project, uploads=1).pk}/change/")

    assert_keeps_focus(page, page.get_by_role("link", name="Unsorted"))


def test_slider_stays_where_it_is(page: Page, operator: User) -> None:
    job = stage(operator, model=SEEDREAM, overrides={"max_images": 1})
    _one_of_two_is_there(job)
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")
    slider = page.get_by_role("slider")
    slider.press("End")

    wait_until_drawn_anew(page, slider)

    expect(slider).to_have_value("100")
    expect(slider).to_be_focused()
    before = page.get_by_alt_text("Before: the photo")
    expect(before).to_have_css("clip-path", "inset(0px 0% 0px 0px)")


def _one_of_two_is_there(job: StagingJob) -> None:
    first = job.predictions.get()
    Prediction.objects.create(job=job, position=1)
    end(first)
    with_pictures(job)
