"""Asking somebody into a project where clients are strangers, and answering it."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django import Settings

from staging.invitations import invite
from staging.models import Invitation, Project, ProjectMember
from staging.projects import create_project
from tests.browser.pages import find_violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/staging/invitation/"


@pytest.fixture(autouse=True)
def _strangers(settings: Settings) -> None:
    settings.CLIENTS_ARE_STRANGERS = True


@pytest.fixture
def asked(operator: User, stranger: User) -> Project:
    """A project of another's, into which the operator is asked."""
    project = create_project("Oak Avenue 1", owner=stranger)
    invite(project, operator.get_username(), may_edit=True)
    return project


def page_of(project: Project) -> str:
    return f"/admin/staging/project/{project.pk}/change/"


def test_name_is_asked_and_taken_back(page: Page, operator: User) -> None:
    project = create_project("Elm Street 5", owner=operator)
    page.goto(page_of(project))

    page.locator("[name=invitations-0-username]").fill("zoe")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_role("row", name="zoe").last).to_contain_text("now")
    assert Invitation.objects.get().user is None

    # Unfold's cross is the label of a box that it hides.
    page.locator("label:has([name=invitations-0-DELETE])").click()
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_role("row", name="zoe")).to_have_count(0)
    assert not Invitation.objects.exists()


def test_invitation_is_found_and_accepted(page: Page, asked: Project, operator: User) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name="Invitations 1").click()
    expect(page.get_by_text("sam asks you to work in this project")).to_be_visible()

    page.get_by_role("button", name="Accept").click()

    expect(page.get_by_text("You are a member of Oak Avenue 1 now.")).to_be_visible()
    expect(page.get_by_text("No invitation waits for you")).to_be_visible()
    assert ProjectMember.objects.get(project=asked).user == operator


def test_invitation_is_declined(page: Page, asked: Project) -> None:
    page.goto(LIST)

    page.get_by_role("button", name="Decline").click()

    expect(page.get_by_text("Declined: Oak Avenue 1. Its owner is not told.")).to_be_visible()
    assert not ProjectMember.objects.exists()


def test_no_accessibility_violation(
    page: Page, asked: Project, operator: User, stranger: User
) -> None:
    own = create_project("Elm Street 5", owner=operator)
    ProjectMember.objects.create(project=own, user=stranger)
    invite(own, "zoe", may_edit=False)

    assert find_violations(page, [LIST, page_of(own)]) == {}
    Invitation.objects.all().delete()
    assert find_violations(page, [LIST]) == {}
