"""Signing in as a person does it, with the right password and with wrong ones."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.pages import violations_of

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
    page.get_by_role("button", name="Log in").click()


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
