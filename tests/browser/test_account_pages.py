"""Signing in with wrong passwords, and one's own tokens, as a person does it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from config.accounts.tokens import create_token
from staging.models import Prediction
from staging.spending.changing import pause
from tests.browser.pages import find_violations, set_look, violations_of
from tests.staging.finished import stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stranger_page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page of somebody who has not signed in."""
    window = browser.new_context(base_url=live_server.url)
    yield window.new_page()
    window.close()


def sign_in(page: Page, password: str) -> None:
    page.goto("/admin/login/")
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_locked_page(stranger_page: Page, operator: User, scheme: Any, width: int) -> None:
    page = stranger_page
    # The page takes its colours when it is drawn.
    page.emulate_media(color_scheme=scheme)
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        sign_in(page, "wrong")
        expect(page.get_by_text("Please enter the correct username")).to_be_visible()
    sign_in(page, "wrong")

    expect(page.get_by_role("heading", name="Too many wrong passwords")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Try again in 15 minutes")
    assert violations_of(page, "locked", scheme=scheme, width=width) is None
    sign_in(page, "secret")
    expect(page.get_by_role("alert")).to_contain_text("Try again in")


def test_queue_of_a_deactivated_account_is_handed_over(
    page: Page, operator: User, stranger: User
) -> None:
    stage(stranger)
    stranger.is_active = False
    stranger.save()

    page.goto("/admin/")
    page.get_by_role("link", name="1 prediction of sam waits").click()
    page.get_by_label("Hand it over to").fill("olga")
    page.get_by_role("button", name="Hand it over").click()

    expect(page.get_by_text("1 prediction handed over to olga.")).to_be_visible()
    expect(page.get_by_text("Nothing is paused.")).to_be_visible()
    assert Prediction.objects.get().account == operator


def test_pages_of_a_queue_have_no_violation(page: Page, stranger: User) -> None:
    job = stage(stranger)
    held = pause(account=stranger, by="root", reason="the account was deactivated")
    pauses = "/admin/staging/purchasepause/"
    pages = [
        "/admin/", pauses, f"{pauses}{held.pk}/queue/", "/admin/staging/stagingjob/",
        f"/admin/staging/stagingjob/{job.pk}/change/",
    ]  # fmt: skip

    assert find_violations(page, pages) == {}


MINE = "/admin/knox/authtoken/mine/"


def test_a_token_is_made_copied_and_revoked(own_page: Page) -> None:
    page = own_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/admin/")
    page.get_by_role("heading", name="Accounts").click()
    page.get_by_role("link", name="My tokens").click()
    expect(page.get_by_text("You have no token.")).to_be_visible()
    page.get_by_label("What is it for?").fill("front end")
    page.get_by_label("It ends").select_option("after 90 days")
    page.get_by_role("button", name="Make the token").click()

    secret = page.locator("#new-token").inner_text()
    page.get_by_role("button", name="Copy token").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    headers = {"Authorization": f"Token {secret}"}
    assert page.request.get("/api/v1/tokens", headers=headers).json()[0]["name"] == "front end"

    page.goto(MINE)
    expect(page.get_by_text(secret)).to_have_count(0)
    row = page.get_by_role("row").filter(has_text="front end")
    expect(row).to_contain_text("2 months")
    row.get_by_role("button", name="Revoke front end").click()

    expect(page.get_by_text("it opens nothing more")).to_be_visible()
    assert page.request.get("/api/v1/tokens", headers=headers).status == 401


def test_pages_without_a_token_have_no_violation(page: Page, operator: User) -> None:
    operator.is_superuser = True
    operator.save()
    assert find_violations(page, [MINE, "/admin/password_change/done/"]) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_accessibility_violation(page: Page, operator: User, scheme: Any, width: int) -> None:
    operator.is_superuser = True
    operator.save()
    create_token(operator, name="a name that is rather long, for a program that has one")
    create_token(operator, ends_at=timezone.now() + timedelta(days=30))
    set_look(page, scheme=scheme, width=width)
    page.goto(MINE)
    page.get_by_label("What is it for?").fill("script")
    page.get_by_role("button", name="Make the token").click()
    expect(page.locator("#new-token")).to_be_visible()

    assert violations_of(page, "my-tokens", scheme=scheme, width=width) is None
    page.get_by_role("button", name="Renew it").click()
    expect(page.locator("#callback-secret")).to_be_visible()
    assert violations_of(page, "my-secret", scheme=scheme, width=width) is None
    page.goto(f"/admin/auth/user/{operator.pk}/change/")
    access = "section[aria-labelledby=access-title]"
    assert violations_of(page, "access", scheme=scheme, width=width, part=access) is None
    page.goto(MINE)
    page.get_by_role("button", name="Revoke all").click()
    expect(page.get_by_text("3 tokens revoked.")).to_be_visible()
