"""A real browser against a real server: headless Chromium, driven by Playwright."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    WebError,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from modelsettings import registry
from modelsettings.actors import Actor
from modelsettings.models import ReplicateModel
from modelsettings.schema.published import PublishedModel
from tests import missing

# Playwright's loop runs in the test's thread, which Django takes for an async context.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# A page that is slow on a busy machine is not wrong; five seconds is the default.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=missing.find_chromium(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                # Pages of one window share a process: to start one is dearer than most tests.
                "--process-per-site",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def window(
    django_db_setup: None, browser: Browser, live_server: LiveServer
) -> Iterator[BrowserContext]:
    """The window in which tests open their pages: its process and what it has fetched stay.

    What belongs to the window and not to a page, such as its clock, is the same for all tests:
    a test that changes it takes a window of its own, `own_page`. The window is closed before the
    database is dropped, which the server's threads hold while they have its connections.
    """
    window = browser.new_context(base_url=live_server.url)
    # The process ends with its last page. This one asks the database for nothing.
    window.new_page().goto("/livez")
    yield window
    window.close()


@pytest.fixture
def page(window: BrowserContext, live_server: LiveServer, operator: User) -> Iterator[Page]:
    """A page on which the operator is logged in; an error of a script fails the test, and so
    does what the Content-Security-Policy refuses."""
    with signed_in(window, live_server.url, user=operator) as page:
        yield page


@pytest.fixture
def own_page(browser: Browser, live_server: LiveServer, operator: User) -> Iterator[Page]:
    """Like `page`, in a window of its own."""
    window = browser.new_context(base_url=live_server.url)
    with signed_in(window, live_server.url, user=operator) as page:
        yield page
    window.close()


@contextmanager
def signed_in(window: BrowserContext, url: str, *, user: User) -> Iterator[Page]:
    """Open a page in a window that knows the user, and nothing else of an earlier page."""
    errors: list[str] = []

    def note(error: WebError) -> None:
        errors.append(str(error.error))

    def note_refusal(said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text:
            errors.append(said.text)

    stays = window.pages
    window.on("weberror", note)
    window.on("console", note_refusal)
    page = window.new_page()
    # Cookies, too.
    everything = {"origin": url, "storageTypes": "all"}
    window.new_cdp_session(page).send("Storage.clearDataForOrigin", everything)
    sign_in(window, url, user=user)
    yield page
    for opened in window.pages:
        if opened not in stays:
            opened.close()
    window.remove_listener("weberror", note)
    window.remove_listener("console", note_refusal)
    assert errors == []


def sign_in(window: BrowserContext, url: str, *, user: User) -> None:
    """Give a window the session of a login; that the form makes one, a test of its own says."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    window.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])


def add_published(document: dict[str, object]) -> ReplicateModel:
    """Add a model from its published document."""
    return registry.add_model(PublishedModel.from_json(document), by=Actor.system("test"))
