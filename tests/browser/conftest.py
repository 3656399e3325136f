"""A real browser against a real server: headless Chromium, driven by Playwright."""

import os
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect, sync_playwright
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
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, operator: User) -> Iterator[Page]:
    """A page on which the operator is logged in; an error of a script fails the test."""
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("/admin/")
    page.fill("[name=username]", "olga")
    page.fill("[name=password]", "secret")
    page.click("[type=submit]")
    yield page
    context.close()
    assert errors == []


def add_published(document: dict[str, object]) -> ReplicateModel:
    """Add a model from its published document."""
    return registry.add_model(PublishedModel.from_json(document), by=Actor.system("test"))
