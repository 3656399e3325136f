"""The public page of before and after, as somebody without an account sees it."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import Share, StagedImage, StagingJob
from staging.photos import Upload
from staging.shares import revoke_share, share_picture
from tests.browser.pages import work_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CLIP = "(box) => getComputedStyle(box.closest('.before')).clipPath"


@pytest.fixture
def job(operator: User, photo_bytes: bytes, sandbox_url: str, settings: Settings) -> StagingJob:
    settings.REPLICATE_BASE_URL = sandbox_url
    job = request_staging(
        Upload(photo_bytes), StagingRequest(room_type="bedroom", seed=7), owner=operator
    )
    work_off(job)
    return job


@pytest.fixture
def share(job: StagingJob, operator: User) -> Share:
    return share_picture(StagedImage.objects.get(), by=operator)


def visit(context: BrowserContext, share: Share) -> Page:
    """Open a share's page; what its policy forbids fails the test."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"/s/{share.pk.hex}/{share.token}")
    page.wait_for_load_state("networkidle")
    assert complaints == []
    return page


@pytest.fixture
def context(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """Somebody who never logged in."""
    context = browser.new_context(base_url=live_server.url)
    yield context
    assert context.cookies() == []
    context.close()


def test_slider_uncovers_the_photo_by_keyboard(context: BrowserContext, share: Share) -> None:
    page = visit(context, share)
    before = page.get_by_alt_text("Before: the original photo")

    shown = [before.evaluate(CLIP)]
    page.keyboard.press("Tab")
    for key in ("ArrowRight", "Home", "End"):
        page.keyboard.press(key)
        shown.append(before.evaluate(CLIP))

    found = [f"inset(0px {rest}% 0px 0px)" for rest in (50, 49, 100, 0)]
    assert [
        one.replace("0px)", "0px 0px 0px)") if one == "inset(0px)" else one for one in shown
    ] == found
    expect(page.get_by_role("slider")).to_be_focused()


def test_slider_follows_the_pointer_anywhere(context: BrowserContext, share: Share) -> None:
    page = visit(context, share)
    box = page.locator(".compare").bounding_box()
    assert box is not None

    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + 10)

    assert page.get_by_role("slider").input_value() == "25"


def test_pictures_are_there(context: BrowserContext, share: Share) -> None:
    page = visit(context, share)

    for name in ("Before: the original photo", "After: the room as it was staged virtually"):
        loaded = "async (image) => { await image.decode(); return image.naturalWidth; }"
        assert page.get_by_alt_text(name).evaluate(loaded) == 300


def stand_below_each_other(page: Page) -> bool:
    boxes = [page.locator(f".{name} img").bounding_box() for name in ("before", "after")]
    before, after = boxes
    assert before is not None
    assert after is not None
    return before["y"] + before["height"] <= after["y"]


def test_page_without_script_shows_one_above_the_other(
    browser: Browser, live_server: LiveServer, share: Share
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/s/{share.pk.hex}/{share.token}")

    assert stand_below_each_other(page)
    expect(page.get_by_role("slider")).to_be_hidden()
    expect(page.locator(".before figcaption")).to_be_visible()
    context.close()


def test_page_on_paper_shows_one_above_the_other(context: BrowserContext, share: Share) -> None:
    page = visit(context, share)
    page.emulate_media(media="print")

    assert stand_below_each_other(page)
    expect(page.get_by_role("slider")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_page_is_accessible(
    browser: Browser, live_server: LiveServer, share: Share, scheme: str, width: int
) -> None:
    context = browser.new_context(
        base_url=live_server.url,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 844},
    )
    page = visit(context, share)

    wider = "document.documentElement.scrollWidth > window.innerWidth"
    assert (Axe().run(page).violations_count, page.evaluate(wider)) == (0, False)
    context.close()


def test_page_is_gone_once_revoked(context: BrowserContext, share: Share, operator: User) -> None:
    page = visit(context, share)
    revoke_share(share, by=operator)

    page.reload()

    expect(page.get_by_role("heading")).to_have_text("There is nothing at this address")
    assert Axe().run(page).violations_count == 0


def test_operator_makes_a_page_and_revokes_it(page: Page, job: StagingJob) -> None:
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")
    page.get_by_role("button", name="Make a public page of picture 1").click()
    link = page.locator("#shares a")
    url = link.inner_text()

    opened = page.request.get(url).status
    page.get_by_role("button", name="Revoke, for ever").click()

    expect(page.locator("#shares")).to_contain_text("was revoked")
    assert (opened, page.request.get(url).status) == (200, 404)
