"""The admin as a Judge, a Stager and an Administrator see it, and an account's page."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import BrowserContext, FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from staging.models import (
    Period,
    Project,
    ProjectMember,
    SpendingLimit,
    StagedImage,
    StagingBatch,
    StagingJob,
)
from tests.browser.conftest import signed_in
from tests.browser.pages import find_violations, with_pictures
from tests.conftest import make_photo
from tests.staging.finished import staged

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Enter = Callable[..., Page]


@pytest.fixture
def enter(window: BrowserContext, live_server: LiveServer) -> Iterator[Enter]:
    """Return what makes an account with a role, and opens a page on which it is logged in."""
    with ExitStack() as stack:

        def enter(role: str, *, project: Project | None = None, may_edit: bool = False) -> Page:
            user = User.objects.create_user("mia", is_staff=True)
            user.groups.add(Group.objects.get(role__key=role))
            if project:
                ProjectMember.objects.create(project=project, user=user, may_edit=may_edit)
            return stack.enter_context(signed_in(window, live_server.url, user=user))

        yield enter


@pytest.fixture
def project(operator: User) -> Project:
    """A project with a fresh picture, beside the work of others."""
    made = Project.objects.create(owner=operator, name="Elm Street 5")
    with_pictures(staged(operator, project=made, name="front.jpg"))
    with_pictures(staged(operator, name="secret.jpg"))
    return made


def menu(page: Page) -> list[str]:
    links = page.locator("#nav-sidebar a").all_inner_texts()
    return [link.strip().splitlines()[-1] for link in links if link.strip()]


def test_judge_judges_and_downloads(enter: Enter, project: Project, tmp_path: Any) -> None:
    page = enter("Judge", project=project)
    page.goto("/admin/")
    expect(page.get_by_text("To judge")).to_be_visible()
    page.get_by_role("link", name="Judge them, the oldest first").click()
    expect(page.locator("#restage-waiting")).to_contain_text("1 picture waits")

    page.keyboard.press("a")

    expect(page.get_by_role("heading", name="All judged")).to_be_visible()
    image = StagedImage.objects.get(prediction__job__project=project)
    assert image.verdict == "accepted"
    page.goto(f"/admin/staging/project/{project.pk}/change/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the accepted ones").click()
    with zipfile.ZipFile(download.value.path()) as pictures:
        assert len(pictures.namelist()) == 1


def test_judge_sees_no_other_project_and_no_button(enter: Enter, project: Project) -> None:
    page = enter("Judge", project=project)
    page.goto("/admin/staging/photo/")

    assert {"Jobs", "Judge", "Projects"} <= set(menu(page))
    assert {"Users", "Models", "Spending limits", "Shares", "Cost and time"} & set(menu(page)) == (
        set()
    )
    expect(page.get_by_text("front.jpg")).to_be_visible()
    expect(page.get_by_text("secret.jpg")).to_have_count(0)
    job = StagingJob.objects.get(project=project)
    page.goto(f"/admin/staging/stagingjob/{job.pk}/change/")
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    for name in ("Repeat exactly", "Retry with a new start value", "Delete"):
        expect(page.get_by_text(name)).to_have_count(0)


def test_judge_without_a_project_reads_what_to_do(enter: Enter) -> None:
    page = enter("Judge")
    page.goto("/admin/")

    expect(page.get_by_text("You are in no project yet.")).to_be_visible()
    expect(page.get_by_text("mia", exact=True).first).to_be_visible()


def test_stager_stages_in_their_project_within_its_limit(enter: Enter, project: Project) -> None:
    SpendingLimit.objects.create(project=project, period=Period.DAY, usd=Decimal(50))
    page = enter("Stager", project=project, may_edit=True)
    page.goto("/admin/stage/")
    photos: list[FilePayload] = [
        {"name": name, "mimeType": "image/jpeg", "buffer": make_photo()}
        for name in ("hall.jpg", "bath.jpg")
    ]
    page.get_by_label("New photos").set_input_files(photos)
    page.locator(".select2-selection").click()
    page.get_by_role("option", name="Elm Street 5").click()
    expect(page.locator("#stage-forecast")).to_contain_text("It fits.")
    page.get_by_role("button", name="Stage", exact=True).click()

    expect(page.get_by_text("Staging has begun.")).to_be_visible()
    batch = StagingBatch.objects.get()
    assert (batch.project, batch.owner.username) == (project, "mia")


def test_stager_may_not_stage_where_they_only_see(enter: Enter, project: Project) -> None:
    page = enter("Stager", project=project)
    photo = project.photos.get()

    page.goto(f"/admin/staging/photo/{photo.pk}/change/")

    expect(page.get_by_text("before", exact=False).first).to_be_visible()
    expect(page.get_by_text("Stage this photo")).to_have_count(0)


def test_administrator_gives_a_role(enter: Enter, stranger: User) -> None:
    page = enter("Administrator")
    page.goto(f"/admin/auth/user/{stranger.pk}/change/")
    expect(page.get_by_text("is_superuser")).to_have_count(0)

    page.get_by_label("Judge: judges").check()
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was changed successfully")).to_be_visible()
    stranger.refresh_from_db()
    assert (stranger.is_staff, [group.name for group in stranger.groups.all()]) == (True, ["Judge"])


@pytest.mark.parametrize("role", ["Judge", "Stager"])
def test_pages_of_a_role_are_accessible(enter: Enter, project: Project, role: str) -> None:
    job = StagingJob.objects.get(project=project)
    page = enter(role, project=project, may_edit=role == "Stager")

    addresses = [
        "/admin/",
        "/admin/staging/stagingjob/",
        f"/admin/staging/stagingjob/{job.pk}/change/",
        f"/admin/staging/project/{project.pk}/change/",
        f"/admin/staging/photo/{job.photo_id}/change/",
        "/admin/staging/stagedimage/",
    ]
    assert find_violations(page, addresses) == {}


def test_account_and_role_pages_are_accessible(enter: Enter, stranger: User) -> None:
    page = enter("Administrator")
    group = Group.objects.get(role__key="Judge")

    addresses = [f"/admin/auth/user/{stranger.pk}/change/", f"/admin/auth/group/{group.pk}/change/"]
    assert find_violations(page, addresses) == {}
