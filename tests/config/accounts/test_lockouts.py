"""Guessing passwords: what is locked, for whom, for how long, and what undoes it."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.accounts.lockouts import ADDRESS_FACTOR
from config.accounts.tasks import forget

LOGIN = "/admin/login/"
SECRET, WRONG = "right-password", "wrong"
PAIR = settings.AXES_FAILURE_LIMIT
ADDRESS = PAIR * ADDRESS_FACTOR
HOME, OTHER = "192.0.2.1", "192.0.2.2"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _people(db: None) -> None:
    for name in ("ann", "bob"):
        User.objects.create_user(name, password=SECRET, is_staff=True)


def try_as(name: str, password: str = WRONG, *, address: str = HOME, agent: str = "a") -> int:
    """Send the login form once, in a window of its own, and return the status of the answer."""
    headers = {"User-Agent": agent}
    sent = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address, headers=headers).post(LOGIN, sent).status_code


def fail(times: int, name: str = "ann", *, address: str = HOME) -> list[int]:
    return [try_as(name, address=address, agent=str(number)) for number in range(times)]


def age(by: timedelta) -> None:
    AccessAttempt.objects.update(attempt_time=timezone.now() - by)


def test_pair_is_locked_whatever_the_browser() -> None:
    assert fail(PAIR) == [200] * (PAIR - 1) + [429]
    assert try_as("ann", SECRET, agent="another") == 429


def test_account_is_never_locked_for_another_address() -> None:
    for number in range(9):
        fail(PAIR, address=f"198.51.100.{number}")

    assert try_as("ann", SECRET, address=OTHER) == 302


def test_lock_of_a_pair_leaves_other_accounts_of_the_address_alone() -> None:
    fail(PAIR)

    assert try_as("bob", SECRET) == 302


def test_address_is_locked_over_all_accounts() -> None:
    answers = [try_as(f"guess-{number}") for number in range(ADDRESS)]

    assert answers == [200] * (ADDRESS - 1) + [429]
    assert (try_as("ann", SECRET), try_as("ann", SECRET, address=OTHER)) == (429, 302)


def test_sign_in_forgets_the_failures_of_its_pair() -> None:
    fail(PAIR - 1)
    try_as("ann", SECRET)

    assert fail(PAIR - 1) == [200] * (PAIR - 1)


def test_sign_in_does_not_forget_the_failures_of_its_address() -> None:
    """Else a guesser with an account would go on for ever."""
    for number in range(ADDRESS - 1):
        try_as(f"guess-{number}")
        try_as("bob", SECRET)

    assert (try_as("one-more"), try_as("bob", SECRET)) == (429, 429)


def test_tries_while_locked_do_not_prolong_the_lock() -> None:
    fail(PAIR)
    age(timedelta(minutes=10))
    fail(2)

    age_of_newest = timezone.now() - AccessAttempt.objects.latest("attempt_time").attempt_time
    assert age_of_newest >= timedelta(minutes=10)


def test_lock_ends_after_its_time() -> None:
    fail(PAIR)
    age(settings.AXES_COOLOFF_TIME)

    assert try_as("ann", SECRET) == 302


def test_locked_page_says_for_how_long() -> None:
    fail(PAIR)
    age(timedelta(minutes=11, seconds=30))

    answer = Client(REMOTE_ADDR=HOME).post(LOGIN, {"username": "ann", "password": SECRET})

    assert "Try again in 4 minutes" in answer.content.decode()
    assert 200 <= int(answer.headers["Retry-After"]) <= 210


@pytest.mark.parametrize("trusted", [True, False])
def test_address_is_what_the_proxy_added(settings: Settings, trusted: bool) -> None:
    settings.TRUSTED_PROXY = trusted
    # A guesser invents another address for each try.
    for number in range(PAIR):
        forwarded = f"198.51.100.{number}, {HOME}"
        Client(REMOTE_ADDR="10.0.0.2", HTTP_X_FORWARDED_FOR=forwarded).post(
            LOGIN, {"username": "ann", "password": "wrong"}
        )

    counted = set(AccessAttempt.objects.values_list("ip_address", flat=True))
    assert counted == {HOME if trusted else "10.0.0.2"}


@pytest.mark.parametrize(
    "command", [("axes_reset_username", "ann"), ("axes_reset_ip", HOME), ("axes_reset",)]
)
def test_command_unlocks(command: tuple[str, ...]) -> None:
    fail(PAIR)
    call_command(*command)

    assert try_as("ann", SECRET) == 302


def test_no_password_is_stored() -> None:
    Client().post(
        LOGIN, {"username": "ann", "password": "S3cret-typed", "csrfmiddlewaretoken": "q"}
    )

    stored = AccessAttempt.objects.values().get()
    assert "S3cret-typed" not in str(stored)
    assert "csrfmiddlewaretoken=***" in stored["post_data"]


def test_forget_deletes_what_no_longer_counts() -> None:
    try_as("ann")
    age(settings.AXES_COOLOFF_TIME)
    try_as("bob", address=OTHER)
    AccessAttempt.objects.filter(username="bob").update(attempt_time=timezone.now())

    forget()

    assert [row.username for row in AccessAttempt.objects.all()] == ["bob"]
