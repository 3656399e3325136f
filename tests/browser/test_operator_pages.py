"""What an operator does with a profile beside its form: by keyboard, on a phone, light and dark."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Dialog, Page, expect

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.settings import get_settings, patch_settings
from tests.browser.conftest import add_published
from tests.browser.pages import find_violations, press_through_to
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
    press_through_to(page, "Why? May be empty.")
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

    page.get_by_role("link", name="Make live").first.click()
    page.get_by_label("Why?").fill("calmer")
    page.get_by_role("button", name="Make live").click()
    expect(page.get_by_text("high quality is live. The next job with this")).to_be_visible()
    assert get_settings(kinds.slug).profile == "high quality"
    step = ReplicateModel.history.filter(slug=kinds.slug).latest("history_id")
    assert (step.updated_by, step.history_change_reason) == ("olga", "calmer")

    page.get_by_role("link", name="Standard", exact=True).click()
    page.get_by_label("Bedroom").check()
    page.get_by_role("button", name="Save rooms").click()
    expect(page.get_by_text("The rooms that use this profile are saved.")).to_be_visible()
    assert profiles.find_for_room(kinds.slug, "bedroom") == "default"


def test_save_of_a_profile_that_is_not_live_says_so(page: Page, kinds: ReplicateModel) -> None:
    draft = profiles.copy_profile(live(kinds), "draft", by=Actor.system("ann"))
    page.goto(f"{PAGE}/{draft.pk}/change/")
    page.get_by_label("Steps", exact=True).fill("41")
    save(page)

    expect(page.get_by_text("Saved as revision 2. Standard is live")).to_be_visible()
    expect(page.get_by_text("Not in use.")).to_be_visible()
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_text("newest; not in use")).to_be_visible()

    page.get_by_role("link", name="Make live").click()
    expect(page.get_by_role("row", name="Steps")).to_contain_text("40")
    expect(page.get_by_role("row", name="Steps")).to_contain_text("41")
    expect(page.get_by_text("1 parameter differs")).to_be_visible()
    page.get_by_role("button", name="Make live").click()
    expect(page.get_by_text("Not in use.")).to_have_count(0)
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_text("in use", exact=True)).to_be_visible()


def test_what_another_changed_meanwhile_is_looked_at_again(
    page: Page, kinds: ReplicateModel
) -> None:
    draft = profiles.copy_profile(live(kinds), "draft", by=Actor.system("ann"))
    page.goto(f"{PAGE}/{draft.pk}/make-live/")
    patch_settings(live(kinds), {"steps": 77}, by=Actor.system("bob"))

    page.get_by_role("button", name="Make live").click()

    expect(page.get_by_text("Another person has changed this meanwhile")).to_be_visible()
    expect(page.get_by_role("row", name="Steps")).to_contain_text("77")
    page.get_by_role("button", name="Make live").click()
    expect(page.get_by_text("draft is live.")).to_be_visible()


def test_the_default_is_changed_and_back(page: Page, kinds: ReplicateModel) -> None:
    page.goto(f"/admin/modelsettings/replicatemodel/{kinds.pk}/make-default/")

    expect(page.get_by_role("row", name="Model")).to_contain_text("Qwen Image Edit")
    expect(page.get_by_role("row", name="Model")).to_contain_text("Kinds")
    page.get_by_label("Why?").fill("to try it")
    page.get_by_role("button", name="Make the default").click()

    expect(page.get_by_text("Kinds is the default for staging")).to_be_visible()
    assert get_settings().slug == kinds.slug
    rows = ReplicateModel.history.filter(updated_by="olga")
    kept = rows.values_list("is_default", "history_change_reason").order_by("-history_id")
    assert list(kept) == [(True, "to try it"), (False, "to try it")]


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
    page.get_by_role("link", name="History", exact=True).click()
    page.wait_for_url("**/history/")
    assert asked == []

    open_settings(page, kinds)
    page.get_by_label("Steps", exact=True).fill("41")
    page.get_by_role("link", name="History", exact=True).click()
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
    expect(page.locator("#known-names option[value='Output quality']")).to_have_count(1)
    page.get_by_label("Parameter", exact=True).fill("Output quality")
    page.get_by_label("Value", exact=True).select_option("is below")
    page.get_by_label("Compared with").fill("81")
    page.get_by_role("button", name="Search", exact=True).click()

    expect(page.get_by_role("row", name="Qwen Image Edit").first).to_contain_text("80")
    page.get_by_label("Compared with").fill("abc")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("“abc” is not a number.")
    page.go_back()
    page.get_by_role("link", name="Qwen Image Edit", exact=True).click()
    expect(page.get_by_role("heading", name="Qwen Image Edit")).to_be_visible()


def test_no_accessibility_violation(page: Page, kinds: ReplicateModel) -> None:
    own = f"{PAGE}/{live(kinds)}"
    draft = profiles.copy_profile(live(kinds), "draft", by=Actor.system("ann")).pk
    patch_settings(draft, {"steps": 41, "note": "calm"}, by=Actor.system("ann"))
    profiles.use_for_rooms(draft, ["bedroom"], by=Actor.system("ann"))
    addresses = [f"{own}/change/", f"{own}/history/", f"{own}/compare/?old=1&new=3"]
    addresses += [f"{own}/rollback/1/", f"{PAGE}/search/?key=steps&test=set"]
    addresses += [f"{PAGE}/{draft}/change/", f"{PAGE}/{draft}/history/"]
    addresses += [f"{PAGE}/{draft}/make-live/"]
    addresses += [f"/admin/modelsettings/replicatemodel/{kinds.pk}/make-default/"]

    assert find_violations(page, addresses) == {}
