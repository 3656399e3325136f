import json
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from knox.models import AuthToken
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def printed_by(*command: str) -> str:
    output = StringIO()
    call_command(*command, stdout=output)
    return output.getvalue().strip()


def status_with(token: str) -> int:
    answer = APIClient().get("/api/v1/admin/models", headers={"Authorization": f"Token {token}"})
    return answer.status_code


def test_create_token_prints_one_that_the_api_takes() -> None:
    User.objects.create_superuser("ann", password="not told")

    assert status_with(printed_by("create_token", "ann")) == 200


def test_create_token_stores_no_token() -> None:
    User.objects.create_user("ann")

    token = printed_by("create_token", "ann")

    stored = AuthToken.objects.get()
    assert token not in (stored.digest, stored.token_key)
    assert (stored.user.get_username(), stored.expiry) == ("ann", None)


def test_create_token_for_a_stranger() -> None:
    with pytest.raises(CommandError, match=r"^There is no user bob\.$"):
        call_command("create_token", "bob")


def test_create_token_for_one_who_left() -> None:
    User.objects.create_user("ann", is_active=False)

    with pytest.raises(CommandError, match=r"^ann is not active: the token would be refused\.$"):
        call_command("create_token", "ann")


def test_create_operator_prints_what_signs_in() -> None:
    made = json.loads(printed_by("create_operator", "ann"))

    user = User.objects.get()
    assert (user.get_username(), user.is_staff, user.is_superuser) == ("ann", True, True)
    assert APIClient().login(username=made["name"], password=made["password"])
    assert status_with(made["token"]) == 200


def test_create_operator_gives_one_who_is_there_a_new_password() -> None:
    first = json.loads(printed_by("create_operator", "ann"))
    second = json.loads(printed_by("create_operator", "ann"))

    assert not APIClient().login(username="ann", password=first["password"])
    assert APIClient().login(username="ann", password=second["password"])
    assert status_with(first["token"]) == 200
