"""The page on which the API can be tried: it renders the document, and asks no other host."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.contract_document import read_document

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_docs_show_every_operation(page: Page, live_server: LiveServer) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("request", lambda request: asked.append(request.url))

    page.goto("/api/v1/docs")

    expect(page.locator(".info .version-stamp", has_text="OAS 3.1")).to_be_visible()
    paths = read_document()["paths"].values()
    expect(page.locator(".opblock")).to_have_count(sum(map(len, paths)))
    operation = page.locator("#operations-jobs-staging_jobs_retrieve")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("tab", name="Schema").first.click()
    expect(operation.locator(".opblock-body")).to_contain_text("number | null")
    assert said == []
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
