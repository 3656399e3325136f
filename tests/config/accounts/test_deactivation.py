"""Deactivating an account, by each way: what ends, what waits, and what comes back."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from config.accounts import tokens
from config.accounts.tasks import forget
from staging import callbacks
from staging.models import CallbackStatus, PurchasePause, Share, StagedImage
from staging.shares import share_picture, share_url
from tests.conftest import client_of
from tests.staging.finished import finish, stage, staged

SECRET = "Elm-Street-5-in-autumn"

Deactivate = Callable[[User], object]

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", password=SECRET, is_staff=True)


@pytest.fixture
def root(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def in_a_shell(account: User) -> None:
    account.is_active = False
    account.save()


def in_a_shell_alone(account: User) -> None:
    account.is_active = False
    account.save(update_fields=["is_active"])


def past_the_signal(account: User) -> None:
    User.objects.filter(pk=account.pk).update(is_active=False)
    forget()


def in_the_admin(account: User) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("chief"))
    root.post(
        f"/admin/auth/user/{account.pk}/change/",
        {"username": account.username, "date_joined_0": "2026-01-01", "date_joined_1": "00:00"},
    )


WAYS = [in_a_shell, in_a_shell_alone, past_the_signal, in_the_admin]


@pytest.mark.parametrize("deactivate", WAYS)
def test_tokens_and_sessions_end_for_good(
    ann: User, stranger: User, deactivate: Deactivate
) -> None:
    session, others = Client(), Client()
    session.force_login(ann)
    others.force_login(User.objects.create_user("bob", is_staff=True))
    api, api_of_other = client_of(ann), client_of(stranger)

    deactivate(ann)
    User.objects.filter(pk=ann.pk).update(is_active=True)

    # Though it is active again.
    assert session.get("/admin/").status_code == 302
    assert api.get("/api/v1/tokens").status_code == 401
    assert others.get("/admin/").status_code == 200
    assert api_of_other.get("/api/v1/tokens").status_code == 200


@pytest.mark.parametrize("deactivate", WAYS)
def test_queue_waits_until_the_account_is_active_again(ann: User, deactivate: Deactivate) -> None:
    deactivate(ann)
    paused = PurchasePause.objects.get()
    ann.refresh_from_db()
    ann.is_active = True
    ann.save()

    by = "chief" if deactivate is in_the_admin else "console"
    assert (paused.account, paused.by, paused.reason) == (ann, by, "the account was deactivated")
    assert not PurchasePause.objects.exists()


def test_reactivation_past_the_signal_is_caught_up(ann: User) -> None:
    in_a_shell(ann)
    User.objects.filter(pk=ann.pk).update(is_active=True)

    forget()

    assert not PurchasePause.objects.exists()


def test_account_in_use_keeps_its_tokens(ann: User) -> None:
    api = client_of(ann)
    ann.first_name = "Ann"
    ann.save()
    forget()

    assert api.get("/api/v1/tokens").status_code == 200
    assert not PurchasePause.objects.exists()


def test_callback_of_what_was_bought_is_sent(ann: User) -> None:
    job = stage(ann, callback_url="https://example.com/told")
    in_a_shell(ann)
    finish(job)

    assert callbacks.is_due()
    assert job.callback.status == CallbackStatus.WAITING


def test_public_page_stays(ann: User, client: Client) -> None:
    job = staged(ann)
    share = share_picture(StagedImage.objects.get(prediction__job=job), by=ann)
    in_a_shell(ann)

    request = client.get("/livez").wsgi_request
    assert Share.objects.get().revoked_at is None
    assert client.get(share_url(share, request=request)).status_code == 200


def change_own(account: User, window: Client) -> None:
    window.post(
        "/admin/password_change/",
        {"old_password": SECRET, "new_password1": f"{SECRET}!", "new_password2": f"{SECRET}!"},
    )


def change_anothers(account: User, _window: Client) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("chief"))
    root.post(
        f"/admin/auth/user/{account.pk}/password/",
        {"password1": f"{SECRET}!", "password2": f"{SECRET}!", "usable_password": "true"},
    )


def by_create_operator(account: User, _window: Client) -> None:
    call_command("create_operator", account.username)


@pytest.mark.parametrize(
    ("change", "stays"), [(change_own, 200), (change_anothers, 302), (by_create_operator, 302)]
)
def test_new_password_ends_the_other_sessions(
    ann: User, change: Callable[[User, Client], object], stays: int
) -> None:
    here, elsewhere = Client(), Client()
    for window in (here, elsewhere):
        window.force_login(ann)

    change(ann, here)

    answers = [window.get("/admin/password_change/").status_code for window in (here, elsewhere)]
    assert answers == [stays, 302]


def test_new_password_leaves_tokens(ann: User) -> None:
    """Programs use them, and not the password; *Revoke all* stands beside."""
    _, secret = tokens.create_token(ann)
    ann.set_password(f"{SECRET}!")
    ann.save()

    client = APIClient(headers={"Authorization": f"Token {secret}"})
    assert client.get("/api/v1/tokens").status_code == 200
