"""Pages of what is closed, missing or broken, as an operator and as a visitor see them."""

import pytest
from django.contrib.auth.models import Permission, User
from playwright.sync_api import Page, expect

from tests.browser.pages import violations_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIMITS = "/admin/staging/spendinglimit/"
UNREADABLE = "/admin/staging/stagingjob/?status=%00"
ADDRESSES = [LIMITS, "/admin/nowhere/", "/nowhere", "/admin/session/", UNREADABLE]


@pytest.fixture
def closed(operator: User) -> User:
    """Let the operator see no spending limits, which an administrator may change."""
    User.objects.create_superuser("root")
    kind = {"content_type__app_label": "staging", "content_type__model": "spendinglimit"}
    operator.user_permissions.remove(*Permission.objects.filter(**kind))
    return operator


def test_closed_page_leads_on(page: Page, closed: User) -> None:
    page.goto(LIMITS)

    closed_to = "Your account may not open this page"
    expect(page.get_by_role("heading", name=closed_to, level=2)).to_be_visible()
    expect(page.get_by_text("root can give you a role that opens it.")).to_be_visible()
    page.locator("#nav-sidebar").get_by_role("link", name="Jobs").click()
    expect(page).to_have_url("/admin/staging/stagingjob/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("address", ADDRESSES)
def test_pages_have_no_violation_and_fit(
    page: Page, closed: User, address: str, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(address)

    assert (
        violations_of(page, address, scheme=scheme, width=width, part="#content-main, main") is None
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_page_after_signing_out_has_no_violation_and_fits(
    page: Page, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto("/admin/")
    page.locator("form[action$='/logout/']").evaluate("form => form.requestSubmit()")
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()

    found = violations_of(page, "signed-out", scheme=scheme, width=width, part="body")
    assert found is None
