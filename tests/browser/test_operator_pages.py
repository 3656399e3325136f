"""What an operator does with a profile beside its form: by keyboard, on a phone, light and dark."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Dialog, Page, expect

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.settings import get_settings, patch_settings
from tests.browser.conftest import add_published
from tests.browser.pages import press_through_to
from tests.browser.settings_pages import KINDS, live, open_settings, profile_of, publish, save

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/modelsettings/modelsettings"


@pytest.fixture
def kinds(operator: User) -> ReplicateModel:
    """A model with three revisions, the last by somebody else."""
    model = add_published(publish(KINDS))
    ann, bob = Actor.system("ann"), Actor.system("bob")
    patch_settings(live(model), {"steps": 40, "loras": ["a"]}, by=ann, reason="sharper")
    patch_settings(live(model), {"note": "x " * 200, "loras": ["a", "b"]}, by=bob)
    return model


def test_roll_back_by_keyboard_alone(page: Page, kinds: ReplicateModel) -> None:
    page.goto(f"{PAGE}/{live(kinds)}/history/")

    press_through_to(page, "Roll back to 2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="note")).to_contain_text("unset")
    press_through_to(page, "Why?")
    page.keyboard.type("the note was wrong")
    press_through_to(page, "Roll back to revision 2")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Rolled back: revision 4 has the old values.")).to_be_visible()
    row = ModelSettings.history.get(id=live(kinds), revision=4)
    assert ("note" in row.values, row.values["loras"]) == (False, ["a"])
    assert (row.updated_by, row.history_change_reason) == ("olga", "the note was wrong")


def test_change_by_keyboard_alone(page: Page, kinds: ReplicateModel) -> None:
    open_settings(page, kinds)

    press_through_to(page, "Steps")
    page.keyboard.press("Control+A")
    page.keyboard.type("77")
    press_through_to(page, "Why this change?")
    page.keyboard.type("by keyboard")
    press_through_to(page, "Save revision")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Saved as revision 4")).to_be_visible()
    assert profile_of(kinds).values["steps"] == 77


def test_compare_shows_every_changed_key_at_length(page: Page, kinds: ReplicateModel) -> None:
    page.goto(f"{PAGE}/{live(kinds)}/history/")
    page.get_by_label("older is revision 1").check()
    page.get_by_role("button", name="Compare").click()

    expect(page.get_by_text("3 parameters differ.")).to_be_visible()
    expect(page.get_by_role("row", name="steps")).to_contain_text("30")
    expect(page.get_by_role("row", name="note")).to_contain_text("x " * 200)
    assert page.get_by_role("row", name="loras").locator("pre").last.inner_text().count("\n") == 3


def test_reset_and_unset_from_the_panel(page: Page, kinds: ReplicateModel) -> None:
    open_settings(page, kinds)
    page.get_by_role("button", name="Unset Note").click()
    page.get_by_role("button", name="Reset Steps").click()

    expect(page.get_by_text("Saved as revision 5")).to_be_visible()
    values = profile_of(kinds).values
    assert ("note" in values, values["steps"], values["loras"]) == (False, 30, ["a", "b"])

    page.get_by_role("button", name="reset all").click()
    expect(page.get_by_text("Nothing: every parameter is as it came.")).to_be_visible()


def test_new_profile_is_made_and_made_live(page: Page, kinds: ReplicateModel) -> None:
    open_settings(page, kinds)
    page.get_by_label("New from this one").fill("high quality")
    page.get_by_role("button", name="Make", exact=True).click()
    expect(page.get_by_text("Profile high quality, revision 1")).to_be_visible()

    page.get_by_role("button", name="Make live").click()
    expect(page.get_by_text("high quality is live")).to_be_visible()
    assert get_settings(kinds.slug).profile == "high quality"

    page.get_by_role("link", name="Standard").click()
    page.get_by_label("Bedroom").check()
    page.get_by_role("button", name="Save rooms").click()
    expect(page.get_by_text("The rooms that use this profile are saved.")).to_be_visible()
    assert profiles.find_for_room(kinds.slug, "bedroom") == "default"


def test_conflict_is_asked_for_one_by_one(page: Page, kinds: ReplicateModel) -> None:
    open_settings(page, kinds)
    other = Actor.system("other")
    patch_settings(live(kinds), {"steps": 70, "scale": 5, "size": "4K"}, by=other)
    page.get_by_label("Steps", exact=True).fill("55")
    page.get_by_label("Scale", exact=True).fill("7")
    page.get_by_label("Scheduler", exact=True).select_option("DDIM")
    save(page)

    expect(page.get_by_role("alert")).to_contain_text("system:other")
    page.get_by_label("keep 55").check()
    # The browser does not send the form while a question is open.
    page.get_by_role("button", name="Save revision").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("take 5", exact=True).check()
    save(page)

    expect(page.get_by_text("Saved as revision 5")).to_be_visible()
    kept = {key: profile_of(kinds).values[key] for key in ("steps", "scale", "size", "scheduler")}
    assert kept == {"steps": 55, "scale": 5, "size": "4K", "scheduler": "DDIM"}


def test_leaving_a_changed_page_asks(page: Page, kinds: ReplicateModel) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    open_settings(page, kinds)
    page.get_by_role("link", name="History").click()
    page.wait_for_url("**/history/")
    assert asked == []

    open_settings(page, kinds)
    page.get_by_label("Steps", exact=True).fill("41")
    page.get_by_role("link", name="History").click()
    page.wait_for_timeout(300)
    assert (asked, page.url.endswith("/change/")) == (["beforeunload"], True)
    # Let the fixture close the page without another question.
    page.get_by_label("Steps", exact=True).fill("40")


def test_locked_profile_says_who_holds_it_and_why(page: Page, kinds: ReplicateModel) -> None:
    profiles.lock(live(kinds), by="experiment 7", reason="quality 55 or 80")

    open_settings(page, kinds)

    expect(page.get_by_text("Locked by experiment 7: quality 55 or 80")).to_be_visible()
    expect(page.get_by_role("button", name="Save revision")).to_have_count(0)


def test_search_finds_across_models(page: Page, kinds: ReplicateModel) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name="Search settings").click()
    page.get_by_label("Parameter").fill("output_quality")
    page.get_by_label("Value", exact=True).select_option("is below")
    page.get_by_label("Compared with").fill("81")
    page.get_by_role("button", name="Search").click()

    expect(page.get_by_role("row", name="Qwen Image Edit").first).to_contain_text("80")
    page.get_by_role("link", name="Qwen Image Edit", exact=True).click()
    expect(page.get_by_role("heading", name="Qwen Image Edit")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_accessibility_violation(
    page: Page, kinds: ReplicateModel, scheme: Any, width: int
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    own = f"{PAGE}/{live(kinds)}"
    addresses = [f"{own}/change/", f"{own}/history/", f"{own}/compare/?old=1&new=3"]
    addresses += [f"{own}/rollback/1/", f"{PAGE}/search/?key=steps&test=set"]
    found = {}
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
        violations = (
            Axe().run(page, context="#content-main", options=options).response["violations"]
        )
        wide = page.evaluate("document.documentElement.scrollWidth") > width
        if violations or wide:
            told = [
                (one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in violations
            ]
            found[address] = (told, "scrolls sideways" if wide else "")
    assert found == {}
