"""The Stage page as an operator and a stager use it: photos, styles, what it comes to, and once."""

import io
import re
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, resolve
from playwright.sync_api import Dialog, Page, expect
from pytest_django import Settings

from config import urls
from modelsettings.actors import Actor
from modelsettings.profiles import copy_profile
from modelsettings.settings import get_settings
from staging.batches import preparation
from staging.batches.requesting import request_batch
from staging.batches.sent import from_path
from staging.batches.telling import tell_owners
from staging.jobs.request import StagingRequest
from staging.models import Photo, Project, RoomType, SpendingLimit, StagingBatch, StagingJob
from staging.orders.placing import place
from tests.browser.conftest import sign_in
from tests.browser.pages import (
    SCHEMES,
    find_violations,
    press_through_to,
    set_look,
    violations_of,
    with_pictures,
)
from tests.conftest import make_photo
from tests.staging.batch_requests import make_photo_row
from tests.staging.conftest import QWEN
from tests.staging.finished import finish, staged
from tests.staging.orders.orders import order
from tests.staging.zips import DOS_FOLDER, Entry, decomposed, zip_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STAGE = "/admin/stage/"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two photos, and a ZIP of two, one of which is in a folder that is called like a room."""
    contents = {"hall.jpg": make_photo(), "garden.jpg": make_photo()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Bedroom/1.jpg", make_photo())
        archive.writestr("2.jpg", make_photo())
    contents["more.zip"] = packed.getvalue()
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in contents]


@pytest.fixture
def photo(operator: User) -> Photo:
    project = Project.objects.create(owner=operator, name="Elm Street 5")
    return with_pictures(staged(operator, project=project, name="kitchen.jpg")).photo


def end(page: Page) -> Any:
    return page.locator("#stage-forecast")


def test_page_says_what_it_comes_to_as_it_changes(page: Page, files: list[Path]) -> None:
    page.goto("/admin/")
    page.locator("#nav-sidebar").locator(f"a[href='{STAGE}']").click()
    expect(end(page)).to_contain_text("No photo is chosen yet. One photo comes to 1 picture")
    expect(page.locator("#stage-uses")).to_contain_text("Will use Qwen Image Edit")

    page.get_by_label("New photos").set_input_files(files)
    expect(end(page)).to_contain_text("4 pictures of 4 photos: Modern; about $0.12")
    page.get_by_label("Industrial").check()

    expect(end(page)).to_contain_text("8 pictures of 4 photos: Modern, Industrial; about $0.24")


def test_a_file_that_is_no_picture_says_so_and_is_not_counted(
    page: Page, files: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "notes.jpg"
    broken.write_bytes(b"These are words.")
    other = tmp_path / "phone.heic"
    other.write_bytes(b"A browser cannot tell.")
    page.goto(STAGE)

    page.get_by_label("New photos").set_input_files([files[0], broken, other])

    told = page.get_by_role("listitem").filter(has_text="This file cannot be read as a photo")
    expect(told).to_have_count(1)
    expect(told).to_contain_text("notes.jpg")
    expect(page.get_by_text("2 chosen")).to_contain_text("1 cannot be read, and is not counted.")
    expect(end(page)).to_contain_text("2 pictures of 2 photos: Modern; about $0.06")


def test_what_is_bought_stays_in_sight_on_a_phone(page: Page, files: list[Path]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(STAGE)
    page.get_by_label("New photos").set_input_files(files[0])

    expect(end(page)).to_contain_text("1 picture: Modern; about $0.03")
    expect(end(page).get_by_text("1 picture")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Stage", exact=True)).to_be_in_viewport()


def test_files_are_sent_and_lead_to_the_batch(page: Page, files: list[Path]) -> None:
    page.goto(STAGE)
    page.get_by_label("New photos").set_input_files(files)
    page.get_by_label("Room of garden.jpg").select_option(label="Outdoor")
    page.get_by_role("button", name="Take hall.jpg off").click()
    page.get_by_label("Industrial").check()
    page.locator("#id_room_type").select_option(label="Kitchen")
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("0 of 6 made, 6 in work")).to_be_visible()
    batch = StagingBatch.objects.get()
    assert (batch.styles, batch.model, batch.profile_name) == (["modern", "industrial"], None, "")
    assert list(batch.photos.values_list("name", "room_type")) == [
        ("garden.jpg", "outdoor"), ("2.jpg", "kitchen"), ("Bedroom/1.jpg", "bedroom"),
    ]  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house as a Mac packs it: decomposed names, what the system left, a phone's side files."""
    RoomType.objects.create(
        key="kueche", label="Küche", noun="a kitchen", furniture="A table.", position=90
    )
    names = [
        "Unit 101/01 Küche/IMG_10.jpg",
        "Unit 101/01 Küche/IMG_9.jpg",
        "Unit 102/Bedroom 2/IMG_9.jpg",
        "Unit 102/Séjour/IMG_1.jpg",
        "Unit 102/Séjour/IMG_2.jpg",
    ]
    entries = [
        Entry(b"Unit 101/", b"", attributes=DOS_FOLDER),
        Entry(b"Unit 101/.DS_Store"),
        *(Entry(decomposed(name), make_photo()) for name in names),
        *(Entry(b"__MACOSX/" + decomposed(name.replace("IMG", "._IMG"))) for name in names),
        *(Entry(decomposed(f"{name}.json")) for name in names),
        Entry(b"Unit 101/IMG_9.MOV"),
    ]
    path = tmp_path / "house.zip"
    path.write_bytes(zip_of(*entries).getvalue())
    return path


def test_a_zip_of_a_mac_says_what_is_in_it_before_it_is_sent(page: Page, house: Path) -> None:
    page.goto(STAGE)
    page.get_by_label("New photos").set_input_files(house)

    row = page.get_by_role("listitem").filter(has_text="house.zip")
    expect(row).to_contain_text("5 photos, ")
    expect(page.get_by_text("5 chosen, ")).to_be_visible()
    expect(end(page)).to_contain_text("5 pictures of 5 photos")
    told = page.locator("#stage-files")
    expect(told).to_contain_text("By their folders: Küche (2 photos), Bedroom (1 photo).")
    expect(told).to_contain_text(
        "No room was found for Unit 102/Séjour (2 photos). Staged as any room, unless you choose"
    )
    expect(told).to_contain_text("6 other files were passed over: 5 .json, 1 .mov.")
    page.get_by_label("Room of house.zip").select_option(label="Living room")
    expect(told).not_to_contain_text("No room was found")
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("0 of 5 made, 5 in work")).to_be_visible()
    expect(page.get_by_text("6 other files were passed over: 5 .json, 1 .mov.")).to_be_visible()
    batch = StagingBatch.objects.get()
    assert list(batch.photos.values_list("name", "room_type")) == [
        ("Unit 101/01 Küche/IMG_9.jpg", "kueche"),
        ("Unit 101/01 Küche/IMG_10.jpg", "kueche"),
        ("Unit 102/Bedroom 2/IMG_9.jpg", "bedroom"),
        ("Unit 102/Séjour/IMG_1.jpg", "living_room"),
        ("Unit 102/Séjour/IMG_2.jpg", "living_room"),
    ]


def test_a_zip_of_a_mac_is_told_in_every_light(page: Page, house: Path, operator: User) -> None:
    batch = request_batch(
        [from_path(house, name="Unit 102/Séjour/IMG_1.jpg")],
        StagingRequest(),
        owner=operator,
        project=Project.objects.unsorted_of(operator),
        passed_over={".json": 5, ".mov": 1},
    )
    photo = make_photo_row(operator)
    Photo.objects.update(original_name="Unit 102/Bedroom 2/IMG_9.jpg")
    for scheme in SCHEMES:
        # A page takes its theme when it is loaded.
        page.emulate_media(color_scheme=scheme)
        page.goto(STAGE)
        page.get_by_label("New photos").set_input_files(house)
        expect(page.locator("#stage-files")).to_contain_text("6 other files were passed over")
        for width in (390, 1440):
            assert violations_of(page, "zip", scheme=scheme, width=width) is None
        page.goto(f"/admin/staging/stagingbatch/{batch.pk}/change/")
        expect(page.get_by_text("No room was found for Unit 102/Séjour (1 photo).")).to_be_visible()
        for width in (390, 1440):
            assert violations_of(page, "zip-batch", scheme=scheme, width=width) is None
        page.goto(f"/admin/staging/project/{photo.project_id}/change/")
        expect(page.get_by_text("Unit 102/Bedroom 2/IMG_9.jpg, ")).to_be_visible()
        for width in (390, 1440):
            assert violations_of(page, "zip-project", scheme=scheme, width=width) is None


def test_chosen_photos_are_there_while_a_zip_is_read(page: Page, files: list[Path]) -> None:
    page.goto(STAGE)
    # A ZIP whose end is not read yet.
    page.evaluate("""() => {
        const slice = File.prototype.slice;
        window.go = new Promise((resolve) => { window.readOn = resolve; });
        File.prototype.slice = function (...range) {
            const part = slice.apply(this, range);
            const arrayBuffer = () => window.go.then(() => new Response(part).arrayBuffer());
            return Object.assign(part, { arrayBuffer });
        };
    }""")

    page.get_by_label("New photos").set_input_files([files[2], files[0], files[1]])

    expect(page.get_by_text("2 chosen, ")).to_be_visible()
    expect(end(page)).to_contain_text("2 pictures of 2 photos")
    page.evaluate("() => window.readOn()")
    expect(page.get_by_text("4 chosen, ")).to_be_visible()
    expect(end(page)).to_contain_text("4 pictures of 4 photos")


def test_what_is_missing_is_told_before_anything_is_sent(page: Page, files: list[Path]) -> None:
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    page.goto(STAGE)

    page.get_by_role("button", name="Stage", exact=True).click()
    expect(page.get_by_text("Choose photos: files, a ZIP")).to_be_visible()
    page.get_by_label("New photos").set_input_files(files)
    page.get_by_label("Modern").uncheck()
    expect(page.get_by_text("Choose at least one style.")).to_be_visible()
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("Choose at least one style.")).to_be_visible()
    expect(page.get_by_label("Modern")).to_be_focused()
    assert {url for url in sent if not url.endswith("/forecast/")} == set()
    page.get_by_label("Modern").check()
    expect(page.get_by_text("Choose at least one style.")).to_have_count(0)


def test_a_refused_form_keeps_the_files(page: Page, files: list[Path]) -> None:
    files[2].write_bytes(b"PK this is none")
    page.goto(STAGE)
    page.get_by_label("New photos").set_input_files(files)
    page.get_by_label("Your own words").fill("no plants")
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("not a ZIP that can be read")).to_be_visible()
    expect(page.get_by_text("Nothing was staged: see above.")).to_be_visible()
    page.get_by_role("button", name="Take more.zip off").click()
    expect(end(page)).to_contain_text("2 pictures of 2 photos")
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("0 of 2 made, 2 in work")).to_be_visible()
    batch = StagingBatch.objects.get()
    assert (batch.photos.count(), batch.prompt) == (2, "no plants")


def test_the_same_once_more_is_asked_about(page: Page, files: list[Path]) -> None:
    page.goto(STAGE)
    page.get_by_label("New photos").set_input_files(files)
    page.get_by_role("button", name="Stage", exact=True).click()
    expect(page.get_by_text("0 of 4 made, 4 in work")).to_be_visible()

    page.go_back()
    chooser = page.get_by_label("New photos")
    if not chooser.evaluate("input => input.files.length"):
        chooser.set_input_files(files)

    expect(end(page)).to_contain_text("You sent the same")
    expect(end(page).get_by_role("link", name=str(StagingBatch.objects.get()))).to_be_visible()
    page.get_by_role("button", name="Stage", exact=True).click()
    assert end(page).get_by_role("checkbox").evaluate("box => box.validity.valueMissing")
    end(page).get_by_role("checkbox").check()
    page.get_by_role("button", name="Stage", exact=True).click()
    expect(page.get_by_text("0 of 4 made, 4 in work")).to_be_visible()
    assert StagingBatch.objects.count() == 2


def test_a_photo_that_is_there_is_staged_again_from_its_page(page: Page, photo: Photo) -> None:
    page.goto(f"/admin/staging/photo/{photo.pk}/change/")
    page.get_by_role("link", name="Stage this photo again").click()
    expect(page.get_by_role("list", name="Chosen photos")).to_contain_text("kitchen.jpg")
    expect(end(page)).to_contain_text("1 picture: Modern; about")

    page.get_by_label("Industrial").check()
    page.get_by_label("Modern").uncheck()
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("Its picture appears on this page.")).to_be_visible()
    job = StagingJob.objects.exclude(status="succeeded").get()
    assert (job.photo, job.project.name, job.style) == (photo, "Elm Street 5", "industrial")


def test_photos_that_are_there_are_found_and_ticked(page: Page, photo: Photo) -> None:
    page.goto(STAGE)
    page.get_by_text("Photos that are there already").click()
    page.get_by_role("searchbox", name="Search").last.fill("elm")
    tick = page.get_by_role("checkbox", name="kitchen.jpg, Elm Street 5")
    tick.check()
    expect(page.get_by_text("1 chosen.")).to_be_visible()
    page.get_by_role("button", name="Take kitchen.jpg off").click()
    expect(tick).not_to_be_checked()
    tick.check()
    page.get_by_label("Room of kitchen.jpg").select_option(label="Kitchen")
    page.get_by_label("Industrial").check()
    expect(end(page)).to_contain_text("2 pictures: Modern, Industrial; about")

    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("0 of 2 made, 2 in work")).to_be_visible()
    batch = StagingBatch.objects.get()
    assert list(batch.photos.values_list("photo", "room_type")) == [(photo.pk, "kitchen")]


def test_only_profiles_of_the_chosen_model_are_offered(page: Page) -> None:
    stored = get_settings(QWEN)
    copy_profile(stored.pk, "fast", by=Actor.system("test"))
    page.goto(STAGE)
    profile = page.locator("#id_profile")
    first = page.locator("#id_profile > option")
    expect(page.locator("#id_model > option").first).to_have_text("As it is set: Qwen Image Edit")
    expect(first).to_have_text("As it is set: Standard")
    expect(profile.locator("optgroup")).to_have_count(1)
    expect(profile.locator("optgroup option")).to_have_text([re.compile("Sta"), re.compile("fast")])

    profile.select_option(label="fast, about $0.03 a picture")
    expect(page.locator("#stage-uses")).to_contain_text("profile fast, revision 1")
    page.locator("#id_model").select_option("bytedance/seedream-4")

    expect(profile).to_have_value("")
    expect(page.locator("#stage-uses")).to_contain_text("Will use Seedream 4, profile Standard")
    expect(profile.locator("optgroup")).to_have_attribute("label", "Seedream 4")


def test_settings_lead_here_with_their_profile(page: Page) -> None:
    stored = get_settings("bytedance/seedream-4")
    page.goto(f"/admin/modelsettings/modelsettings/{stored.pk}/change/")
    page.get_by_role("link", name="Stage with this profile").click()

    expect(page.locator("#id_model")).to_have_value("bytedance/seedream-4")
    expect(page.locator("#id_profile")).to_have_value("bytedance/seedream-4:default")


def test_what_the_limits_leave_is_told_before_the_button(
    page: Page, operator: User, files: list[Path]
) -> None:
    project = Project.objects.create(owner=operator, name="Elm Street 5")
    SpendingLimit.objects.create(project=project, period="day", usd=Decimal("0.10"))
    page.goto(f"{STAGE}?project={project.pk}")
    expect(end(page)).to_contain_text("It fits: Elm Street 5 has $0.10 left today.")

    page.get_by_label("New photos").set_input_files(files)

    expect(end(page)).to_contain_text("It does not fit: Elm Street 5 has $0.10 left today.")
    expect(end(page)).to_contain_text("waits for budget")


def test_a_lost_connection_and_an_ended_session_keep_everything(
    own_page: Page, operator: User, files: list[Path]
) -> None:
    page = own_page
    page.goto(STAGE)
    page.get_by_label("New photos").set_input_files(files)
    expect(end(page)).to_contain_text("4 pictures")
    page.context.set_offline(True)
    page.get_by_role("button", name="Stage", exact=True).click()
    expect(page.get_by_text("Restage cannot be reached, so nothing was sent.")).to_be_visible()
    page.context.set_offline(False)

    page.context.clear_cookies()
    page.get_by_role("button", name="Stage", exact=True).click()
    expect(page.get_by_text("You are signed out, so nothing was sent.")).to_be_visible()
    sign_in(page.context, page.url.partition("/admin")[0], user=operator)
    expect(page.get_by_text("You are signed in again.")).to_be_visible()
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("0 of 4 made, 4 in work")).to_be_visible()


def lose_the_answer(request: HttpRequest) -> HttpResponseBase:
    """Place an order as the site does, and answer as a gateway that gave up waiting."""
    answer = resolve(STAGE, urlconf="config.urls").func(request)
    return HttpResponse(status=504) if request.method == "POST" else answer


# As the addresses of a site behind such a gateway.
handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500
urlpatterns = [path(STAGE.lstrip("/"), lose_the_answer), *urls.urlpatterns]


def test_an_order_whose_answer_is_lost_is_not_denied(
    page: Page, files: list[Path], settings: Settings
) -> None:
    page.goto(STAGE)
    page.get_by_label("New photos").set_input_files(files)
    expect(end(page)).to_contain_text("4 pictures")
    settings.ROOT_URLCONF = __name__
    page.get_by_role("button", name="Stage", exact=True).click()
    expect(page.get_by_text("It is not known whether your photos were staged.")).to_be_visible()

    settings.ROOT_URLCONF = "config.urls"
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(end(page)).to_contain_text("You sent the same")
    assert StagingBatch.objects.count() == 1


def test_page_that_could_not_send_asks_before_it_is_left(page: Page, files: list[Path]) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto(STAGE)
    page.get_by_label("New photos").set_input_files(files)
    page.get_by_label("Industrial").check()
    page.route(f"**{STAGE}", lambda route: route.abort("connectionreset"))
    page.get_by_role("button", name="Stage", exact=True).click()
    expect(page.get_by_text("It is not known whether your photos were staged.")).to_be_visible()

    page.goto("/admin/staging/project/")

    assert asked == ["beforeunload"]


def test_photos_are_staged_by_keyboard_alone(page: Page, files: list[Path]) -> None:
    page.goto(STAGE)
    page.locator("#content-main").press("Tab")
    # The system's own file dialog is no page.
    page.get_by_label("New photos").set_input_files(files[0])
    press_through_to(page, "Take hall.jpg off")
    press_through_to(page, "Industrial")
    page.keyboard.press("Space")
    press_through_to(page, "Stage")
    page.keyboard.press("Enter")

    expect(page.get_by_text("0 of 2 made, 2 in work")).to_be_visible()


def test_empty_form_has_no_violation(page: Page, photo: Photo) -> None:
    assert find_violations(page, [STAGE]) == {}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [390, 1440])
def test_no_accessibility_violation(
    page: Page, photo: Photo, files: list[Path], scheme: Any, width: int
) -> None:
    set_look(page, scheme=scheme, width=width)
    page.goto(f"{STAGE}?photo={photo.pk}")
    page.get_by_label("New photos").set_input_files(files)
    page.get_by_text("Photos that are there already").click()
    expect(page.get_by_role("checkbox", name="kitchen.jpg, Elm Street 5")).to_be_visible()
    page.get_by_label("Modern").uncheck()
    expect(page.get_by_text("Choose at least one style.")).to_be_visible()
    assert violations_of(page, "stage-filled", scheme=scheme, width=width) is None
    page.get_by_label("Modern").check()
    expect(end(page)).to_contain_text("5 pictures")
    assert violations_of(page, "stage-counted", scheme=scheme, width=width) is None


def test_a_batch_that_is_done_is_told_on_another_page(
    page: Page, operator: User, sandbox_url: str, settings: Settings
) -> None:
    settings.REPLICATE_BASE_URL = sandbox_url
    batch = place(order(operator, "1.jpg", "2.jpg"), by=operator, token="1")
    while preparation.prepare_waiting():
        pass
    for job in StagingJob.objects.all():
        finish(job)
    tell_owners()

    told = page.locator("#restage-done")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.goto("/admin/staging/project/")
        expect(told).to_contain_text(f"{batch} in Unsorted is done: 2 of 2 made.")
        for width in (390, 1440):
            found = violations_of(page, "done", scheme=scheme, width=width, part="#restage-done")
            assert found is None
    told.get_by_role("button", name="Look at it").click()

    expect(page.get_by_role("heading", name=str(batch)).first).to_be_visible()
    page.goto("/admin/staging/project/")
    expect(page.locator("#restage-done")).to_have_attribute("role", "status")
    expect(page.locator("#restage-done")).not_to_contain_text("is done")
