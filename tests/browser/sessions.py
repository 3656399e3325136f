"""Sessions that end while a page is open, and what the page says of it."""

from django.contrib.sessions.models import Session
from playwright.sync_api import Locator, Page


def told(page: Page) -> Locator:
    return page.locator("#restage-session").get_by_role("alert")


def end_session() -> None:
    Session.objects.all().delete()


def sign_in_again(page: Page, *, name: str = "olga") -> None:
    """Follow the link of the page, and sign in in the tab that it opens, which closes itself."""
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in").click()
    tab = opened.value
    tab.get_by_label("Username").fill(name)
    tab.get_by_label("Password").fill("secret")
    with tab.expect_event("close"):
        tab.get_by_role("button", name="Sign in").click()
