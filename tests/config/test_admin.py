"""Accounts, roles and API tokens in the admin."""

import pytest
from django.contrib.auth.models import Group, User
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
    assert Group.objects.get().name == "Agents"


def test_a_role_of_a_name_that_is_taken_is_refused(admin_client: Client) -> None:
    Group.objects.create(name="Agents")

    answer = admin_client.post("/admin/auth/group/add/", {"name": "Agents"})

    assert list(answer.context["adminform"].form.errors) == ["name"]
    assert Group.objects.count() == 1


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
