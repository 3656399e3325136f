"""`manage.py create_token`: a token that works, and is stored hashed."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
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


def test_create_token_with_a_name_and_an_end() -> None:
    User.objects.create_user("ann")

    call_command("create_token", "ann", "--name", "nightly", "--days", "30")

    token = AuthToken.objects.get()
    assert token.details.name == "nightly"
    assert timedelta(days=29) < token.expiry - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize("days", ["0", "-1", "99999"])
def test_create_token_for_days_that_are_none(days: str) -> None:
    User.objects.create_user("ann")

    with pytest.raises(CommandError, match=r"^--days is a number from 1 to 3650"):
        call_command("create_token", "ann", "--days", days)

    assert not AuthToken.objects.exists()
