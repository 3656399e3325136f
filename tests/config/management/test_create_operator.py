"""`manage.py create_operator`, once and again."""

import json

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError
from django.test import Client

from tests.config.management.commands import printed_by, status_with

pytestmark = pytest.mark.django_db


def can_sign_in(made: dict[str, str]) -> bool:
    form = {"username": made["name"], "password": made["password"]}
    return Client().post("/admin/login/", form).status_code == 302


def test_create_operator_prints_what_signs_in() -> None:
    made = json.loads(printed_by("create_operator", "ann"))

    user = User.objects.get()
    assert (user.get_username(), user.is_staff, user.is_superuser) == ("ann", True, False)
    assert [group.name for group in user.groups.all()] == ["Operator"]
    assert can_sign_in(made)
    assert status_with(made["token"]) == 200


def test_create_operator_gives_another_role() -> None:
    printed_by("create_operator", "ann", "--role", "Administrator")

    assert User.objects.get().has_perm("auth.change_user")


def test_create_operator_needs_the_role() -> None:
    Group.objects.filter(name="Operator").delete()

    with pytest.raises(CommandError, match="was deleted"):
        printed_by("create_operator", "ann")

    assert not User.objects.exists()


def test_create_operator_gives_one_who_is_there_a_new_password() -> None:
    first = json.loads(printed_by("create_operator", "ann"))
    second = json.loads(printed_by("create_operator", "ann"))

    assert not can_sign_in(first)
    assert can_sign_in(second)
    assert status_with(first["token"]) == 200
