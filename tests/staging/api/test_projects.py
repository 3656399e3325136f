"""Who works in a project: members who see, members who edit, and nobody else."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from staging.models import Project, ProjectMember
from staging.projects import create_project, set_member
from tests.conftest import client_of

PROJECTS = "/api/v1/staging/projects"


@pytest.fixture
def project(operator: User) -> Project:
    return create_project("Elm Street 5", owner=operator)


@pytest.fixture
def seer(project: Project) -> User:
    return member(project, "sue", may_edit=False)


@pytest.fixture
def editor(project: Project) -> User:
    return member(project, "ed", may_edit=True)


def member(project: Project, name: str, *, may_edit: bool) -> User:
    user = User.objects.create_user(name)
    set_member(project, name, may_edit=may_edit)
    return user


def members(project: Project) -> dict[str, bool]:
    return dict(project.members.values_list("user__username", "may_edit"))


def address(project: Project, username: str = "") -> str:
    return f"{PROJECTS}/{project.pk}/members" + (f"/{username}" if username else "")


def test_put_member_lets_somebody_see_and_then_edit(
    api: APIClient, project: Project, stranger: User
) -> None:
    answers = [
        api.put(address(project, "sam"), {"may_edit": may_edit}, format="json")
        for may_edit in (False, True, True)
    ]
    told = client_of(stranger).get(PROJECTS).json()["results"]

    assert [(one.status_code, one.json()["may_edit"]) for one in answers] == [
        (201, False),
        (200, True),
        (200, True),
    ]
    assert [(one["name"], one["owner"], one["access"]) for one in told] == [
        ("Elm Street 5", "olga", "edit")
    ]
    assert members(project) == {"sam": True}


@pytest.mark.parametrize(
    ("username", "body", "code", "told"),
    [
        ("nobody", {"may_edit": True}, 400, {"username": ["There is nobody called nobody."]}),
        ("gone", {"may_edit": True}, 400, {"username": ["There is nobody called gone."]}),
        ("olga", {"may_edit": True}, 400, {"username": ["olga owns this project."]}),
        ("sam", {}, 400, {"may_edit": ["This field is required."]}),
        ("sam", {"may_edit": None}, 400, {"may_edit": ["This field may not be null."]}),
        ("s%00m", {"may_edit": True}, 404, {"detail": "There is no such member."}),
    ],
)
def test_put_member_that_is_wrong(
    api: APIClient,
    project: Project,
    stranger: User,
    username: str,
    body: dict[str, object],
    code: int,
    told: dict[str, object],
) -> None:
    User.objects.create_user("gone", is_active=False)

    answer = api.put(address(project, username), body, format="json")

    assert (answer.status_code, answer.json(), members(project)) == (code, told, {})


def test_unsorted_is_not_shared(api: APIClient, operator: User, stranger: User) -> None:
    unsorted = Project.objects.unsorted_of(operator)

    answer = api.put(address(unsorted, "sam"), {"may_edit": False}, format="json")

    assert (answer.status_code, answer.json()["detail"][:24]) == (409, "Unsorted is yours alone:")


def test_members_are_seen_by_those_who_see_the_project(
    api: APIClient, project: Project, seer: User, editor: User, stranger: User
) -> None:
    answers = [
        client.get(address(project))
        for client in (api, client_of(seer), client_of(editor), client_of(stranger))
    ]

    assert [one.status_code for one in answers] == [200, 200, 200, 404]
    expected = [("ed", True), ("sue", False)]
    assert [(one["username"], one["may_edit"]) for one in answers[1].json()] == expected


@pytest.mark.parametrize("name", ["sue", "ed"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "", {"name": "Mine"}),
        ("delete", "", {}),
        ("put", "/members/sam", {"may_edit": True}),
        ("put", "/members/nobody", {"may_edit": True}),
        ("put", "/members/{name}", {"may_edit": True}),
        ("delete", "/members/bob", {}),
        ("delete", "/members/nobody", {}),
    ],
)
def test_only_the_owner_changes_a_project_and_its_members(
    project: Project, seer: User, editor: User, stranger: User,
    name: str, method: str, path: str, body: dict[str, object],
) -> None:  # fmt: skip
    """What a member is told does not depend on who has an account here."""
    member(project, "bob", may_edit=False)
    client = client_of(User.objects.get(username=name))
    before = members(project)

    answer = getattr(client, method)(
        f"{PROJECTS}/{project.pk}{path.format(name=name)}", body, format="json"
    )

    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "Only the owner of this project may do that.", "code": "not_the_owner"},
    )
    assert (Project.objects.get(pk=project.pk).name, members(project)) == ("Elm Street 5", before)


def test_delete_member_by_the_owner_and_by_oneself(
    api: APIClient, project: Project, seer: User, editor: User
) -> None:
    left = client_of(seer).delete(address(project, "sue"))
    again = client_of(seer).delete(address(project, "sue"))
    sent_away = api.delete(address(project, "ed"))
    twice = api.delete(address(project, "ed"))
    oneself = api.delete(address(project, "olga"))

    codes = [one.status_code for one in (left, again, sent_away, twice, oneself)]
    assert codes == [204, 404, 204, 404, 404]
    assert not ProjectMember.objects.exists()
    assert client_of(editor).get(f"{PROJECTS}/{project.pk}").status_code == 404


def test_project_goes_on_without_a_member_whose_account_is_deleted(
    project: Project, seer: User
) -> None:
    seer.delete()

    assert members(project) == {}
