"""Many photos at once as an operator stages them: the form, and the page that fills itself."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from staging.batches import preparation
from staging.batches.requesting import request_batch
from staging.batches.sent import from_path
from staging.jobs.request import StagingRequest
from staging.models import Prediction, Project, StagingBatch, StagingJob
from staging.models.job import UNFINISHED
from staging.predictions import collection, polling, submission
from tests import processes
from tests.conftest import make_photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/staging/stagingbatch/"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two photos, one of them broken, and a ZIP of one."""
    contents = {"hall.jpg": make_photo(), "broken.jpg": make_photo()[:800]}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Bedroom/1.jpg", make_photo())
    contents["more.zip"] = packed.getvalue()
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in contents]


@pytest.fixture
def batch(operator: User, files: list[Path], sandbox_url: str, settings: Settings) -> StagingBatch:
    settings.REPLICATE_BASE_URL = sandbox_url
    sent = [from_path(path, name=path.name) for path in files[:2]]
    project = Project.objects.unsorted_of(operator)
    return request_batch(
        sent, StagingRequest(), owner=operator, project=project, styles=["modern", "industrial"]
    )


def work_off() -> None:
    """Do what the workers do, until nothing is left to do."""
    while preparation.prepare_waiting():
        pass
    processes.wait_for(_all_collected)


def _all_collected() -> bool:
    submission.submit_waiting()
    Prediction.objects.filter(status__in=UNFINISHED).update(run_after=timezone.now())
    polling.poll_running()
    collection.collect_waiting()
    return not StagingJob.objects.filter(status__in=UNFINISHED).exists()


def test_files_and_a_zip_are_staged_from_the_form(
    page: Page, files: list[Path], sandbox_url: str, settings: Settings
) -> None:
    settings.REPLICATE_BASE_URL = sandbox_url
    page.goto(LIST)
    page.get_by_role("link", name="Stage photos").last.click()

    page.get_by_label("New photos").set_input_files(files)
    expect(page.get_by_text("2 chosen, 5 KB to send. 1 cannot be read")).to_be_visible()
    page.get_by_label("Industrial").check()
    page.locator("#id_room_type").select_option(label="Kitchen")
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("0 of 6 made, 6 in work")).to_be_visible()
    batch = StagingBatch.objects.get()
    assert batch.styles == ["modern", "industrial"]
    assert list(batch.photos.values_list("name", "room_type")) == [
        ("hall.jpg", "kitchen"), ("broken.jpg", "kitchen"), ("Bedroom/1.jpg", "bedroom"),
    ]  # fmt: skip

    work_off()

    # Nobody loads the page again: it does so itself while anything is left to do.
    expect(page.get_by_text("4 of 6 made, 2 not made")).to_be_visible()
    expect(page.get_by_role("heading", name="ended, 2 of 6 not made")).to_be_visible()
    expect(page.get_by_alt_text("After: Bedroom/1.jpg, Industrial")).to_be_visible()
    expect(page.get_by_alt_text("Before: hall.jpg")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("broken.jpg: This photo is damaged")
    expect(page.get_by_text("1 photo refused, 4 jobs succeeded")).to_be_visible()


def test_too_many_files_are_told_before_they_are_sent(page: Page, tmp_path: Path) -> None:
    many = [tmp_path / f"{number}.jpg" for number in range(201)]
    for path in many:
        path.write_bytes(b"x")
    page.goto("/admin/stage/")
    chooser = page.get_by_label("New photos")

    chooser.set_input_files(many)
    page.get_by_role("button", name="Stage", exact=True).click()

    told = chooser.evaluate("(input) => input.validationMessage")
    assert told == "These are 201 photos: choose at most 200."
    assert page.url.endswith("/stage/")


def test_the_list_shows_how_far_each_is(page: Page, batch: StagingBatch) -> None:
    work_off()

    page.goto(LIST)

    row = page.get_by_role("row", name=str(batch))
    expect(row).to_contain_text("2 photos")
    expect(row).to_contain_text("2 of 4 made, 2 not made")


def test_refused_photo_is_replaced(page: Page, batch: StagingBatch, tmp_path: Path) -> None:
    work_off()
    good = tmp_path / "good.jpg"
    good.write_bytes(make_photo())
    page.goto(f"{LIST}{batch.pk}/change/")

    page.get_by_role("alert").get_by_role("link", name="broken.jpg").click()
    page.get_by_label("A photo in the place of broken.jpg").set_input_files(good)
    page.get_by_role("button", name="Replace this photo").click()

    expect(page.get_by_text("broken.jpg is replaced, and staged like the other")).to_be_visible()
    expect(page.get_by_text("2 of 4 made, 2 in work")).to_be_visible()
    work_off()
    expect(page.get_by_text("4 of 4 made")).to_be_visible()
    expect(page.get_by_role("heading", name=f"{batch}: done")).to_be_visible()
    expect(page.get_by_alt_text("After: good.jpg, Industrial")).to_be_visible()


def test_bar_shows_what_is_in_work_beside_what_is_not_made(page: Page, batch: StagingBatch) -> None:
    while preparation.prepare_waiting():
        pass

    page.goto(f"{LIST}{batch.pk}/change/")

    expect(page.get_by_text("0 of 4 made, 2 not made, 2 in work")).to_be_visible()
    made, in_work, not_made = page.eval_on_selector_all(
        ".restage-made i",
        "(all) => all.map((part) => [part.clientWidth, getComputedStyle(part).backgroundImage])",
    )
    assert (made[0], in_work[0] > 0, in_work[0] == not_made[0]) == (0, True, True)
    assert in_work[1] != "none"
    expect(page.get_by_role("alert")).to_contain_text("1 of 2 photos are there.")


def test_chosen_replacement_stays_while_the_page_draws_itself_anew(
    page: Page, batch: StagingBatch, tmp_path: Path
) -> None:
    while preparation.prepare_waiting():
        pass
    good = tmp_path / "good.jpg"
    good.write_bytes(make_photo())
    page.goto(f"{LIST}{batch.pk}/change/")
    chooser = page.get_by_label("A photo in the place of broken.jpg")
    chooser.set_input_files(good)
    title = page.get_by_role("heading", name="in work").element_handle()

    page.wait_for_function("(element) => !element.isConnected", arg=title)

    assert chooser.evaluate("(input) => input.files.length") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(page: Page, batch: StagingBatch, scheme: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    here = f"{LIST}{batch.pk}/change/"
    found: dict[str, list[tuple[str, str]]] = {}
    for name, address in (("live", here), ("list", LIST), ("done", here)):
        if name == "done":
            work_off()
        page.goto(address)
        options = {"runOnly": ["wcag2a", "wcag2aa"]}
        context = "#changelist" if name == "list" else "#content-main"
        told = Axe().run(page, context=context, options=options).response["violations"]
        found[name] = [(one["id"], one["nodes"][0]["html"]) for one in told]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    assert found == {"live": [], "list": [], "done": []}
