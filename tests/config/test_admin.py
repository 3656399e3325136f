"""Accounts, roles and API tokens in the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from knox.models import AuthToken

from tests.conftest import client_of

PASSWORD = "Elm-Street-5-in-autumn"

pytestmark = pytest.mark.django_db


def add_account(admin_client: Client, password: str) -> object:
    answer = admin_client.post(
        "/admin/auth/user/add/",
        {
            "username": "ann",
            "password1": password,
            "password2": password,
            "usable_password": "true",
        },
    )
    return answer.context["adminform"].form.errors if answer.context else None


def test_an_account_is_made(admin_client: Client) -> None:
    assert add_account(admin_client, PASSWORD) is None
    assert User.objects.get(username="ann").check_password(PASSWORD)


def test_an_account_with_a_weak_password_is_refused(admin_client: Client) -> None:
    assert add_account(admin_client, "12345") != {}
    assert not User.objects.filter(username="ann").exists()


def test_a_role_is_made(admin_client: Client) -> None:
    assert admin_client.post("/admin/auth/group/add/", {"name": "Agents"}).status_code == 302
    assert Group.objects.filter(name="Agents").exists()


def test_a_role_of_a_name_that_is_taken_is_refused(admin_client: Client) -> None:
    Group.objects.create(name="Agents")

    answer = admin_client.post("/admin/auth/group/add/", {"name": "Agents"})

    assert list(answer.context["adminform"].form.errors) == ["name"]
    assert Group.objects.filter(name="Agents").count() == 1


def test_a_token_is_deleted_and_opens_nothing_more(admin_client: Client, stranger: User) -> None:
    client = client_of(stranger)
    before = client.get("/api/v1/staging/jobs").status_code
    token = AuthToken.objects.get()

    admin_client.post(f"/admin/knox/authtoken/{token.pk}/delete/", {"post": "yes"})

    assert (before, client.get("/api/v1/staging/jobs").status_code) == (200, 401)


def test_tokens_are_not_made_or_changed_here(admin_client: Client, stranger: User) -> None:
    token, _ = AuthToken.objects.create(stranger)

    answers = [
        admin_client.get("/admin/knox/authtoken/add/"),
        admin_client.post(f"/admin/knox/authtoken/{token.pk}/change/", {"user": ""}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]


def page_of(account: User) -> str:
    return f"/admin/auth/user/{account.pk}/change/"


def filled(account: User, **changed: Any) -> dict[str, Any]:
    """Return the form of an account's page as a browser sends it."""
    return {
        "username": account.username,
        "is_active": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00",
        **changed,
    }


def group(key: str) -> Group:
    return Group.objects.get(role__key=key)


@pytest.fixture
def administrator(client: Client) -> Client:
    """A session of somebody with the role, who is no superuser."""
    user = User.objects.create_user("ada", is_staff=True)
    user.groups.add(group("Administrator"))
    client.force_login(user)
    return client


def test_role_lets_an_account_in(administrator: Client, stranger: User) -> None:
    administrator.post(page_of(stranger), filled(stranger, groups=[group("Judge").pk]))

    stranger.refresh_from_db()
    assert (stranger.is_staff, [role.name for role in stranger.groups.all()]) == (True, ["Judge"])


def test_new_account_gets_its_role_at_once(administrator: Client) -> None:
    form = {"username": "ann", "usable_password": "true", "groups": [group("Stager").pk]}

    administrator.post(
        "/admin/auth/user/add/", form | {"password1": PASSWORD, "password2": PASSWORD}
    )

    account = User.objects.get(username="ann")
    assert (account.is_staff, account.has_perm("staging.add_stagingjob")) == (True, True)


def test_last_role_that_is_taken_shuts_an_account_out(
    administrator: Client, stranger: User
) -> None:
    administrator.post(page_of(stranger), filled(stranger, groups=[group("Judge").pk]))
    administrator.post(page_of(stranger), filled(stranger, is_staff="on"))

    stranger.refresh_from_db()
    assert (stranger.is_staff, stranger.groups.exists()) == (False, False)


def test_administrator_makes_no_superuser(administrator: Client, stranger: User) -> None:
    page = administrator.get(page_of(stranger)).content.decode()
    administrator.post(page_of(stranger), filled(stranger, is_superuser="on"))

    stranger.refresh_from_db()
    assert ("is_superuser" in page, stranger.is_superuser) == (False, False)


def test_administrator_gives_no_permission_that_they_lack(
    administrator: Client, stranger: User
) -> None:
    beyond = Permission.objects.get(codename="delete_logentry")
    agents = Group.objects.create(name="agents")
    agents.permissions.add(beyond)

    answers = [
        administrator.post(page_of(stranger), filled(stranger, user_permissions=[beyond.pk])),
        administrator.post(page_of(stranger), filled(stranger, groups=[agents.pk])),
        administrator.post("/admin/auth/group/add/", {"name": "new", "permissions": [beyond.pk]}),
    ]

    # The forms are shown again, with the choice that is none of theirs.
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [*stranger.user_permissions.all(), *stranger.groups.all()] == []
    assert not Group.objects.filter(name="new").exists()


def test_administrator_revokes_no_token_of_who_has_more_rights(
    administrator: Client, admin_user: User, stranger: User
) -> None:
    above, below = (AuthToken.objects.create(user)[0] for user in (admin_user, stranger))
    chosen = {"action": "delete_selected", "post": "yes"}

    page = f"/admin/knox/authtoken/{above.pk}/delete/"
    assert administrator.post(page, {"post": "yes"}).status_code == 403
    administrator.post("/admin/knox/authtoken/", chosen | {"_selected_action": [above.pk]})
    assert set(AuthToken.objects.all()) == {above, below}

    administrator.post("/admin/knox/authtoken/", chosen | {"_selected_action": [below.pk]})
    assert set(AuthToken.objects.all()) == {above}


def test_administrator_does_not_touch_who_has_more_rights(
    administrator: Client, admin_user: User
) -> None:
    passwords = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    agents = Group.objects.create(name="agents")
    agents.permissions.add(Permission.objects.get(codename="delete_logentry"))
    of_admin, of_group = f"/admin/auth/user/{admin_user.pk}", f"/admin/auth/group/{agents.pk}"

    look = administrator.get(f"{of_admin}/change/")
    answers = [
        administrator.post(f"{of_admin}/change/", filled(admin_user)),
        administrator.post(f"{of_admin}/password/", passwords),
        administrator.post(f"{of_admin}/delete/", {"post": "yes"}),
        administrator.post(f"{of_admin}/revoke-tokens/"),
        administrator.post(f"{of_admin}/renew-callback-secret/"),
        administrator.post(f"{of_group}/change/", {"name": "mine"}),
        administrator.post(f"{of_group}/delete/", {"post": "yes"}),
    ]

    assert (look.status_code, [answer.status_code for answer in answers]) == (200, [403] * 7)
    assert User.objects.get(pk=admin_user.pk).check_password(PASSWORD) is False


def test_page_offers_roles_first_and_no_permission_that_nobody_grants(
    administrator: Client, stranger: User
) -> None:
    form = administrator.get(page_of(stranger)).context["adminform"].form

    labels = [label for _, label in form.fields["groups"].choices]
    offered = {row.codename for row in form.fields["user_permissions"].queryset}
    assert [label.partition(":")[0] for label in labels[:2]] == ["Judge", "Stager"]
    assert {"view_session", "view_contenttype", "view_historicalmodelsettings"} & offered == set()
    assert "view_photo" in offered
