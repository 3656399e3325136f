"""Recent changes, as an operator finds who did what: light, dark, on a phone."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from modelsettings import profiles, registry
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.settings import get_settings, patch_settings
from staging.disclosure import set_rule
from staging.library.changing import change_entry, newest_change
from staging.models import Style
from tests.browser.pages import find_violations
from tests.staging.conftest import QWEN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ANN, BOB = Actor("ann"), Actor("bob")


@pytest.fixture
def changed(operator: User) -> ReplicateModel:
    """Change a bit of everything."""
    live = get_settings(QWEN).pk
    patch_settings(live, {"output_quality": 55, "seed": 7}, by=ANN, reason="smaller files for web")
    draft = profiles.copy_profile(live, "calm rooms", by=ANN).pk
    profiles.use_for_rooms(draft, ["living_room", "bedroom"], by=BOB, reason="calmer")
    profiles.make_live(draft, by=BOB, reason="the other rooms, too")
    registry.choose_default("bytedance/seedream-4", by=ANN, reason="half the price")
    style = Style.objects.get(key="modern")
    words = {"character": "Calm and warm. " * 20}
    change_entry(style, words, by=BOB, reason="", started_from=newest_change(style).pk)
    set_rule(None, "Virtually staged", by=ANN, reason="the law of California")
    return ReplicateModel.objects.get(slug=QWEN)


def test_who_changed_the_default_and_why(page: Page, changed: ReplicateModel) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name="All changes").click()
    expect(page.get_by_role("heading", name="Recent changes")).to_be_visible()

    page.get_by_label("About", exact=True).select_option("Default model")
    page.get_by_role("button", name="Show").click()

    change = page.get_by_role("listitem").filter(has_text="half the price")
    expect(change).to_contain_text("Qwen Image Edit → Seedream 4")
    expect(change).to_contain_text("ann")
    expect(page.get_by_text("calmer")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_calendar_of_the_day_is_seen_on_its_ground(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto("/admin/")
    page.get_by_role("link", name="Recent changes").click()

    drawn = page.get_by_label("Day", exact=True).evaluate(
        "(field) => getComputedStyle(field).colorScheme"
    )
    assert (drawn == "dark") == (scheme == "dark")


def test_what_one_person_changed(page: Page, changed: ReplicateModel) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name="Recent changes").click()
    page.get_by_role("link", name="bob").first.click()

    expect(page.get_by_label("Person", exact=True)).to_have_value("bob")
    expect(page.get_by_text("Living room: the live profile → calm rooms")).to_be_visible()
    expect(page.get_by_text("half the price")).to_have_count(0)

    page.get_by_role("link", name="Qwen Image Edit").first.click()
    expect(page.get_by_role("heading", name="Qwen Image Edit")).to_be_visible()


def test_no_accessibility_violation(page: Page, changed: ReplicateModel) -> None:
    addresses = ["/admin/changes/", "/admin/changes/?by=nobody", "/admin/"]

    assert find_violations(page, addresses) == {}
