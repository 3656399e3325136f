"""Judging as people do it: by keyboard, by touch on a phone, and two at once."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from staging.jobs.judging import judge_picture
from staging.models import Project, StagedImage
from tests.browser.pages import find_violations, pictured
from tests.browser.sessions import end_session, sign_in_again, told

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

    expect(
        page.get_by_text("1 picture waits still: one that you left without a verdict")
    ).to_be_visible()
    expect(page.get_by_role("heading", name="All judged")).to_be_hidden()
    assert said() == [
        ("accepted", 4, "a red sofa, really"), ("rejected", None, ""), ("", None, ""),
        ("accepted", None, ""), ("accepted", None, ""),
    ]  # fmt: skip
    page.get_by_role("link", name="Show what waits").click()
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


def test_u_takes_back_the_last_verdict_from_the_next_picture(
    page: Page, images: list[StagedImage]
) -> None:
    page.goto(QUEUE)
    page.keyboard.press("a")
    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(f"[data-picture='{images[2].pk}']")).to_be_visible()
    given = page.locator("#restage-given")
    expect(given).to_contain_text("Rejected: IMG_2041.jpg, bedroom, modern")

    page.keyboard.press("u")
    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()
    expect(given).to_contain_text("Verdict taken back: IMG_2041.jpg, bedroom, modern")
    given.get_by_role("button", name="Take back").click()
    expect(page.locator(f"[data-picture='{images[0].pk}']")).to_be_visible()

    expect(given.get_by_role("button", name="Take back")).to_be_hidden()
    expect(page.get_by_text("5 pictures wait, the oldest first")).to_be_visible()
    assert said()[:2] == [("", None, ""), ("", None, "")]


def test_u_takes_back_the_last_act_alone(page: Page, images: list[StagedImage]) -> None:
    page.goto(QUEUE)
    given = page.locator("#restage-given")
    first = page.locator(f"[data-picture='{images[0].pk}']")
    page.keyboard.press("n")
    page.keyboard.type("a red sofa, really")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(given).to_contain_text("2 stars; no verdict yet")
    page.keyboard.press("4")
    expect(given).to_contain_text("4 stars; no verdict yet")
    page.keyboard.press("a")
    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()

    page.keyboard.press("u")
    expect(given).to_contain_text("Verdict taken back, 4 stars stay: IMG_2041.jpg")
    expect(first).to_be_visible()
    expect(first.get_by_role("status")).to_contain_text("4 stars; no verdict yet")
    assert said()[0] == ("", 4, "a red sofa, really")
    expect(page.get_by_text("5 pictures wait, the oldest first")).to_be_visible()
    page.keyboard.press("u")
    expect(given).to_contain_text("2 stars again: IMG_2041.jpg")
    assert said()[0] == ("", 2, "a red sofa, really")
    page.keyboard.press("u")
    expect(given).to_contain_text("Stars taken back: IMG_2041.jpg")
    assert said()[0] == ("", None, "a red sofa, really")
    page.keyboard.press("u")
    expect(given).to_contain_text("There is nothing of yours on this page to take back.")
    assert said()[0] == ("", None, "a red sofa, really")


def test_u_brings_back_the_verdict_that_was_there_before(
    page: Page, images: list[StagedImage]
) -> None:
    page.goto(QUEUE)
    page.keyboard.press("a")
    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("r")
    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()

    page.keyboard.press("u")

    expect(page.locator("#restage-given")).to_contain_text("Accepted again: IMG_2041.jpg")
    expect(page.locator(f"[data-picture='{images[0].pk}']")).to_be_visible()
    assert said()[0] == ("accepted", None, "")
    expect(page.get_by_text("4 pictures wait, the oldest first")).to_be_visible()


def test_u_leaves_what_another_said_meanwhile(
    page: Page, images: list[StagedImage], stranger: User
) -> None:
    page.goto(QUEUE)
    page.keyboard.press("4")
    expect(page.locator("#restage-given")).to_contain_text("4 stars")
    images[0].refresh_from_db()
    judge_picture(images[0], by=stranger, verdict="rejected", stars=1)
    page.keyboard.press("a")
    expect(page.get_by_text("sam judged it meanwhile: rejected.")).to_be_visible()

    page.keyboard.press("u")

    expect(page.locator("#restage-given")).to_contain_text("There is nothing of yours")
    assert said()[0] == ("rejected", 1, "")


def test_picture_with_stars_alone_is_offered_again(page: Page, operator: User) -> None:
    image = pictured(operator)
    page.goto(QUEUE)
    page.keyboard.press("4")
    expect(page.locator("#restage-given")).to_contain_text("4 stars; no verdict yet")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("1 picture waits still: one that you left")).to_be_visible()

    page.get_by_role("link", name="Show what waits").click()

    card = page.locator(f"[data-picture='{image.pk}']")
    expect(card).to_be_visible()
    expect(card.get_by_role("status")).to_contain_text("4 stars; no verdict yet")


def test_counts_of_the_choices_follow(page: Page, operator: User) -> None:
    elm = Project.objects.create(owner=operator, name="Elm Street")
    ours = [pictured(operator, project=elm) for _ in range(2)]
    pictured(operator)
    page.goto(f"{QUEUE}?project={elm.pk}")
    chosen = page.locator("select[name=project] option:checked")
    expect(chosen).to_have_text("Elm Street (2)")

    page.keyboard.press("a")
    expect(chosen).to_have_text("Elm Street (1)")
    expect(page.locator(f"[data-picture='{ours[1].pk}']")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_text("No picture of this choice waits")).to_be_visible()
    expect(chosen).to_have_text("Elm Street")
    download = page.get_by_role("link", name="Download the accepted ones of this project (1)")
    expect(download).to_be_visible()
    with page.expect_download() as started:
        download.click()
    assert started.value.suggested_filename == "Elm Street, accepted.zip"
    page.keyboard.press("u")

    expect(chosen).to_have_text("Elm Street (1)")
    expect(page.locator("select[name=project] option", has_text="Unsorted")).to_have_text(
        "Unsorted (1)"
    )


def test_count_goes_down_to_all_judged(page: Page, images: list[StagedImage]) -> None:
    page.goto(QUEUE)
    waiting = page.locator("#restage-waiting")
    expect(page.get_by_text("IMG_2041.jpg", exact=True).locator("visible=true")).to_be_visible()

    for left in (4, 3, 2):
        page.keyboard.press("a")
        expect(waiting).to_have_text(f"{left} pictures wait, the oldest first")
    page.keyboard.press("3")
    expect(page.locator("#restage-given")).to_contain_text("3 stars; no verdict yet: IMG_2041.jpg")
    expect(waiting).to_have_text("2 pictures wait, the oldest first")
    page.keyboard.press("r")
    expect(waiting).to_have_text("1 picture waits, the oldest first")
    expect(page.locator(f"[data-picture='{images[4].pk}']")).to_be_visible()
    page.keyboard.press("a")

    expect(waiting).to_have_text("No picture waits")
    expect(page.get_by_role("heading", name="All judged")).to_be_visible()
    expect(page.get_by_text("This was the last")).to_be_hidden()


def test_pictures_of_one_project_are_judged(page: Page, operator: User) -> None:
    elm = Project.objects.create(owner=operator, name="Elm Street")
    ours = [pictured(operator, project=elm) for _ in range(2)]
    pictured(operator)
    page.goto(f"/admin/staging/project/{elm.pk}/change/")

    page.get_by_role("link", name="Judge 2 pictures of this project").click()
    expect(page.locator("select[name=project]")).to_have_value(str(elm.pk))
    for image in ours:
        expect(page.locator(f"[data-picture='{image.pk}']")).to_be_visible()
        page.keyboard.press("a")
    expect(page.get_by_text("No picture of this choice waits")).to_be_visible()
    page.get_by_role("link", name="See whether others wait").click()

    expect(page.get_by_text("1 picture waits, the oldest first")).to_be_visible()
    assert [verdict for verdict, _, _ in said()] == ["accepted", "accepted", ""]


def test_project_is_chosen_on_the_page(page: Page, operator: User) -> None:
    pictured(operator)
    elm = Project.objects.create(owner=operator, name="Elm Street")
    image = pictured(operator, project=elm)
    page.goto(QUEUE)

    page.locator("select[name=project]").select_option(label="Elm Street (1)")
    page.get_by_role("button", name="Show these").click()

    expect(page.locator(f"[data-picture='{image.pk}']")).to_be_visible()


def test_verdicts_after_the_session_ended_are_kept_and_sent(
    page: Page, images: list[StagedImage]
) -> None:
    page.goto(QUEUE)
    end_session()

    page.keyboard.press("4")
    expect(told(page)).to_contain_text("You are signed out. This page stays as it is")
    page.keyboard.press("a")
    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(f"[data-picture='{images[2].pk}']")).to_be_visible()
    expect(told(page)).to_contain_text("2 verdicts are kept here, and sent after that.")
    page.keyboard.press("ArrowLeft")
    back = page.locator("[data-picture]:visible")
    expect(back.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "true")
    expect(back.get_by_role("status")).to_have_text("Kept here, not sent yet.")
    assert said() == [("", None, "")] * 5
    sign_in_again(page)

    expect(page.locator("#restage-given")).to_contain_text("2 kept verdicts are saved.")
    assert said()[:3] == [("accepted", 4, ""), ("rejected", None, ""), ("", None, "")]
    page.keyboard.press("u")
    expect(page.locator("#restage-given")).to_contain_text("Verdict taken back")
    assert said()[1] == ("", None, "")


def test_pictures_that_cannot_be_fetched_are_not_all_judged(
    page: Page, images: list[StagedImage]
) -> None:
    page.goto(QUEUE)
    end_session()

    for image in images[:3]:
        expect(page.locator(f"[data-picture='{image.pk}']")).to_be_visible()
        page.keyboard.press("a")
    expect(page.get_by_text("Further pictures could not be fetched now.")).to_be_visible()
    sign_in_again(page)
    expect(page.locator("#restage-given")).to_contain_text("3 kept verdicts are saved.")

    # It goes on by itself.
    expect(page.locator(f"[data-picture='{images[3].pk}']")).to_be_visible()
    assert [verdict for verdict, _, _ in said()] == ["accepted"] * 3 + ["", ""]


def test_kept_verdict_on_what_another_judged_is_told(
    page: Page, images: list[StagedImage], stranger: User
) -> None:
    page.goto(QUEUE)
    end_session()
    page.keyboard.press("a")
    expect(told(page)).to_contain_text("1 verdict is kept here")
    judge_picture(images[0], by=stranger, verdict="rejected")

    sign_in_again(page)

    given = page.locator("#restage-given")
    expect(given).to_contain_text(
        "Not saved, since judged by another or deleted meanwhile: IMG_2041"
    )
    assert said()[0] == ("rejected", None, "")


def test_verdicts_are_kept_while_the_connection_is_lost(
    own_page: Page, images: list[StagedImage]
) -> None:
    own_page.goto(QUEUE)
    own_page.context.set_offline(True)
    own_page.keyboard.press("a")
    expect(told(own_page)).to_contain_text("1 verdict is kept here")

    own_page.context.set_offline(False)

    expect(own_page.locator("#restage-given")).to_contain_text("1 kept verdict is saved.")
    assert said()[0] == ("accepted", None, "")


def test_kept_verdicts_outlive_the_page(page: Page, images: list[StagedImage]) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(QUEUE)
    end_session()
    page.keyboard.press("a")
    expect(told(page)).to_contain_text("1 verdict is kept here")

    page.goto(QUEUE)
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Sign in").click()

    expect(page.locator("#restage-given")).to_contain_text("1 kept verdict is saved.")
    assert said()[0] == ("accepted", None, "")


def test_kept_verdict_is_forgotten_when_another_is_saved(
    page: Page, images: list[StagedImage]
) -> None:
    page.goto(QUEUE)
    page.route("**/judge/", lambda route: route.abort())
    page.keyboard.press("a")
    expect(page.locator(f"[data-picture='{images[1].pk}']")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-picture]:visible")).to_contain_text("Kept here, not sent yet.")

    page.unroute("**/judge/")
    page.keyboard.press("r")
    expect(page.locator("#restage-given")).to_contain_text("Rejected")

    assert page.evaluate("sessionStorage.length") == 0
    assert said()[0] == ("rejected", None, "")


def test_kept_verdict_is_sent_again_when_its_answer_broke_off(
    page: Page, images: list[StagedImage]
) -> None:
    page.goto(QUEUE)
    end_session()
    page.keyboard.press("a")
    expect(told(page)).to_contain_text("1 verdict is kept here")
    # The browser loses the body of one answer.
    page.evaluate(
        """() => {
            const read = Response.prototype.text;
            Response.prototype.text = () => {
                Response.prototype.text = read;
                window.isBroken = true;
                return Promise.reject(new TypeError("network error"));
            };
        }"""
    )
    sign_in_again(page)
    # While the first is under way, nothing else is sent.
    page.wait_for_function("window.isBroken")

    page.evaluate("restageSession.check()")

    page.wait_for_function("sessionStorage.length === 0")
    assert said()[0] == ("accepted", None, "")


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
    page.get_by_role("button", name="← Back").click()
    expect(page.locator(f"[data-picture='{images[0].pk}']")).to_be_visible()
    assert said()[0][:2] == ("accepted", 5)
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] < 844


def test_verdict_that_did_not_arrive_is_told(page: Page, images: list[StagedImage]) -> None:
    page.goto(QUEUE)
    page.route("**/judge/", lambda route: route.fulfill(status=500))

    page.keyboard.press("a")

    expect(page.get_by_text("Not saved: try again")).to_be_visible()
    assert shown(page) == images[0].pk


def test_no_accessibility_violation(page: Page, images: list[StagedImage], operator: User) -> None:
    pictured(operator, project=Project.objects.create(owner=operator, name="Elm Street 5"))
    assert find_violations(page, [QUEUE]) == {}
