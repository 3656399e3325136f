"""The window that all tests share: of one test, the next finds nothing in it."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEEP = """() => {
    localStorage.setItem("kept", "yes");
    sessionStorage.setItem("kept", "yes");
    document.cookie = "kept=yes";
    open("/livez");
}"""
KEPT = """() => [
    "kept" in localStorage, "kept" in sessionStorage, document.cookie.includes("kept"),
]"""
FAIL_IN_ANOTHER_PAGE = "() => open('about:blank').setTimeout(() => { throw new Error('planted') })"


def test_window_keeps_nothing_of_an_earlier_page(
    window: BrowserContext, live_server: LiveServer, operator: User
) -> None:
    with signed_in(window, live_server.url, user=operator) as page:
        page.goto("/admin/")
        with page.expect_popup():
            page.evaluate(KEEP)
    left = len(window.pages)

    with signed_in(window, live_server.url, user=operator) as page:
        page.goto("/admin/")

        assert (page.evaluate(KEPT), left) == ([False, False, False], 1)


def test_error_of_a_script_fails_the_test(
    window: BrowserContext, live_server: LiveServer, operator: User
) -> None:
    opened = signed_in(window, live_server.url, user=operator)
    page = opened.__enter__()
    page.goto("/nowhere")
    with window.expect_event("weberror"):
        page.evaluate(FAIL_IN_ANOTHER_PAGE)

    with pytest.raises(AssertionError, match="planted"):
        opened.__exit__(None, None, None)
