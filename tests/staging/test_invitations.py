"""Letting somebody into a project where clients are strangers: nothing tells who has an account."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from staging.deletion.pruning import prune
from staging.errors import GoneMeanwhile
from staging.invitations import accept_invitation, decline_invitation, invite
from staging.models import Invitation, Project, ProjectMember
from staging.models.invitation import KEPT
from staging.projects import create_project, remove_member, set_member
from tests.conftest import client_of

PROJECTS = "/api/v1/staging/projects"
INVITATIONS = "/api/v1/staging/invitations"


@pytest.fixture(autouse=True)
def _strangers(settings: Settings) -> None:
    settings.CLIENTS_ARE_STRANGERS = True


@pytest.fixture
def project(operator: User) -> Project:
    return create_project("Elm Street 5", owner=operator)


@pytest.fixture
def asked(project: Project, stranger: User) -> Invitation:
    """An invitation that waits for sam."""
    invite(project, "sam", may_edit=True)
    return Invitation.objects.get()


@pytest.fixture
def sam(stranger: User) -> APIClient:
    return client_of(stranger)


def members(project: Project) -> dict[str, bool]:
    return dict(project.members.values_list("user__username", "may_edit"))


def put(api: APIClient, project: Project, name: str, **body: Any) -> Any:
    address = f"{PROJECTS}/{project.pk}/members/{name}"
    return api.put(address, body or {"may_edit": False}, format="json")


def told(api: APIClient, project: Project, name: str) -> tuple[Any, ...]:
    """Return all that an owner is told when they ask a name in, with `name` for the name."""
    answer = put(api, project, name)
    listed = api.get(f"{PROJECTS}/{project.pk}/invitations").json()
    headers = {**answer.headers}
    del headers["X-Request-ID"]
    rows = [
        {key: row[key].replace(name, "name") if key == "username" else key for key in row}
        for row in listed
        if row["username"] == name
    ]
    again = put(api, project, name)
    withdrawn = api.delete(f"{PROJECTS}/{project.pk}/members/{name}")
    gone = api.delete(f"{PROJECTS}/{project.pk}/members/{name}")
    return (
        answer.status_code, answer.content.replace(name.encode(), b"name"), headers, rows,
        again.status_code, withdrawn.status_code, gone.status_code, gone.content,
    )  # fmt: skip


@pytest.mark.usefixtures("stranger")
def test_owner_is_told_the_same_of_every_name(api: APIClient, project: Project) -> None:
    User.objects.create_user("ida", is_active=False)

    found = {name: told(api, project, name) for name in ("sam", "ida", "zoe")}

    assert found["sam"][:2] == (202, b'{"username":"name","may_edit":false}')
    assert found["sam"][4:7] == (202, 204, 404)
    assert found["sam"] == found["ida"] == found["zoe"]


def test_member_gets_new_rights_at_once(api: APIClient, project: Project, stranger: User) -> None:
    set_member(project, "sam", may_edit=False)

    answer = put(api, project, "sam", may_edit=True)

    assert (answer.status_code, members(project)) == (202, {"sam": True})
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("name", "field"), [("olga", "olga owns this project."), ("z" * 151, "A user name has at most")]
)
def test_name_that_cannot_be_is_refused(
    api: APIClient, project: Project, name: str, field: str
) -> None:
    answer = put(api, project, name)

    assert answer.status_code == 400
    assert answer.json()["username"][0].startswith(field)


def test_unsorted_is_shared_with_nobody(api: APIClient, operator: User) -> None:
    unsorted = Project.objects.unsorted_of(operator)

    assert put(api, unsorted, "sam").status_code == 409


def test_invitation_waits_until_it_is_accepted(
    sam: APIClient, asked: Invitation, project: Project
) -> None:
    before = (members(project), sam.get(f"{PROJECTS}/{project.pk}").status_code)
    (row,) = sam.get(INVITATIONS).json()["results"]

    answer = sam.post(f"{INVITATIONS}/{row['id']}/accept")

    assert before == ({}, 404)
    assert (row["project"], row["owner"], row["may_edit"]) == ("Elm Street 5", "olga", True)
    assert (answer.status_code, answer.json()["id"], answer.json()["access"]) == (
        200, str(project.pk), "edit",
    )  # fmt: skip
    assert members(project) == {"sam": True}
    assert sam.get(INVITATIONS).json()["results"] == []


def test_declining_is_not_seen_by_the_owner(
    api: APIClient, sam: APIClient, asked: Invitation, project: Project
) -> None:
    listed = api.get(f"{PROJECTS}/{project.pk}/invitations").json()

    answer = sam.post(f"{INVITATIONS}/{asked.pk}/decline")

    assert (answer.status_code, sam.get(INVITATIONS).json()["results"]) == (204, [])
    assert api.get(f"{PROJECTS}/{project.pk}/invitations").json() == listed
    assert members(project) == {}


def test_asked_again_it_waits_again(asked: Invitation, project: Project, stranger: User) -> None:
    decline_invitation(asked, by=stranger)

    invite(project, "sam", may_edit=False)

    (waiting,) = Invitation.objects.waiting_for(stranger)
    assert (waiting.pk, waiting.may_edit) == (asked.pk, False)


def test_name_registered_later_does_not_find_it(project: Project) -> None:
    invite(project, "zoe", may_edit=True)

    zoe = User.objects.create_user("zoe")

    assert not Invitation.objects.waiting_for(zoe).exists()
    invite(project, "zoe", may_edit=True)
    assert Invitation.objects.waiting_for(zoe).exists()


def test_deleted_account_leaves_the_owners_list_as_it_was(
    api: APIClient, asked: Invitation, project: Project, stranger: User
) -> None:
    listed = api.get(f"{PROJECTS}/{project.pk}/invitations").json()

    stranger.delete()
    User.objects.create_user("sam")

    assert api.get(f"{PROJECTS}/{project.pk}/invitations").json() == listed
    assert not Invitation.objects.waiting_for(User.objects.get(username="sam")).exists()


@pytest.mark.parametrize("action", ["accept", "decline"])
def test_invitation_is_nobody_elses(api: APIClient, asked: Invitation, action: str) -> None:
    """Not even of the owner who asked."""
    assert api.post(f"{INVITATIONS}/{asked.pk}/{action}").status_code == 404
    assert Invitation.objects.filter(declined_at=None).exists()


def test_expired_invitation_is_nobodys(
    api: APIClient, sam: APIClient, asked: Invitation, project: Project
) -> None:
    Invitation.objects.update(created_at=timezone.now() - KEPT)

    assert sam.get(INVITATIONS).json()["results"] == []
    assert sam.post(f"{INVITATIONS}/{asked.pk}/accept").status_code == 404
    assert api.get(f"{PROJECTS}/{project.pk}/invitations").json() == []


def test_prune_deletes_what_has_expired(asked: Invitation, project: Project) -> None:
    invite(project, "zoe", may_edit=False)
    expired = timezone.now() - KEPT - timedelta(seconds=1)
    Invitation.objects.filter(username="sam").update(created_at=expired)

    prune(days=None, most=10)

    assert [str(one) for one in Invitation.objects.all()] == ["zoe"]


def test_invitation_taken_back_meanwhile_lets_nobody_in(
    asked: Invitation, project: Project, stranger: User
) -> None:
    """The row was read, and its owner was quicker."""
    remove_member(project, "sam")

    for answer in (accept_invitation, decline_invitation):
        with pytest.raises(GoneMeanwhile):
            answer(asked, by=stranger)
    assert members(project) == {}


def test_rights_are_those_that_were_asked_last(
    asked: Invitation, project: Project, stranger: User
) -> None:
    invite(project, "sam", may_edit=False)

    accept_invitation(asked, by=stranger)

    assert members(project) == {"sam": False}


def test_new_owner_needs_no_membership(asked: Invitation, project: Project, stranger: User) -> None:
    Project.objects.update(owner=stranger)

    accept_invitation(asked, by=stranger)

    assert (members(project), Invitation.objects.count()) == ({}, 0)


def test_colleague_who_is_added_is_asked_no_more(
    asked: Invitation, api: APIClient, project: Project, settings: Settings
) -> None:
    settings.CLIENTS_ARE_STRANGERS = False

    answer = put(api, project, "sam")

    assert (answer.status_code, members(project)) == (201, {"sam": False})
    assert not Invitation.objects.exists()


def test_pending_invitations_are_the_owners_to_see(
    sam: APIClient, project: Project, stranger: User
) -> None:
    ProjectMember.objects.create(project=project, user=stranger, may_edit=True)
    invite(project, "zoe", may_edit=False)

    assert sam.get(f"{PROJECTS}/{project.pk}/invitations").status_code == 403


# The pages of the admin.

ANSWERS = "/admin/staging/invitation/"


def page_of(project: Project) -> str:
    return f"/admin/staging/project/{project.pk}/change/"


def filled(project: Project, *invitations: dict[str, Any]) -> dict[str, Any]:
    """Return the project's form as a browser sends it, with these invitations."""
    rows = {
        f"invitations-{number}-{name}": value
        for number, invitation in enumerate(invitations)
        for name, value in invitation.items()
    }
    kept = sum("id" in invitation for invitation in invitations)
    return {
        "name": project.name, "owner": project.owner.username, "model": "", "profile": "",
        "members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0,
        "invitations-TOTAL_FORMS": len(invitations), "invitations-INITIAL_FORMS": kept, **rows,
    }  # fmt: skip


@pytest.mark.usefixtures("stranger")
def test_project_page_takes_every_name(admin_page: Client, project: Project) -> None:
    names = [{"username": "sam", "may_edit": "on"}, {"username": "zoe"}]

    answer = admin_page.post(page_of(project), filled(project, *names))

    assert answer.status_code == 302
    asked = Invitation.objects.order_by("username").values_list("username", "may_edit", "user")
    sam = User.objects.get(username="sam")
    assert list(asked) == [("sam", True, sam.pk), ("zoe", False, None)]
    assert members(project) == {}


def test_project_page_takes_invitations_back(
    admin_page: Client, asked: Invitation, project: Project
) -> None:
    row = {"id": str(asked.pk), "project": str(project.pk), "DELETE": "on"}

    answer = admin_page.post(page_of(project), filled(project, row))

    assert (answer.status_code, Invitation.objects.count()) == (302, 0)


def test_project_page_asks_anew(admin_page: Client, asked: Invitation, project: Project) -> None:
    admin_page.post(page_of(project), filled(project, {"username": "sam"}))

    assert Invitation.objects.get().may_edit is False


def test_project_page_refuses_the_owners_name(admin_page: Client, project: Project) -> None:
    answer = admin_page.post(page_of(project), filled(project, {"username": "olga"}))

    assert "They own this project." in answer.content.decode()
    assert not Invitation.objects.exists()


def test_members_can_leave_and_no_field_takes_another_name(
    admin_page: Client, project: Project, stranger: User
) -> None:
    member = ProjectMember.objects.create(project=project, user=stranger)
    page = admin_page.get(page_of(project)).content.decode()
    form = filled(project) | {
        "members-TOTAL_FORMS": 1, "members-INITIAL_FORMS": 1, "members-0-id": member.pk,
        "members-0-project": project.pk, "members-0-user": "olga", "members-0-DELETE": "on",
    }  # fmt: skip

    answer = admin_page.post(page_of(project), form)

    assert 'name="members-0-user"' not in page
    assert (answer.status_code, members(project)) == (302, {})


def test_owner_is_named_by_those_who_know_the_accounts(
    admin_page: Client, operator: User, project: Project, stranger: User
) -> None:
    """Else a name that is refused would tell that there is no such account."""
    operator.user_permissions.remove(Permission.objects.get(codename="all_projects"))
    form = filled(project) | {"owner": "zoe", "name": "Oak Avenue 1"}

    changed = admin_page.post(page_of(project), form)
    added = admin_page.post("/admin/staging/project/add/", {"name": "Mine", "owner": "zoe"})

    assert (changed.status_code, added.status_code) == (302, 302)
    owners = dict(Project.objects.values_list("name", "owner__username"))
    assert owners == {"Oak Avenue 1": "olga", "Mine": "olga"}


def test_page_of_answers_accepts(admin_page: Client, stranger: User, operator: User) -> None:
    project = create_project("Oak Avenue 1", owner=stranger)
    invite(project, "olga", may_edit=True)
    asked = Invitation.objects.get()
    shown = admin_page.get(ANSWERS).content.decode()

    answer = admin_page.post(f"{ANSWERS}{asked.pk}/accept/", follow=True)

    assert ("Oak Avenue 1" in shown, members(project)) == (True, {"olga": True})
    assert "You are a member of Oak Avenue 1 now." in answer.content.decode()


def test_page_of_answers_declines(admin_page: Client, stranger: User, operator: User) -> None:
    project = create_project("Oak Avenue 1", owner=stranger)
    invite(project, "olga", may_edit=True)
    asked = Invitation.objects.get()

    admin_page.post(f"{ANSWERS}{asked.pk}/decline/")

    asked.refresh_from_db()
    assert (asked.declined_at is not None, members(project)) == (True, {})


def test_page_of_answers_shows_no_others(admin_page: Client, asked: Invitation) -> None:
    answers = [admin_page.post(f"{ANSWERS}{asked.pk}/{do}/") for do in ("accept", "decline")]

    assert "Elm Street 5" not in admin_page.get(ANSWERS).content.decode()
    assert [answer.status_code for answer in answers] == [404, 404]
    assert Invitation.objects.filter(declined_at=None).exists()


def test_side_bar_counts_what_waits(admin_page: Client, stranger: User) -> None:
    empty = admin_page.get("/admin/password_change/").content.decode()
    invite(create_project("Oak Avenue 1", owner=stranger), "olga", may_edit=True)

    found = admin_page.get("/admin/password_change/").context["sidebar_navigation"]

    assert ANSWERS in empty
    (item,) = [one for group in found for one in group["items"] if one["link"] == ANSWERS]
    assert str(item["badge_callback"]) == "1"
