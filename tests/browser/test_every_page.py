"""Every address that can be opened, as the permission table has them, in a browser.

Nothing may be refused by the Content-Security-Policy, said on the console as an error, or missing.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import path
from playwright.sync_api import BrowserContext, Error, Page, Request, Response, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config import urls
from tests.browser.pages import ask_axe, pictured
from tests.buckets import bucket, s3_url
from tests.permissions.page import SECTIONS
from tests.permissions.world import World, make_world

__all__ = ["bucket", "s3_url"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESSES = list(
    dict.fromkeys(
        section.address(row) for section in SECTIONS for row in section.rows if row.method == "GET"
    )
)
LISTEN = """
addEventListener("securitypolicyviolation", (event) => console.error(
    `refused ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""


class Watched:
    """A page, and what went wrong on it."""

    def __init__(self, page: Page, *, url: str) -> None:
        self.page = page
        self.url = url
        self.faults: list[str] = []
        page.add_init_script(LISTEN)
        page.on("console", lambda said: self._note(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("response", self._check)
        page.on("requestfailed", self._note_failed)

    def open(self, address: str) -> list[str]:
        """Return what went wrong on the page at an address; a file is not shown but saved."""
        self.faults = []
        try:
            self.page.goto(address, wait_until="load")
        except Error as error:
            if "Download is starting" not in str(error):
                raise
        return list(self.faults)

    def find_violations(self) -> list[str]:
        """Return what axe says of the open page; of what is no page, nothing."""
        # A part of a page has no title, and what is saved leaves the page before open.
        is_page = self.page.url.startswith(self.url) and self.page.title()
        if not is_page or self.page.evaluate("document.contentType") != "text/html":
            return []
        # What Swagger UI draws is its own.
        found = ask_axe(self.page, {"exclude": [["#swagger-ui"]]})
        return [f"{rule}: {element}" for rule, elements in found for element in elements]

    def _check(self, response: Response) -> None:
        is_the_page = response.request.is_navigation_request()
        if response.status >= 400 and not is_the_page:
            self._note(f"{response.url} is {response.status}")
        # Static files are served past Restage here, which does it itself in production.
        is_ours = response.url.startswith(self.url) and "/static/" not in response.url
        if is_ours and "content-security-policy" not in response.headers:
            self._note(f"{response.url} has no policy")

    def _note_failed(self, request: Request) -> None:
        # A page that is left ends what it still asks for.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"{request.url} {request.failure}")

    def _note(self, fault: str) -> None:
        # Chromium says so of the page itself, too, whose status the permission table tests.
        if not fault.startswith("Failed to load resource"):
            self.faults.append(fault)


@pytest.fixture
def world(sandbox_url: str, settings: Settings) -> World:
    settings.REPLICATE_BASE_URL = sandbox_url
    return make_world()


@pytest.fixture
def watched(window: BrowserContext, live_server: LiveServer) -> Iterator[Watched]:
    page = window.new_page()
    yield Watched(page, url=live_server.url)
    page.close()


def fail(_request: HttpRequest) -> HttpResponse:
    raise ArithmeticError("planted")


# As the addresses of a site one of whose views has a bug.
handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500
urlpatterns = [path("admin/bug", fail), path("bug", fail), *urls.urlpatterns]


def be(person: str, world: World, window: BrowserContext, live_server: LiveServer) -> None:
    """Let the window be somebody's."""
    window.clear_cookies()
    cookie, session = site.SESSION_COOKIE_NAME, world.people[person].session
    window.add_cookies([{"name": cookie, "value": session, "url": live_server.url}])


def test_every_page_is_whole_and_has_no_violation(
    world: World, watched: Watched, window: BrowserContext, live_server: LiveServer
) -> None:
    """Pages of Django's and Unfold's own, too: menus, tables, dialogs, login."""
    be("superuser", world, window, live_server)
    watched.page.emulate_media(reduced_motion="reduce")

    found = {}
    for address in ADDRESSES:
        faults = watched.open(address.format_map(world.places))
        found[address] = faults + watched.find_violations()

    assert {address: told for address, told in found.items() if told} == {}


def test_every_page_is_whole_for_who_may_open_few(
    world: World, watched: Watched, window: BrowserContext, live_server: LiveServer
) -> None:
    be("clerk", world, window, live_server)

    found = {one: watched.open(one.format_map(world.places)) for one in ADDRESSES}

    assert {address: faults for address, faults in found.items() if faults} == {}


@pytest.mark.parametrize("address", ["/nowhere", "/admin/nowhere", "/bug", "/admin/bug"])
def test_pages_of_errors_are_whole(address: str, watched: Watched, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__

    assert watched.open(address) == []


def test_page_of_a_refused_form_is_whole(watched: Watched) -> None:
    page = watched.page
    watched.open("/admin/login/")

    page.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').value = 'of a stranger'")
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="This form was not taken")).to_be_visible()
    assert watched.faults == []


def test_pictures_of_the_bucket_are_shown(
    bucket: Any, page: Page, operator: User, live_server: LiveServer
) -> None:
    image = pictured(operator)
    watched = Watched(page, url=live_server.url)

    faults = watched.open(f"/admin/staging/stagingjob/{image.prediction.job_id}/change/")

    shown = page.locator("[data-compare] img").first
    expect(shown).to_have_js_property("complete", True)
    assert (faults, shown.evaluate("image => image.naturalWidth")) == ([], 300)
    assert str(shown.get_attribute("src")).startswith(bucket.meta.client.meta.endpoint_url)
