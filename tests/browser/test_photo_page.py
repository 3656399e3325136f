"""A photo as an operator works with it: added, staged many ways, its variants side by side."""

import re
from pathlib import Path
from typing import Any

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


def test_add_a_photo_to_a_project_and_stage_it(page: Page, operator: User, tmp_path: Path) -> None:
    Project.objects.create(owner=operator, name="Elm Street 5")
    (tmp_path / "kitchen.jpg").write_bytes(make_photo())

    page.goto(LIST)
    page.get_by_role("link", name="Upload a photo").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "kitchen.jpg")
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("elm")
    page.get_by_role("option", name="Elm Street 5").click()
    page.get_by_role("button", name="Add the photo").click()
    expect(page.get_by_role("heading", name="kitchen.jpg")).to_be_visible()
    page.get_by_label("Room", exact=True).last.select_option("bedroom")
    page.get_by_label("Your own words").fill("no plants")
    page.get_by_role("button", name="Stage").click()

    expect(page.get_by_text("is asked for; its picture appears below")).to_be_visible()
    expect(page.get_by_role("link", name="Queued")).to_be_visible()
    job = StagingJob.objects.get()
    assert (job.project.name, job.room_type) == ("Elm Street 5", "bedroom")


def test_refused_photo_says_why(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_bytes(b"no photo")

    page.goto(f"{LIST}add/")
    page.locator("input[type=file]").set_input_files(tmp_path / "notes.jpg")
    page.get_by_role("button", name="Add the photo").click()

    expect(page.get_by_role("alert")).to_contain_text("not an image")


def test_form_says_what_the_chosen_model_costs(page: Page, photo: Photo) -> None:
    page.goto(f"{LIST}{photo.pk}/change/")
    line = page.locator("[data-outlays]")
    expect(line).to_have_text("It costs about $0.03.")

    form = page.locator("form").filter(has=line)
    form.get_by_label("Model").select_option(label="FLUX.2 [dev]")
    told = re.compile(r"It costs about \$0\.\d+; \$0\.\d+ is held until it ends\.")
    expect(line).to_have_text(told)
    form.get_by_label("Profile").select_option(label="GPT Image 1: default")
    expect(line).to_have_text("It costs an amount that is not known beforehand.")


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_accessibility_violation(page: Page, photo: Photo, scheme: Any, width: int) -> None:
    pages = [LIST, f"{LIST}add/", f"{LIST}{photo.pk}/change/", f"{LIST}{photo.pk}/delete/"]
    assert find_violations(page, pages, scheme=scheme, width=width) == {}
