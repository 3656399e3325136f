"""*Add a model* as an operator uses it: by keyboard, on a phone, light and dark."""

from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Permission, User
from playwright.sync_api import Page, expect
from pytest_django import Settings

from modelsettings.models import ReplicateModel
from tests.browser.pages import press_through_to
from tests.browser.settings_pages import KINDS, publish

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/modelsettings/replicatemodel/add-from-replicate/"
MASK: dict[str, Any] = {"mask": {"type": "string", "format": "uri", "description": "M" * 5000}}


@pytest.fixture
def adding(page: Page, operator: User, sandbox_url: str, settings: Settings) -> Page:
    """The page, for somebody who may add, before a sandbox that publishes acme/new-stager."""
    operator.user_permissions.add(Permission.objects.get(codename="add_replicatemodel"))
    settings.REPLICATE_BASE_URL = sandbox_url
    document = publish(KINDS | MASK, name="new-stager") | {"description": "Stages rooms."}
    httpx.post(f"{sandbox_url}/_sandbox/models", json=document).raise_for_status()
    page.goto(PAGE)
    return page


def test_a_model_is_added_by_keyboard_alone(adding: Page) -> None:
    page = adding
    press_through_to(page, "Model")
    page.keyboard.type("acme/new-stager")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="steps")).to_contain_text("1 to 100")
    assert not ReplicateModel.objects.filter(slug="acme/new-stager").exists()

    press_through_to(page, "Takes the photo")
    page.keyboard.type("mask")
    press_through_to(page, "Takes the prompt")
    page.keyboard.type("note")
    press_through_to(page, "Judge again")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="mask")).to_contain_text("the job: the photo")
    # `prompt` is required, and the job no longer brings it.
    expect(page.get_by_text("It requires prompt").first).to_be_visible()

    press_through_to(page, "Takes the prompt")
    page.keyboard.type("prompt")
    press_through_to(page, "Add New Stager")
    page.keyboard.press("Enter")

    expect(page.get_by_text("New Stager is added. It can stage photos")).to_be_visible()
    page.wait_for_selector(".rjf-form-wrapper", state="attached")
    row = ReplicateModel.objects.get(slug="acme/new-stager")
    assert row.roles == {"image": "mask", "prompt": "prompt"}
    assert page.url.endswith(f"/modelsettings/modelsettings/{row.live_profile_id}/change/")


def test_a_model_that_is_not_there_is_said(adding: Page) -> None:
    adding.get_by_label("Model", exact=True).fill("acme/nothing")
    adding.get_by_role("button", name="Read from Replicate").click()

    expect(adding.get_by_role("alert")).to_contain_text("Replicate has no model acme/nothing")
    expect(adding.get_by_label("Model", exact=True)).to_have_value("acme/nothing")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("slug", ["", "acme/new-stager", "acme/nothing"])
def test_page_is_accessible_and_fits_a_phone(adding: Page, scheme: Any, slug: str) -> None:
    page = adding
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{PAGE}?slug={slug}")

    found = Axe().run(page, context="#content-main", options={"runOnly": ["wcag2a", "wcag2aa"]})
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0
