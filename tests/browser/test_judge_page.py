"""Judging as people do it: by keyboard, by touch on a phone, and two at once."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from staging.jobs.judging import judge_picture
from staging.models import StagedImage
from tests.browser.pages import find_violations, pictured

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUEUE = "/admin/staging/stagedimage/"


def said() -> list[tuple[str, int | None, str]]:
    """Return what stands in the database, picture by picture."""
    return list(StagedImage.objects.order_by("pk").values_list("verdict", "stars", "note"))


def shown(page: Page) -> int:
    """Return the picture that is looked at."""
    return int(str(page.locator("[data-picture]:visible").get_attribute("data-picture")))


@pytest.fixture
def images(operator: User) -> list[StagedImage]:
    """Five fresh pictures, the oldest first: more than are drawn at once."""
    return [pictured(operator) for _ in range(5)]


def test_judge_by_keyboard_alone(page: Page, images: list[StagedImage]) -> None:
    page.goto(QUEUE)
    page.keyboard.press("4")
    expect(page.get_by_label("4 stars").locator("visible=true")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("n")
    page.keyboard.type("a red sofa, really")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(f"[data-picture='{images[2].pk}']")).to_be_visible()
    page.keyboard.press("ArrowRight")
    for one in images[3:]:
        expect(page.locator(f"[data-picture='{one.pk}']")).to_be_visible()
        page.keyboard.press("a")

    expect(page.get_by_text("You have seen all that waited.")).to_be_visible()
    assert said() == [
        ("accepted", 4, "a red sofa, really"), ("rejected", None, ""), ("", None, ""),
        ("accepted", None, ""), ("accepted", None, ""),
    ]  # fmt: skip
    page.get_by_role("link", name="Look for fresh ones").click()
    expect(page.locator(f"[data-picture='{images[2].pk}']")).to_be_visible()


def test_back_shows_the_verdict_and_takes_it_back(page: Page, images: list[StagedImage]) -> None:
    page.goto(QUEUE)
    page.keyboard.press("r")
    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()

    page.keyboard.press("ArrowLeft")
    visible = page.locator("[data-picture]:visible")
    expect(visible.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("u")

    expect(visible.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "false")
    assert said()[0] == ("", None, "")


def test_slider_by_keyboard(page: Page, images: list[StagedImage]) -> None:
    page.goto(QUEUE)
    figure = page.locator("[data-picture]:visible [data-compare]")

    page.keyboard.press("]")
    right = figure.evaluate("(figure) => figure.style.getPropertyValue('--shown')")
    page.keyboard.press("[")
    page.keyboard.press("[")

    left = figure.evaluate("(figure) => figure.style.getPropertyValue('--shown')")
    assert (right, left) == ("60%", "40%")


def test_next_picture_is_there_before_it_is_shown(page: Page, images: list[StagedImage]) -> None:
    page.goto(QUEUE)

    hidden = page.locator(f"[data-picture='{images[1].pk}'] img").first

    page.wait_for_function(
        "(image) => image.complete && image.naturalWidth > 0", arg=hidden.element_handle()
    )
    expect(hidden).to_be_hidden()


def test_the_second_of_two_is_told(page: Page, images: list[StagedImage], stranger: User) -> None:
    page.goto(QUEUE)
    judge_picture(images[0], by=stranger, verdict="rejected")

    page.keyboard.press("a")

    visible = page.locator("[data-picture]:visible")
    expect(visible.get_by_role("status")).to_contain_text("sam judged it meanwhile: rejected.")
    assert shown(page) == images[0].pk
    assert said()[0][0] == "rejected"
    # Having been told, they may differ.
    page.keyboard.press("a")
    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()
    assert said()[0][0] == "accepted"


def test_judge_by_touch_on_a_phone(page: Page, images: list[StagedImage]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(QUEUE)

    page.get_by_label("5 stars").locator("visible=true").click()
    expect(page.get_by_label("5 stars").locator("visible=true")).to_have_attribute(
        "aria-pressed", "true"
    )
    accept = page.get_by_role("button", name="Accept").locator("visible=true")
    box = accept.bounding_box()
    accept.click()

    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.locator(f"[data-picture='{images[0].pk}']")).to_be_visible()
    assert said()[0][:2] == ("accepted", 5)
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] < 844


def test_verdict_that_did_not_arrive_is_told(page: Page, images: list[StagedImage]) -> None:
    page.goto(QUEUE)
    page.route("**/judge/", lambda route: route.abort())

    page.keyboard.press("a")

    expect(page.get_by_text("Not saved: try again")).to_be_visible()
    assert shown(page) == images[0].pk


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_accessibility_violation(
    page: Page, images: list[StagedImage], scheme: Any, width: int
) -> None:
    assert find_violations(page, [QUEUE], scheme=scheme, width=width) == {}
