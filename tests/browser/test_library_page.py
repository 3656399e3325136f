"""The prompt library as an operator works in it: a new style, from its words to a job's prompt."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from modelsettings.actors import Actor
from staging.library.changing import change_entry, create_entry, newest_change
from staging.models import Project, PromptTemplate, RoomType, StagingJob, Style
from staging.photos import Upload, add_photo
from tests.conftest import client_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "/admin/staging"
BOB = Actor.system("bob")


def save(page: Page, *, why: str = "") -> None:
    page.get_by_label("Why this change?").fill(why)
    page.get_by_role("button", name="Save").click()


def preview(page: Page) -> Any:
    return page.get_by_role("region", name="Finished prompt")


def stage_in_japandi(operator: User, photo: bytes) -> str:
    """Ask for a job through the API; return its prompt."""
    project = Project.objects.unsorted_of(operator)
    stored = add_photo(Upload(photo), owner=operator, project=project)
    body = {"photo": str(stored.pk), "room_type": "bedroom", "style": "japandi"}
    answer = client_of(operator).post("/api/v1/staging/jobs", body, format="json")
    assert answer.status_code == 202, answer.json()
    return StagingJob.objects.get(pk=answer.json()["id"]).prompt


@pytest.fixture
def japandi() -> Style:
    words = {"character": "Calm.", "inside": "Pale oak.", "outside": "Cedar."}
    return create_entry(Style(key="japandi", label="Japandi", **words), by=BOB, reason="new")


def test_operator_adds_a_style_and_stages_with_it(
    page: Page, operator: User, photo_bytes: bytes
) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name="Prompt library").click()
    page.get_by_role("link", name="Add a style").click()
    page.get_by_label("Key").fill("japandi")
    page.get_by_label("Label").fill("Japandi")
    page.get_by_label("Character").fill("Japandi means calm & low.")
    page.get_by_label("Inside").fill("Use pale oak.")
    page.get_by_label("Outside").fill("Use cedar.")
    # The prompt follows what is written, before anything is saved.
    expect(preview(page)).to_contain_text("in Japandi style")
    page.get_by_label("In", exact=True).select_option("Outdoor")
    expect(preview(page)).to_contain_text("Japandi means calm & low. Use cedar.")
    save(page, why="a client asked")

    expect(page.get_by_text("Japandi is in the library")).to_be_visible()
    prompt = stage_in_japandi(operator, photo_bytes)
    assert "Japandi means calm & low. Use pale oak." in prompt
    page.goto(f"{ADMIN}/roomtype/library/")
    page.get_by_role("link", name="Bedroom, Japandi").click()
    expect(preview(page)).to_have_text(prompt, use_inner_text=True)


def test_operator_adds_a_room(page: Page) -> None:
    page.goto(f"{ADMIN}/roomtype/add/")
    page.get_by_label("Key").fill("wine_cellar")
    page.get_by_label("Label").fill("Wine cellar")
    page.get_by_label("Noun").fill("wine cellar")
    page.get_by_label("Purpose").fill("Bottles are kept here.")
    page.get_by_label("Furniture").fill("Use oak racks.")
    save(page)

    expect(page.get_by_text("Wine cellar is in the library")).to_be_visible()
    assert RoomType.objects.get(key="wine_cellar").is_active


def test_operator_retires_a_style(page: Page, japandi: Style) -> None:
    page.goto(f"{ADMIN}/style/{japandi.pk}/change/")
    page.get_by_label("Active").uncheck()
    save(page)

    expect(page.get_by_text("Saved")).to_be_visible()
    page.goto(f"{ADMIN}/style/")
    expect(page.get_by_role("row", name="Japandi")).to_contain_text("retired")


def test_operator_edits_looks_back_and_rolls_back(page: Page, japandi: Style) -> None:
    page.goto(f"{ADMIN}/style/{japandi.pk}/change/")
    page.get_by_label("Character").fill("Calm and red.")
    expect(preview(page)).to_contain_text("Calm and red.")
    save(page, why="more colour")
    expect(page.get_by_text("Saved; the next job uses it.")).to_be_visible()

    page.get_by_role("link", name="History", exact=True).click()
    newest = page.locator(".library-history li").first
    expect(newest).to_contain_text("olga")
    expect(newest).to_contain_text("“more colour”")
    expect(newest.locator("del")).to_contain_text("Calm.")
    expect(newest.locator("ins")).to_contain_text("Calm and red.")
    page.get_by_role("link", name="Roll back to this").click()
    page.get_by_label("Why?").fill("too loud")
    page.get_by_role("button", name="Roll back").click()

    expect(page.get_by_text("Rolled back: the earlier words are in force.")).to_be_visible()
    expect(page.get_by_label("Character")).to_have_value("Calm.")
    newest_row = newest_change(japandi)
    assert (newest_row.updated_by, newest_row.history_change_reason) == ("olga", "too loud")


def test_pair_gets_words_of_its_own(page: Page) -> None:
    page.goto(f"{ADMIN}/roomtype/library/")
    page.get_by_role("link", name="Office, Modern").click()
    page.get_by_role("link", name="Give it a furnishing of its own").click()
    page.get_by_label("Furnishing").fill("One desk and nothing else.")
    expect(preview(page)).to_contain_text("One desk and nothing else.")
    save(page)
    page.get_by_role("link", name="All prompts").click()

    cell = page.get_by_role("cell").filter(has=page.get_by_role("link", name="Office, Modern"))
    expect(cell).to_contain_text("own furnishing")
    assert PromptTemplate.objects.get().furnishing == "One desk and nothing else."


def test_stale_page_keeps_the_words_and_says_whose_came_between(page: Page) -> None:
    bedroom = RoomType.objects.get(key="bedroom")
    page.goto(f"{ADMIN}/roomtype/{bedroom.pk}/change/")
    page.get_by_label("Furniture").fill("Mine.")
    theirs = {"furniture": "Theirs.", "purpose": "To rest."}
    change_entry(bedroom, theirs, by=BOB, started_from=newest_change(bedroom).pk)
    save(page)

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("system:bob changed this meanwhile, so nothing was saved.")
    expect(alert.locator("del")).to_contain_text("Theirs.")
    expect(page.get_by_label("Furniture")).to_have_value("Mine.")
    expect(page.get_by_label("Purpose")).to_have_value("To rest.")
    save(page)
    expect(page.get_by_text("Saved; the next job uses it.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_accessibility_violation(page: Page, japandi: Style, scheme: Any, width: int) -> None:
    first = newest_change(japandi).pk
    change_entry(japandi, {"character": "Calm and red."}, by=BOB, started_from=first)
    room = RoomType.objects.get(key="bedroom")
    create_entry(PromptTemplate(room_type=room, style=japandi, furnishing="A mat."), by=BOB)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    own = f"{ADMIN}/style/{japandi.pk}"
    addresses = [f"{ADMIN}/roomtype/library/?room_type=bedroom&style=japandi", f"{own}/change/"]
    addresses += [f"{own}/history/", f"{own}/roll-back/{first}/", f"{ADMIN}/style/add/"]
    addresses += [f"{ADMIN}/roomtype/", f"{ADMIN}/promptrules/"]
    found = {}
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
        context = (
            "#content-main" if page.locator("#content-main").count() else ".library-above-list"
        )
        violations = Axe().run(page, context=context, options=options).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth") > width
        if violations or wide:
            told = [
                (one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in violations
            ]
            found[address] = (told, "scrolls sideways" if wide else "")
    assert found == {}
