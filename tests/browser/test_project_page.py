"""A project as an operator works with it: made, shared, its photos, its pictures as a ZIP."""

import zipfile

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from staging.models import Project, ProjectMember
from tests.browser.pages import find_violations, violations_of, with_pictures
from tests.staging.finished import staged

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/staging/project/"


@pytest.fixture
def project(operator: User) -> Project:
    """A project with one photo that was staged."""
    made = Project.objects.create(owner=operator, name="Elm Street 5")
    with_pictures(staged(operator, project=made))
    return made


def test_make_a_project_and_let_somebody_in(page: Page, stranger: User) -> None:
    page.goto(f"{LIST}add/")
    page.get_by_label("Name").fill("Oak Avenue 1")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.locator("[name=members-0-user]").fill("sam")
    page.get_by_role("button", name="Save and continue editing").click()

    expect(page.get_by_text("was changed successfully")).to_be_visible()
    expect(page.locator("[name=members-0-user]")).to_have_value("sam")
    project = Project.objects.get(name="Oak Avenue 1")
    assert (project.owner.username, ProjectMember.objects.get().user) == ("olga", stranger)


def test_project_names_its_model_and_profile(page: Page, project: Project) -> None:
    page.goto(f"{LIST}{project.pk}/change/")
    page.locator("select[name=model]").select_option(label="Seedream 4", force=True)
    page.locator("select[name=profile]").select_option(label="Seedream 4: Standard", force=True)
    page.get_by_role("button", name="Save and continue editing").click()

    expect(page.get_by_text("was changed successfully")).to_be_visible()
    project.refresh_from_db()
    assert str(project.profile and project.profile.model) == "Seedream 4"
    assert project.model == (project.profile and project.profile.model)


def test_member_is_let_edit(page: Page, project: Project, stranger: User) -> None:
    ProjectMember.objects.create(project=project, user=stranger)
    page.goto(f"{LIST}{project.pk}/change/")
    page.get_by_label("May edit").first.check()
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert ProjectMember.objects.get().may_edit


def test_page_leads_to_photos_and_their_download(page: Page, project: Project) -> None:
    page.goto(f"{LIST}{project.pk}/change/")
    expect(page.get_by_text("$0.03")).to_be_visible()

    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download all pictures").click()
    with zipfile.ZipFile(downloading.value.path()) as zipped:
        names = zipped.namelist()
    page.get_by_alt_text("IMG_2041.jpg").click()

    assert downloading.value.suggested_filename == "Elm Street 5.zip"
    assert names == ["Elm Street 5/IMG_2041 - bedroom, modern.webp"]
    expect(page.get_by_role("heading", name="IMG_2041.jpg")).to_be_visible()


def test_download_of_the_accepted_is_offered_where_there_are_some(
    page: Page, project: Project
) -> None:
    page.goto(f"{LIST}{project.pk}/change/")

    expect(page.get_by_role("link", name="Download all pictures")).to_be_visible()
    expect(page.get_by_role("link", name="Download the accepted ones")).to_have_count(0)


def test_delete_says_what_goes(page: Page, project: Project) -> None:
    page.goto(f"{LIST}{project.pk}/delete/")
    expect(page.get_by_text("1 photos")).to_be_visible()

    page.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("Deleted: 1.")).to_be_visible()
    assert not Project.objects.filter(pk=project.pk).exists()


def test_no_accessibility_violation(page: Page, project: Project) -> None:
    pages = [LIST, f"{LIST}{project.pk}/change/", f"{LIST}add/", f"{LIST}{project.pk}/delete/"]
    assert find_violations(page, pages) == {}


def test_a_second_project_of_one_name_is_hinted_at(page: Page, operator: User) -> None:
    Project.objects.create(owner=operator, name="12 Elm Street")
    page.goto(f"{LIST}add/")
    page.get_by_label("Name").fill("12 elm street")
    page.get_by_role("button", name="Save", exact=True).click()

    told = page.get_by_text("There is a project of this name already")
    expect(told.get_by_role("link", name="12 Elm Street")).to_be_visible()
    assert violations_of(page, "namesake", scheme="light", width=390) is None
    assert violations_of(page, "namesake", scheme="light", width=1440) is None
    page.get_by_label("Make a second project of this name").check()
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert Project.objects.filter(name__iexact="12 elm street").count() == 2
