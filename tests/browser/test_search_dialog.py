"""The search of the whole admin, by keyboard and by mouse, on every page."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from staging.models import Project
from tests.browser.pages import violations_of
from tests.staging.finished import staged

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIELD = "A page, project, photo, job, model, parameter or person"


@pytest.fixture
def project(operator: User) -> Project:
    made = Project.objects.create(owner=operator, name="Elm Street 5")
    staged(operator, project=made, name="elm-front.jpg")
    return made


def test_the_keyboard_opens_searches_and_goes_there(page: Page, project: Project) -> None:
    page.goto("/admin/staging/photo/")

    page.keyboard.press("Control+k")
    expect(page.get_by_label(FIELD)).to_be_focused()
    page.keyboard.type("elm")
    first = page.get_by_role("option", name="Elm Street 5 Project")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    second = page.get_by_role("option", name="elm-front.jpg Photo in Elm Street 5")
    expect(second).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"/project/{project.pk}/change/$"))


def test_enter_takes_the_first_at_once(page: Page) -> None:
    page.goto("/admin/")

    page.keyboard.press("Control+k")
    page.keyboard.type("price est")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/priceestimate/$"))


def test_enter_opens_the_hit_in_the_frame(page: Page, project: Project) -> None:
    page.goto("/admin/")

    page.keyboard.press("Control+k")
    page.keyboard.type("elm")
    expect(page.get_by_role("option")).not_to_have_count(0)
    page.keyboard.press("ArrowDown")
    framed = page.get_by_role("option", name="elm-front.jpg Photo in Elm Street 5")
    expect(framed).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/photo/[\w-]+/change/$"))


def test_tab_reaches_the_hits(page: Page, project: Project) -> None:
    page.goto("/admin/")

    page.keyboard.press("Control+k")
    page.keyboard.type("elm")
    expect(page.get_by_role("option")).not_to_have_count(0)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("option").first).to_be_focused()
    page.keyboard.press("Tab")
    second = page.get_by_role("option", name="elm-front.jpg Photo in Elm Street 5")
    expect(second).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/photo/[\w-]+/change/$"))


def test_the_button_shows_the_key_and_escape_closes(page: Page) -> None:
    page.goto("/admin/")

    page.get_by_role("button", name="Search Ctrl K").click()
    page.get_by_label(FIELD).fill("nothing of the kind")
    expect(page.get_by_text("Nothing is named “nothing of the kind”.")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog", name="Search")).to_be_hidden()


def test_a_session_that_has_ended_is_told(page: Page) -> None:
    page.goto("/admin/")
    page.context.clear_cookies()

    page.keyboard.press("Control+k")
    page.keyboard.type("elm")

    expect(page.get_by_text("You are signed out.")).to_be_visible()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_search_has_no_violation(page: Page, project: Project, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    page.keyboard.type("elm")
    expect(page.get_by_role("option")).not_to_have_count(0)

    for part in (".restage-search-dialog", ".restage-search"):
        found = violations_of(page, f"search-{part}", scheme=scheme, width=width, part=part)
        assert found is None
