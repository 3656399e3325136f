"""`manage.py create_token`: a token that works, and is stored hashed."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from knox.models import AuthToken

from tests.config.management.commands import printed_by, status_with

pytestmark = pytest.mark.django_db


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
