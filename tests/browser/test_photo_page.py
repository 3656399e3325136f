"""A photo as an operator works with it: added, staged many ways, its variants side by side."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from staging.models import Photo, Project, StagingJob
from tests.browser.pages import find_violations, with_pictures
from tests.conftest import make_photo
from tests.staging.conftest import SEEDREAM
from tests.staging.finished import finish, stage, staged

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/staging/photo/"


@pytest.fixture
def photo(operator: User) -> Photo:
    """A photo with two variants, by two models."""
    job = with_pictures(staged(operator))
    other = stage(operator, photo=job.photo, model=SEEDREAM, style="industrial")
    with_pictures(finish(other))
    return job.photo


def test_a_new_photo_is_staged_into_a_project(page: Page, operator: User, tmp_path: Path) -> None:
    Project.objects.create(owner=operator, name="Elm Street 5")
    (tmp_path / "kitchen.jpg").write_bytes(make_photo())

    page.goto(LIST)
    page.get_by_role("link", name="Stage photos").last.click()
    page.get_by_label("New photos").set_input_files(tmp_path / "kitchen.jpg")
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("elm")
    page.get_by_role("option", name="Elm Street 5").click()
    page.get_by_label("Room of kitchen.jpg").select_option("bedroom")
    page.get_by_label("Your own words").fill("no plants")
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("Its picture appears on this page.")).to_be_visible()
    job = StagingJob.objects.get()
    assert (job.project.name, job.room_type) == ("Elm Street 5", "bedroom")
    page.get_by_role("link", name="kitchen.jpg").click()
    expect(page.get_by_role("link", name="Stage this photo again")).to_be_visible()


def test_refused_photo_says_why(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_bytes(b"no photo")

    page.goto("/admin/stage/")
    page.get_by_label("New photos").set_input_files(tmp_path / "notes.jpg")
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_role("alert").filter(has_text="not an image")).to_be_visible()


def test_variants_stand_side_by_side_and_are_filtered(page: Page, photo: Photo) -> None:
    page.goto(f"{LIST}{photo.pk}/change/")
    by_qwen = page.get_by_alt_text("bedroom, modern, by Qwen Image Edit")
    by_seedream = page.get_by_alt_text("bedroom, industrial, by Seedream 4")
    expect(by_qwen).to_be_visible()
    expect(by_seedream).to_be_visible()

    page.locator("#variants").get_by_label("Model").select_option(SEEDREAM)
    page.get_by_role("button", name="Show").click()

    expect(by_seedream).to_be_visible()
    expect(by_qwen).to_have_count(0)


def test_variant_appears_when_it_is_there(page: Page, photo: Photo, operator: User) -> None:
    waiting = stage(operator, photo=photo, room_type="office")
    page.goto(f"{LIST}{photo.pk}/change/")
    expect(page.get_by_role("link", name="Queued")).to_be_visible()

    with_pictures(finish(waiting))

    expect(page.get_by_alt_text("office, modern, by Qwen Image Edit")).to_be_visible()


def test_delete_asks_first(page: Page, photo: Photo) -> None:
    page.goto(f"{LIST}{photo.pk}/change/")
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_text("2 jobs")).to_be_visible()
    page.get_by_role("link", name="Keep it").click()
    expect(page.get_by_role("heading", name="IMG_2041.jpg")).to_be_visible()

    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("Deleted: 1.")).to_be_visible()
    assert not Photo.objects.exists()


def test_no_accessibility_violation(page: Page, photo: Photo) -> None:
    pages = [LIST, f"{LIST}{photo.pk}/change/", f"{LIST}{photo.pk}/delete/"]
    assert find_violations(page, pages) == {}
