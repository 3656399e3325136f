"""The log of accounts: who did what to which of them, and from where."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from config import logs
from config.accounts.tokens import create_token

HOME = "192.0.2.1"
SECRET = "Elm-Street-5-in-autumn"

Events = Callable[[], AbstractContextManager[list[dict[str, Any]]]]

pytestmark = pytest.mark.django_db


@pytest.fixture
def logged(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> Events:
    """Return what reads the log: the events of accounts that a block has logged."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers)

    @contextmanager
    def read() -> Iterator[list[dict[str, Any]]]:
        logs.configure(as_json=True)
        capsys.readouterr()
        found: list[dict[str, Any]] = []
        with django_capture_on_commit_callbacks(execute=True):
            yield found
        written = capsys.readouterr().out
        assert SECRET not in written
        lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
        unsaid = ("timestamp", "level", "logger", "request")
        found += [
            {name: value for name, value in line.items() if name not in unsaid}
            for line in lines
            if line["logger"] == "accounts"
        ]

    return read


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", password=SECRET, is_staff=True)


@pytest.fixture
def root(db: None) -> Client:
    """An administrator's window."""
    client = Client(REMOTE_ADDR=HOME)
    client.force_login(User.objects.create_superuser("root"))
    return client


def try_as(name: str, password: str) -> None:
    Client(REMOTE_ADDR=HOME).post("/admin/login/", {"username": name, "password": password})


def test_sign_in_and_out(logged: Events, ann: User) -> None:
    client = Client(REMOTE_ADDR=HOME)
    with logged() as events:
        client.post("/admin/login/", {"username": "ann", "password": SECRET})
        client.post("/admin/logout/")

    assert events == [
        {"event": "signed in", "account": "ann", "address": HOME},
        {"event": "signed out", "account": "ann", "address": HOME},
    ]


def test_failures_until_a_lock(logged: Events, ann: User) -> None:
    with logged() as events:
        for _ in range(6):
            try_as("ann", "wrong")

    said = {"account": "ann", "address": HOME}
    failed = {"event": "sign-in failed", **said}
    locked = {"event": "sign-in locked", **said}
    assert events.count(failed) + events.count(locked) == len(events)
    assert (events.count(failed), events.count(locked)) == (6, 2)


def test_a_name_that_is_no_account_is_not_logged(logged: Events) -> None:
    """It may be a password, typed into the wrong field."""
    with logged() as events:
        try_as(SECRET, SECRET)

    assert events == [{"event": "sign-in failed", "account": "unknown", "address": HOME}]


def test_token_is_logged_with_its_end(logged: Events, ann: User) -> None:
    ends_at = timezone.now() + timedelta(days=3)

    with logged() as events:
        create_token(ann, ends_at=ends_at)

    assert [event["ends_at"] for event in events] == [ends_at.isoformat()]


def test_tokens(logged: Events, ann: User) -> None:
    with logged() as events:
        _, token = AuthToken.objects.create(ann)
        AuthToken.objects.all().delete()

    assert events == [
        {"event": "token made", "account": "ann", "ends_at": None, "by": "console"},
        {"event": "token revoked", "account": "ann", "by": "console"},
    ]
    assert token not in str(events)


def test_account_in_the_admin(logged: Events, root: Client) -> None:
    with logged() as events:
        root.post(
            "/admin/auth/user/add/",
            {
                "username": "bob",
                "password1": SECRET,
                "password2": SECRET,
                "usable_password": "true",
            },
        )
        bob = User.objects.get(username="bob")
        root.post(
            f"/admin/auth/user/{bob.pk}/password/",
            {"password1": f"{SECRET}!", "password2": f"{SECRET}!", "usable_password": "true"},
        )

    who = {"by": "root", "address": HOME}
    assert events == [
        {
            "event": "account made",
            "account": "bob",
            "is_staff": False,
            "is_superuser": False,
            **who,
        },
        {"event": "account changed", "account": "bob", "changed": {"password": "changed"}, **who},
    ]


def test_account_in_a_shell(logged: Events, ann: User) -> None:
    with logged() as events:
        ann.is_superuser, ann.is_staff, ann.username = True, False, "anna"
        ann.save()
        ann.first_name = "Anna"
        ann.save()
        ann.delete()

    changed = {"is_superuser": True, "is_staff": False, "username": "anna"}
    assert events == [
        {"event": "account changed", "account": "ann", "changed": changed, "by": "console"},
        {"event": "account deleted", "account": "anna", "by": "console"},
    ]


def test_account_by_a_command(logged: Events) -> None:
    with logged() as events:
        call_command("createsuperuser", "--no-input", username="carl", email="")

    assert events == [
        {
            "event": "account made", "account": "carl", "is_staff": True, "is_superuser": True,
            "by": "console",
        }
    ]  # fmt: skip


def test_rights_of_an_account_and_of_a_role(logged: Events, ann: User) -> None:
    view, add = (Permission.objects.get(codename=f"{what}_photo") for what in ("view", "add"))
    with logged() as events:
        role = Group.objects.create(name="Agents")
        role.permissions.set([view, add])
        ann.groups.add(role)
        ann.user_permissions.add(view)
        ann.user_permissions.add(view)
        role.user_set.remove(ann)
        ann.user_permissions.clear()
        role.permissions.set([add])
        role.delete()

    said = [
        (line["event"], line.get("of") or line.get("role"), line.get("rights")) for line in events
    ]
    named = {"view": "Staging | photo | Can view photo", "add": "Staging | photo | Can add photo"}
    assert said == [
        ("role made", "Agents", None),
        ("rights given", "Agents", [named["add"], named["view"]]),
        ("rights given", "ann", ["Agents"]),
        ("rights given", "ann", [named["view"]]),
        ("rights taken", "ann", ["Agents"]),
        ("rights taken", "ann", ["all"]),
        ("rights taken", "Agents", [named["view"]]),
        ("role deleted", "Agents", None),
    ]


def test_what_is_taken_back_is_not_logged(logged: Events, ann: User) -> None:
    with logged() as events, transaction.atomic():
        ann.is_superuser = True
        ann.save()
        transaction.set_rollback(True)

    assert events == []
