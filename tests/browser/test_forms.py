"""Forms of every page: errors go when they are mended, a changed form asks, a price follows."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Dialog, Page, expect

from modelsettings.models import ReplicateModel
from staging.models import Project
from tests.browser.pages import violations_of
from tests.browser.settings_pages import open_settings
from tests.staging.conftest import QWEN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADD_LIMIT = "/admin/staging/spendinglimit/add/"


def test_an_error_goes_when_its_field_is_changed(page: Page) -> None:
    page.goto(ADD_LIMIT)
    field = page.locator("[name=usd]")
    field.fill("-5")
    page.get_by_role("button", name="Save", exact=True).click()
    error = page.get_by_text("greater than or equal to 0").first
    expect(error).to_be_visible()

    page.locator("[name=usd]").fill("5")

    expect(error).to_be_hidden()


def test_a_changed_project_asks_before_it_is_left(page: Page, operator: User) -> None:
    project = Project.objects.create(owner=operator, name="Elm Street 5")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", stay)
    address = f"/admin/staging/project/{project.pk}/change/"
    page.goto(address)
    page.locator("[name=name]").click()
    page.goto("/admin/staging/project/")
    assert asked == []

    page.goto(address)
    page.locator("[name=name]").fill("Elm Street 7")
    page.goto("/admin/staging/project/")
    assert asked == ["beforeunload"]

    page.goto(address)
    page.locator("[name=name]").fill("Elm Street 7")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Elm Street 7").first).to_be_visible()
    assert asked == ["beforeunload"]


def test_the_price_follows_the_number_of_outputs(page: Page, operator: User) -> None:
    open_settings(page, ReplicateModel.objects.get(slug=QWEN))
    price = page.locator("[data-price-address]")
    expect(price).to_have_text("A typical photo: about $0.03.")

    page.get_by_label("Number of outputs", exact=True).fill("4")

    by_four = "A typical photo: about $0.12 by these settings, $0.03 as saved."
    expect(price).to_have_text(by_four)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_reset_is_undone(page: Page, operator: User, scheme: str, width: int) -> None:
    model = ReplicateModel.objects.get(slug=QWEN)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    open_settings(page, model)
    page.get_by_label("Output quality", exact=True).fill("55")
    page.get_by_role("button", name="Save revision").click()
    page.get_by_role("button", name="Reset Output quality").click()

    undo = page.get_by_role("button", name="Undo: back to revision 2")
    expect(undo).to_be_visible()
    assert violations_of(page, "reset-undo", scheme=scheme, width=width) is None
    undo.click()
    expect(page.get_by_text("Undone: revision 4 has the old values.")).to_be_visible()
    expect(page.get_by_label("Output quality", exact=True)).to_have_value("55")
