"""The page of cost and time as an operator uses it: light and dark, wide and narrow."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from staging.projects import create_project
from tests.staging.conftest import FLUX
from tests.staging.finished import make_usage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/staging/dailyusage/"


@pytest.fixture
def spent(operator: User) -> None:
    """Two projects' pictures of today and of 40 days ago."""
    today = timezone.localdate()
    elm = create_project("Elm Street 5", owner=operator)
    oak = create_project("Oak Lane 1 with a very long name indeed", owner=operator)
    make_usage(elm, day=today, succeeded=4, failed=1, pictures=4, cost="0.12", ran=[9, 10, 10, 90])
    make_usage(oak, day=today, model=FLUX, succeeded=2, unpriced=2, pictures=2, ran=[15, 15])
    make_usage(elm, day=today - timedelta(days=40), succeeded=1, pictures=1, cost="0.03")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_page_fits_and_has_no_violation(page: Page, spent: None, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})

    for by in ("day", "project", "account"):
        page.goto(f"{PAGE}?by={by}")
        expect(page.locator("#content-main canvas")).to_have_count(2)
        found = Axe().run(page, context="#content-main")
        assert found.response["violations"] == [], found.generate_report()
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0


def test_charts_are_drawn(page: Page, spent: None) -> None:
    page.goto(f"{PAGE}?by=project")

    bars = page.evaluate(
        "[...document.querySelectorAll('canvas')].map(c => Chart.getChart(c).data.datasets[0].data)"
    )

    assert bars == [[0.12, 0], [10, 15]]


def test_choose_tab_period_and_own_dates(page: Page, spent: None) -> None:
    page.goto(PAGE)
    table = page.locator(".usage-table")

    page.get_by_role("link", name="By project").click()
    expect(table.get_by_role("row", name="Elm Street 5")).to_contain_text("$0.12")
    expect(table.get_by_role("row", name="Oak Lane 1")).to_contain_text("unknown")
    page.get_by_role("link", name="90 days").click()
    expect(table.get_by_role("row", name="Elm Street 5")).to_contain_text("$0.15")
    today = timezone.localdate()
    page.get_by_label("From", exact=True).fill(str(today - timedelta(days=50)))
    page.get_by_label("To", exact=True).fill(str(today - timedelta(days=30)))
    page.keyboard.press("Enter")
    expect(table.get_by_role("row", name="Elm Street 5")).to_contain_text("$0.03")
    expect(page.get_by_role("link", name="By project")).to_have_attribute("aria-current", "page")


def test_download_the_table(page: Page, spent: None, tmp_path: Path) -> None:
    page.goto(f"{PAGE}?by=project&period=90")

    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download as CSV").click()
    file = tmp_path / "usage.csv"
    downloading.value.save_as(file)

    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["label"], row["pictures"], row["cost"]) for row in rows] == [
        ("Elm Street 5", "5", "0.150000"),
        ("Oak Lane 1 with a very long name indeed", "2", "0.000000"),
        ("Total", "7", "0.150000"),
    ]
