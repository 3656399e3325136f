"""The settings page as an operator uses it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from modelsettings.actors import Actor
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.settings import get_settings, patch_settings, update_settings
from tests.browser.conftest import add_published
from tests.browser.pages import violations_of
from tests.browser.settings_pages import KINDS, live, open_settings, profile_of, publish, save
from tests.modelsettings.rows import save_row
from tests.staging.conftest import QWEN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def drawn_document(page: Page) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(page.locator("textarea[name=values]").input_value())
    return document


def set_values(model: ReplicateModel, values: dict[str, Any]) -> dict[str, Any]:
    """Store a document; return it as it is stored."""
    by = Actor.system("test")
    update_settings(live(model), values, by=by)
    stored: dict[str, Any] = profile_of(model).values
    return stored


@pytest.fixture
def kinds(operator: User) -> ReplicateModel:
    return add_published(publish(KINDS))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="defaults, the rest unset"),
        pytest.param({"negative_prompt": "", "on": False, "scale": 0}, id="deliberate blanks"),
        pytest.param(
            {"switch": False, "seed": 0, "strength": 0.1, "scheduler": "K_EULER", "factor": 4},
            id="set without a default",
        ),
        pytest.param(
            {
                "seed": 2**53 - 1,
                "loras": ["a", "b"],
                "weights": [0.5, 1],
                "note": 'é "q" </textarea>',
            },
            id="large, lists, marks",
        ),
    ],
)
def test_saving_untouched_changes_nothing(
    page: Page, kinds: ReplicateModel, values: dict[str, Any]
) -> None:
    stored = set_values(kinds, values)
    revision = profile_of(kinds).revision

    open_settings(page, kinds)
    save(page)

    expect(page.get_by_text("Nothing was changed")).to_be_visible()
    assert (profile_of(kinds).values, profile_of(kinds).revision) == (stored, revision)


def test_a_mouse_wheel_over_a_number_changes_nothing(page: Page, kinds: ReplicateModel) -> None:
    open_settings(page, kinds)
    steps = page.get_by_label("Steps", exact=True)
    steps.scroll_into_view_if_needed()
    steps.click()
    page.mouse.wheel(0, 300)
    page.mouse.wheel(0, -300)

    expect(steps).to_have_value("30")
    expect(steps).not_to_be_focused()


def test_lines_of_a_text_are_kept_and_drawn(page: Page, kinds: ReplicateModel) -> None:
    set_values(kinds, {"note": "one\ntwo"})
    open_settings(page, kinds)
    expect(page.get_by_label("Note", exact=True)).to_have_value("one\ntwo")

    page.get_by_label("Note", exact=True).fill("one\ntwo\nthree")
    save(page)

    assert profile_of(kinds).values["note"] == "one\ntwo\nthree"
    words = page.locator(".restage-changes dd span").filter(has_text="three").first
    assert words.evaluate("element => getComputedStyle(element).whiteSpace") == "pre-line"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_a_comparison_marks_what_differs_in_a_text(
    page: Page, kinds: ReplicateModel, scheme: str, width: int
) -> None:
    set_values(kinds, {"note": "a bright room with oak floors,\nand a\u00a0view"})
    set_values(kinds, {"note": "a dark room with oak floors,\nand a view"})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"/admin/modelsettings/modelsettings/{live(kinds)}/compare/?old=2&new=3")

    expect(page.locator(".restage-sides del").first).to_contain_text("bright")
    expect(page.locator(".restage-sides ins").first).to_contain_text("dark")
    expect(page.get_by_title("no-break space")).to_be_visible()
    assert violations_of(page, "marked-words", scheme=scheme, width=width) is None


def test_objects_are_edited_as_json(page: Page, operator: User) -> None:
    record = {"type": "array", "items": {"type": "object"}, "default": [{"path": "a"}]}
    model = add_published(publish({"prompt": {"type": "string"}, "loras": record}, "objects"))
    open_settings(page, model)
    field = page.get_by_label("Loras", exact=True)
    assert json.loads(field.input_value()) == [{"path": "a"}]

    field.fill('[{"path": "b", "scale": 0.5}')
    save(page)
    expect(page.get_by_text("is text, not a list")).to_be_visible()
    page.get_by_label("Loras", exact=True).fill('[{"path": "b", "scale": 0.5}]')
    save(page)

    assert profile_of(model).values["loras"] == [{"path": "b", "scale": 0.5}]


def test_saving_untouched_changes_nothing_in_the_corpus(
    page: Page, operator: User, corpus: list[Path]
) -> None:
    changed = {}
    for file in corpus:
        model = add_published(json.loads(file.read_text()))
        before = profile_of(model).values
        open_settings(page, model)
        save(page)
        after = profile_of(model)
        if (after.values, after.revision) != (before, 1):
            changed[model.slug] = (before, after.values)
    assert changed == {}


def test_change_is_saved_as_a_revision_with_its_reason(page: Page, kinds: ReplicateModel) -> None:
    open_settings(page, kinds)
    page.get_by_label("Steps", exact=True).fill("55")
    page.get_by_label("Scheduler", exact=True).select_option("DDIM")
    page.get_by_label("Seed", exact=True).fill("42")
    page.get_by_label("On", exact=True).uncheck()
    page.get_by_label("Why this change?").fill("fewer artefacts")
    save(page)

    expect(page.get_by_text("Saved as revision 2")).to_be_visible()
    row = ModelSettings.history.get(id=kinds.live_profile_id, revision=2)
    changed = {key: row.values[key] for key in ("steps", "scheduler", "seed", "on")}
    assert changed == {"steps": 55, "scheduler": "DDIM", "seed": 42, "on": False}
    assert (row.updated_by, row.history_change_reason) == ("olga", "fewer artefacts")
    expect(page.get_by_text("30 → 55")).not_to_have_count(0)


def test_unsetting_removes_the_keys(page: Page, kinds: ReplicateModel) -> None:
    set_values(kinds, {"seed": 42, "scheduler": "DDIM", "switch": True, "note": "x"})

    open_settings(page, kinds)
    page.get_by_label("Seed", exact=True).fill("")
    page.get_by_label("Scheduler", exact=True).select_option(label="unset")
    page.get_by_label("Switch", exact=True).select_option(label="unset")
    page.get_by_label("Note", exact=True).fill("")
    save(page)

    expect(page.get_by_text("Saved as revision 3")).to_be_visible()
    left = {"seed", "scheduler", "switch", "note"} & profile_of(kinds).values.keys()
    assert left == set()


def test_error_stands_at_its_field_and_nothing_is_lost(page: Page, kinds: ReplicateModel) -> None:
    open_settings(page, kinds)
    page.get_by_label("Steps", exact=True).fill("101")
    page.get_by_label("Note", exact=True).fill("keep me")
    save(page)

    field = page.locator(".rjf-form-row", has=page.get_by_label("Steps", exact=True))
    expect(field).to_contain_text("steps: 101 is more than the maximum of 100.")
    expect(page.get_by_label("Steps", exact=True)).to_be_in_viewport()
    expect(page.get_by_label("Note", exact=True)).to_have_value("keep me")
    assert profile_of(kinds).revision == 1


def test_value_that_left_the_enum_is_kept_until_it_is_changed(
    page: Page, kinds: ReplicateModel
) -> None:
    set_values(kinds, {"size": "4K"})
    narrowed = {**KINDS, "size": {"type": "string", "default": "2K", "enum": ["1K", "2K"]}}
    other = add_published(publish(narrowed, name="narrowed"))
    kinds.pinned_schema = other.pinned_schema
    save_row(kinds)

    open_settings(page, kinds)
    expect(page.get_by_label("Size", exact=True)).to_contain_text("4K (no longer allowed)")
    page.get_by_label("Steps", exact=True).fill("31")
    save(page)
    expect(page.get_by_text('size: "4K" is not one of 1K, 2K.')).to_be_visible()

    page.get_by_label("Size", exact=True).select_option("1K")
    save(page)
    expect(page.get_by_text("Saved as revision 3")).to_be_visible()
    assert profile_of(kinds).values["size"] == "1K"


def test_two_operators_at_once_lose_nothing(page: Page, kinds: ReplicateModel) -> None:
    open_settings(page, kinds)
    by = Actor.system("other")
    patch_settings(live(kinds), {"steps": 40, "scale": 5}, by=by)

    page.get_by_label("Steps", exact=True).fill("55")
    page.get_by_label("Note", exact=True).fill("mine")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("system:other")
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"steps.*55.*40", re.S))
    assert profile_of(kinds).revision == 2

    page.get_by_label("keep 55").check()
    save(page)
    expect(page.get_by_text("Saved as revision 3")).to_be_visible()
    kept = {key: profile_of(kinds).values[key] for key in ("steps", "scale", "note")}
    assert kept == {"steps": 55, "scale": 5, "note": "mine"}


def test_every_field_has_a_name_and_its_help(page: Page, kinds: ReplicateModel) -> None:
    open_settings(page, kinds)

    nameless = page.evaluate(
        """() => [...document.querySelectorAll(".rjf-form-row :is(input, select, textarea)")]
        .filter((field) => !field.labels.length && !field.getAttribute("aria-label"))
        .map((field) => field.name)"""
    )

    assert nameless == []
    expect(page.get_by_label("Steps", exact=True)).to_have_accessible_description(
        "1 to 100. As it came: 30."
    )
    old = page.get_by_label("Old mode (deprecated)", exact=True)
    expect(old).to_have_value("")
    expect(old).to_have_accessible_description(
        "Empty: unset. Deprecated: its provider advises against it, and may remove it."
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_a_phone(page: Page, kinds: ReplicateModel, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 800})

    open_settings(page, kinds)

    width = page.evaluate("document.documentElement.scrollWidth")
    fields = page.locator(".rjf-form-row :is(input, select)").evaluate_all(
        "(fields) => Math.max(...fields.map((one) => one.getBoundingClientRect().right))"
    )
    assert (width <= 390, fields <= 390) == (True, True)


def test_label_of_a_staged_picture_is_set(page: Page, operator: User) -> None:
    model = ReplicateModel.objects.get(slug=QWEN)
    open_settings(page, model)
    page.get_by_label("Disclosure", exact=True).fill("Virtually staged")
    save(page)

    assert get_settings(QWEN).values["disclosure"] == "Virtually staged"


def test_clients_may_change_what_is_ticked(page: Page, kinds: ReplicateModel) -> None:
    open_settings(page, kinds)
    page.locator(".restage-ticks summary").first.click()
    boxes = page.get_by_role("group", name="Clients may change").get_by_role("checkbox")

    page.get_by_role("button", name="none").click()
    expect(page.get_by_text("Clients may change 0 of")).to_be_visible()
    page.get_by_role("checkbox", name="Clients may change Seed").check()
    page.get_by_role("textbox", name="Why this change?").fill("the rest is ours")
    save(page)
    assert get_settings("acme/kinds").overridable == ["seed"]

    page.locator(".restage-ticks summary").first.click()
    page.get_by_role("button", name="all", exact=True).click()
    expect(boxes.and_(page.locator(":not(:checked)"))).to_have_count(0)
    page.get_by_role("button", name="as it came").click()
    expect(page.get_by_role("checkbox", name="Clients may change Disclosure")).not_to_be_checked()
    save(page)
    assert get_settings("acme/kinds").listed is None


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ticks_fit_the_page_of_the_longest_form(
    page: Page, operator: User, scheme: Any, width: int
) -> None:
    longest = max(
        ReplicateModel.objects.all(),
        key=lambda model: len(get_settings(model.slug).validator.schema["properties"]),
    )
    page.emulate_media(color_scheme=scheme)
    open_settings(page, longest)
    page.locator(".restage-ticks summary").first.click()

    assert not violations_of(page, "clients may change", scheme=scheme, width=width)
