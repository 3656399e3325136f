"""The admin's pages of projects: photos, people, cost, and what goes when one is deleted."""

import io
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from staging.models import Photo, Project, ProjectMember, StagedImage
from tests.staging.finished import finish, stage, staged

LIST = "/admin/staging/project/"
PAGE_QUERIES = 18


def page_of(project: Project) -> str:
    return f"{LIST}{project.pk}/change/"


@pytest.fixture
def project(operator: User) -> Project:
    """A project of the operator's with one finished job."""
    made = Project.objects.create(owner=operator, name="Elm Street 5")
    staged(operator, project=made)
    return made


def filled(project: Project, *members: dict[str, Any], **changed: str) -> dict[str, Any]:
    """Return the project's form as a browser sends it."""
    rows = {
        f"members-{number}-{name}": value
        for number, member in enumerate(members)
        for name, value in member.items()
    }
    kept = sum("id" in member for member in members)
    return {
        "name": project.name, "owner": project.owner.username, "model": "", "profile": "",
        "members-TOTAL_FORMS": len(members), "members-INITIAL_FORMS": kept, **rows, **changed,
    }  # fmt: skip


def test_page_shows_photos_cost_and_time(admin_page: Client, project: Project) -> None:
    page = admin_page.get(page_of(project))

    text = page.content.decode()
    assert str(Photo.objects.get().pk) in text
    assert "$0.03" in text
    assert page.context["used"]["pictures"] == 1


def test_empty_list_says_what_a_project_is(admin_page: Client) -> None:
    page = admin_page.get(LIST).content.decode()

    assert "No project yet" in page
    assert f'href="{LIST}add/"' in page


@pytest.mark.parametrize("count", [1, 5])
def test_page_asks_the_database_a_fixed_number_of_times(
    admin_page: Client, operator: User, count: int, django_assert_num_queries: Any
) -> None:
    project = Project.objects.create(owner=operator, name="Elm Street 5")
    for number in range(count):
        staged(operator, project=project)
        member = User.objects.create_user(f"member {number}")
        ProjectMember.objects.create(project=project, user=member)

    with django_assert_num_queries(PAGE_QUERIES):
        admin_page.get(page_of(project))


def test_add_makes_a_project_for_somebody(admin_page: Client, stranger: User) -> None:
    shown = admin_page.get(f"{LIST}add/").content.decode()
    admin_page.post(f"{LIST}add/", {"name": "Oak 1", "owner": "sam", "model": "", "profile": ""})

    assert 'value="olga"' in shown
    assert Project.objects.get(name="Oak 1").owner == stranger


def test_members_are_named_and_leave(admin_page: Client, project: Project, stranger: User) -> None:
    admin_page.post(page_of(project), filled(project, {"user": "sam", "may_edit": "on"}))
    member = ProjectMember.objects.get()
    named = (member.user, member.may_edit)
    admin_page.post(
        page_of(project), filled(project, {"id": member.pk, "user": "sam", "DELETE": "on"})
    )

    assert named == (stranger, True)
    assert not ProjectMember.objects.exists()


@pytest.mark.parametrize("name", ["nobody", "olga"])
def test_members_that_cannot_be_are_refused(
    admin_page: Client, project: Project, name: str
) -> None:
    answer = admin_page.post(page_of(project), filled(project, {"user": name}))

    assert answer.status_code == 200
    assert not ProjectMember.objects.exists()


def test_unsorted_keeps_its_name_and_is_its_owners_alone(
    admin_page: Client, operator: User
) -> None:
    unsorted = Project.objects.unsorted_of(operator)

    page = admin_page.get(page_of(unsorted)).content.decode()
    admin_page.post(page_of(unsorted), filled(unsorted, name="Mine", owner="olga"))

    assert "members-TOTAL_FORMS" not in page
    unsorted.refresh_from_db()
    assert unsorted.name == "Unsorted"
    assert admin_page.get(f"{LIST}{unsorted.pk}/delete/").status_code == 403


@pytest.mark.parametrize(("query", "count"), [("", 2), ("?verdict=accepted", 1)])
def test_download_of_all_and_of_the_accepted(
    admin_page: Client, operator: User, project: Project, query: str, count: int
) -> None:
    finish(stage(operator, photo=Photo.objects.get()))
    StagedImage.objects.filter(pk=StagedImage.objects.all()[0].pk).update(verdict="accepted")

    answer: Any = admin_page.get(f"{LIST}{project.pk}/pictures.zip{query}")

    zipped = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert len(zipped.namelist()) == count


def test_delete_says_what_goes_and_deletes(admin_page: Client, project: Project) -> None:
    address = f"{LIST}{project.pk}/delete/"

    asked = admin_page.get(address).content.decode()
    admin_page.post(address, {"post": "yes"})

    goes = ["1 photos", "1 jobs", "1 pictures, with their files"]
    assert [one for one in goes if one in asked] == goes
    assert not Project.objects.filter(pk=project.pk).exists()
    assert not Photo.objects.exists()


@pytest.mark.parametrize("term", ["elm", "OLGA"])
def test_list_finds_by_name_and_owner(admin_page: Client, project: Project, term: str) -> None:
    found = admin_page.get(f"{LIST}?q={term}").context["cl"].result_list

    assert list(found) == [project]


@pytest.mark.parametrize("permission", ["", "view_project"])
def test_who_may_not_change_nothing(
    client: Client, stranger: User, project: Project, permission: str
) -> None:
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(
        Permission.objects.filter(codename__in=[permission, "all_projects"])
    )
    client.force_login(stranger)

    look = client.get(page_of(project)).status_code
    answers = [
        client.post(page_of(project), filled(project, name="Mine")),
        client.post(f"{LIST}{project.pk}/delete/", {"post": "yes"}),
        client.get(f"{LIST}add/"),
    ]

    assert look == (200 if permission else 403)
    assert [answer.status_code for answer in answers][::2] == [403, 403]
    assert answers[1].status_code in (403, 404)
    assert Project.objects.get(pk=project.pk).name == "Elm Street 5"


def new(browser: Client, **fields: str) -> Any:
    asked = {"name": "Elm street 5", "owner": "olga", "model": "", "profile": "", **fields}
    return browser.post(f"{LIST}add/", asked)


def test_a_second_project_of_one_name_is_asked_about_first(
    admin_page: Client, project: Project, operator: User
) -> None:
    asked = new(admin_page, owner=operator.username)

    page = asked.content.decode()
    assert (
        f'There is a project of this name already: <a class="underline" href="{page_of(project)}"'
        in page
    )
    assert 'type="checkbox" name="second"' in page
    assert Project.objects.count() == 1
    new(admin_page, owner=operator.username, second="on")
    assert Project.objects.count() == 2


def test_another_name_and_a_project_of_a_stranger_are_no_question(
    client: Client, project: Project, stranger: User
) -> None:
    stranger.is_staff = True
    stranger.save()
    codenames = ["add_project", "view_project"]
    stranger.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(stranger)

    new(client)
    new(client, name="Oak Street 1")

    assert Project.objects.filter(owner=stranger).count() == 2


def test_a_project_keeps_its_name_without_a_question(
    admin_page: Client, project: Project, operator: User
) -> None:
    Project.objects.create(owner=operator, name=project.name)

    assert admin_page.post(page_of(project), filled(project)).status_code == 302
