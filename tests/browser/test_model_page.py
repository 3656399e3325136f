"""A model's one page and its comparisons: its price as rows, its inputs, any two profiles."""

from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django import Settings

from modelsettings import model_facts, profiles
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.settings import get_settings, patch_settings
from tests.browser.conftest import add_published
from tests.browser.pages import find_violations, set_look, violations_of
from tests.browser.settings_pages import KINDS, live, publish

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MODELS = "/admin/modelsettings/replicatemodel"
PAGE = "/admin/modelsettings/modelsettings"
QWEN = "qwen/qwen-image-edit"


@pytest.fixture
def kinds(operator: User) -> ReplicateModel:
    return add_published(publish(KINDS))


def test_price_is_changed_in_rows(page: Page, kinds: ReplicateModel) -> None:
    page.goto(f"{MODELS}/{kinds.pk}/change/")
    page.get_by_text("Change the price").click()
    first = page.get_by_role("group", name="Price 1")
    first.get_by_label("Dollars").fill("0.03")
    first.get_by_label("where").select_option("Size is 2K")
    page.get_by_role("button", name="another row").click()
    second = page.get_by_role("group", name="Price 2")
    expect(second.get_by_label("Dollars")).to_be_focused()
    page.keyboard.type("cheap")
    second.get_by_label("where").select_option("Size is 4K")
    page.get_by_label("Why this price?").fill("as published")
    page.get_by_role("button", name="Save price").click()

    # What was typed is kept, and the sentence stands at its row.
    wrong = page.get_by_text("“cheap” is no number of dollars")
    expect(wrong).to_be_in_viewport()
    expect(page.get_by_role("group", name="Price 2").get_by_label("Dollars")).to_be_focused()
    expect(page.get_by_label("Why this price?")).to_have_value("as published")
    page.get_by_role("group", name="Price 2").get_by_label("Dollars").fill("0.12")
    page.get_by_role("button", name="Save price").click()

    expect(page.get_by_text("The price of Kinds is saved.")).to_be_in_viewport()
    kinds.refresh_from_db()
    assert kinds.price == [
        {"unit": "image", "usd": 0.03, "when": {"size": "2K"}},
        {"unit": "image", "usd": 0.12, "when": {"size": "4K"}},
    ]
    expect(page.locator("#model")).to_contain_text("One picture of a typical photo")
    step = ReplicateModel.history.filter(slug=kinds.slug).latest("history_id")
    assert (step.updated_by, step.history_change_reason) == ("olga", "as published")

    page.get_by_text("Change the price").click()
    page.get_by_role("group", name="Price 1").get_by_role("button", name="remove").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Save price").click()
    kinds.refresh_from_db()
    assert [entry["usd"] for entry in kinds.price] == [0.12]


@pytest.mark.parametrize("width", [1280, 390])
def test_words_before_the_choices_of_a_price_stay_whole(
    page: Page, kinds: ReplicateModel, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{MODELS}/{kinds.pk}/change/")
    page.get_by_text("Change the price").click()

    for word in ("for", "where"):
        drawn = page.get_by_role("group", name="Price 1").get_by_text(word, exact=True)
        lines = drawn.evaluate(
            "(label) => { const range = document.createRange();"
            " const walker = document.createTreeWalker(label, NodeFilter.SHOW_TEXT);"
            " range.selectNodeContents(walker.nextNode()); return range.getClientRects().length; }"
        )
        assert lines == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_refused_inputs_say_why_in_view(page: Page, kinds: ReplicateModel, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{MODELS}/{kinds.pk}/change/")
    page.get_by_text("Change which inputs").click()
    # As a page that was opened before the model was changed.
    page.get_by_label("Takes the prompt").evaluate(
        "(field) => field.add(new Option('Gone', 'gone', true, true))"
    )
    page.get_by_role("button", name="Save inputs").click()

    expect(page.get_by_text("Select a valid choice")).to_be_in_viewport()
    expect(page.get_by_label("Takes the prompt")).to_be_focused()


def test_inputs_are_chosen_by_name(page: Page, kinds: ReplicateModel) -> None:
    page.goto(f"{MODELS}/{kinds.pk}/change/")
    page.get_by_text("Change which inputs").click()
    page.get_by_label("Takes the prompt").select_option("Negative prompt")
    page.get_by_label("Why these inputs?").fill("the other one works")
    page.get_by_role("button", name="Save inputs").click()

    expect(page.get_by_text("The inputs of Kinds are saved.")).to_be_in_viewport()
    assert get_settings(kinds.slug).roles["prompt"] == "negative_prompt"
    assert "negative_prompt" not in get_settings(kinds.slug).values


def test_default_is_made_from_the_one_page(page: Page, kinds: ReplicateModel) -> None:
    page.goto(f"{MODELS}/")
    page.get_by_role("link", name="Kinds", exact=True).click()
    page.get_by_role("link", name="Make it the default").click()
    page.get_by_role("button", name="Make the default").click()

    expect(page.get_by_text("Kinds is the default for staging")).to_be_visible()


def test_two_profiles_of_two_models_are_compared_by_name(page: Page, kinds: ReplicateModel) -> None:
    patch_settings(live(kinds), {"steps": 40}, by=Actor.system("ann"), reason="sharper")
    page.goto(f"{PAGE}/{live(kinds)}/change/")
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.get_by_role("row", name="Steps")).to_contain_text("40")

    sides = page.get_by_role("group", name="With")
    sides.get_by_label("Profile").select_option("Qwen Image Edit: Standard (live)")
    page.get_by_role("button", name="Compare").click()

    expect(page.get_by_role("columnheader", name="Kinds: Standard, revision 2")).to_be_visible()
    expect(page.get_by_role("row", name="Steps")).to_contain_text("no such parameter")
    page.get_by_role("group", name="This").get_by_label("Revision").select_option(index=1)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("row", name="Steps")).to_contain_text("30")


def test_revisions_follow_the_profile_that_is_chosen(page: Page, kinds: ReplicateModel) -> None:
    ann = Actor.system("ann")
    draft = profiles.copy_profile(live(kinds), "draft", by=ann)
    patch_settings(draft.pk, {"steps": 44}, by=ann, reason="sharper")
    page.goto(f"{PAGE}/{live(kinds)}/compare/")

    side = page.get_by_role("group", name="With")
    side.get_by_label("Profile").focus()
    side.get_by_label("Profile").select_option("Kinds: draft")

    expect(side.get_by_label("Revision").get_by_role("option").first).to_contain_text("sharper")
    expect(side.get_by_label("Profile")).to_be_focused()
    expect(page.get_by_role("row", name="Steps")).to_contain_text("44")
    side.get_by_label("Revision").select_option(index=1)
    expect(page.get_by_text("are the same.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("are the same.")).to_be_visible()


def set_price(model: ReplicateModel) -> None:
    price = [{"unit": "image", "usd": 0.03, "when": {"size": "2K"}}]
    model_facts.change_model(model.pk, {"price": price}, by=Actor.system("ann"))


def test_no_accessibility_violation(page: Page, kinds: ReplicateModel) -> None:
    set_price(kinds)
    draft = profiles.copy_profile(live(kinds), "draft", by=Actor.system("ann")).pk
    other = get_settings(QWEN).pk
    addresses = [f"{MODELS}/?o=4", f"{PAGE}/{live(kinds)}/compare/?with={draft}"]
    addresses += [f"{PAGE}/{draft}/compare/?with={other}"]
    assert find_violations(page, addresses) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_refused_price_has_no_violation(
    page: Page, kinds: ReplicateModel, scheme: Any, width: int
) -> None:
    set_price(kinds)
    set_look(page, scheme=scheme, width=width)
    page.goto(f"{MODELS}/{kinds.pk}/change/")
    page.get_by_text("Change the price").click()
    page.get_by_role("group", name="Price 1").get_by_label("Dollars").fill("x")
    page.get_by_role("button", name="Save price").click()
    expect(page.get_by_text("is no number of dollars")).to_be_visible()
    page.locator("#model details").evaluate_all("all => all.forEach((one) => (one.open = true))")
    assert violations_of(page, "refused-price", scheme=scheme, width=width) is None


def test_update_is_read_by_a_button_and_shown(
    page: Page, kinds: ReplicateModel, sandbox_url: str, settings: Settings
) -> None:
    settings.REPLICATE_BASE_URL = sandbox_url
    steps = {"type": "integer", "minimum": 1, "maximum": 20, "default": 20}
    newer = publish(KINDS | {"steps": steps})
    httpx.post(f"{sandbox_url}/_sandbox/models", json=newer).raise_for_status()
    page.goto(f"{PAGE}/{live(kinds)}/change/")

    page.get_by_role("button", name="Check for an update").click()

    expect(page.get_by_text("Read: an update waits: it breaks what is stored.")).to_be_visible()
    expect(page.locator("#update")).to_contain_text("Steps")
    there = f"{PAGE}/{live(kinds)}/change/"
    assert find_violations(page, [there, f"{MODELS}/"]) == {}
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{MODELS}/")
    row = page.get_by_role("row").filter(has_text="Kinds")
    expect(row).to_contain_text("update: breaks what is stored")
    column = page.get_by_role("columnheader", name="At Replicate")
    expect(column).to_be_in_viewport(ratio=1)
