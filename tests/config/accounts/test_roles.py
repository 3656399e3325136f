"""Roles: the groups, their permissions, and whom an administrator may manage."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group, Permission, User
from django.test import RequestFactory

from config.accounts.roles import (
    ROLES,
    granted_permissions,
    group_of,
    make_roles,
    may_manage,
    offered_groups,
)
from staging.models import Role
from tests.processes import ROOT

pytestmark = pytest.mark.django_db

_NAMED = re.compile(
    r"""["'](?:perms\.)?((?:auth|knox|modelsettings|staging)\.[a-z]+_[a-z_]+)["']"""
)
_IN_TEMPLATE = re.compile(r"\bperms\.((?:auth|knox|modelsettings|staging)\.[a-z]+_[a-z_]+)")


def names_in(group: Group) -> set[str]:
    rows = group.permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def known() -> set[str]:
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def asked_in_code() -> Iterator[str]:
    """Yield the permissions that code and templates name."""
    for package in ("config", "modelsettings", "staging", "templates"):
        for path in (ROOT / package).rglob("*.*"):
            is_ours = path.suffix in (".py", ".html") and "migrations" not in path.parts
            if is_ours and path.name != "roles.py":
                text = path.read_text(encoding="utf-8")
                yield from _NAMED.findall(text)
                yield from _IN_TEMPLATE.findall(text)


class Alone:
    """An account of staff with one permission."""

    pk, is_staff, is_superuser = 0, True, False

    def __init__(self, permission: str) -> None:
        self.permission = permission

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return permission == self.permission


def asked_by_pages() -> Iterator[str]:
    """Yield the permissions of the admin's own pages: each lets do something by itself."""
    request: Any = RequestFactory().get("/")
    for model, pages in site._registry.items():
        for kind, page in [(model, pages), *((inline.model, inline) for inline in pages.inlines)]:
            own = page(model, site) if isinstance(page, type) else page
            for action in ("view", "add", "change", "delete"):
                name = f"{kind._meta.app_label}.{action}_{kind._meta.model_name}"
                request.user = Alone(name)
                args = () if own is pages else (None,)
                if getattr(own, f"has_{action}_permission")(request, *args):
                    yield name


def test_every_permission_that_is_asked_for_is_in_a_role() -> None:
    asked = {name for name in asked_in_code() if name in known()} | set(asked_by_pages())

    granted = granted_permissions()
    assert asked - granted == set()
    assert granted - known() == set()


def test_each_role_has_what_the_one_before_it_has() -> None:
    judge, stager, operator, administrator = (ROLES[name] for name in ROLES)

    assert judge < stager < operator < administrator


def test_roles_are_there_after_migrate() -> None:
    groups = {role.key: role.group for role in Role.objects.all()}

    assert {key: names_in(group) for key, group in groups.items() if group} == {
        key: set(permissions) for key, permissions in ROLES.items()
    }


def test_what_an_administrator_took_away_stays_away() -> None:
    group = group_of("Judge")
    assert group
    group.permissions.remove(Permission.objects.get(codename="view_stagingbatch"))

    make_roles()

    assert names_in(group) == ROLES["Judge"] - {"staging.view_stagingbatch"}


def test_group_that_an_administrator_deleted_stays_deleted() -> None:
    Group.objects.filter(name="Stager").delete()

    make_roles()

    assert not Group.objects.filter(name="Stager").exists()
    assert group_of("Stager") is None


def test_permission_of_a_later_release_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROLES, "Judge", ROLES["Judge"] | {"staging.view_share"})

    make_roles()

    group = group_of("Judge")
    assert group
    assert "staging.view_share" in names_in(group)


def test_role_that_was_renamed_is_the_same() -> None:
    Group.objects.filter(name="Judge").update(name="Reviewers")

    make_roles()

    assert sorted(Group.objects.values_list("name", flat=True)) == [
        "Administrator", "Operator", "Reviewers", "Stager",
    ]  # fmt: skip


def test_group_of_somebody_elses_is_left_as_it_is() -> None:
    Role.objects.filter(key="Judge").delete()
    Group.objects.filter(name="Judge").delete()
    theirs = Group.objects.create(name="Judge")

    make_roles()

    assert names_in(theirs) == set()
    made = group_of("Judge")
    assert made
    assert made.name == "Judge (Restage)"


def with_role(name: str, key: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(role__key=key))
    return user


def test_administrator_manages_nobody_with_more_rights(admin_user: User) -> None:
    administrator = with_role("ada", "Administrator")
    other = with_role("otto", "Administrator")
    stranger = User.objects.create_user("sam")
    beyond = User.objects.create_user("ben", is_active=False)
    beyond.user_permissions.add(Permission.objects.get(codename="delete_photo"))
    above = User.objects.create_user("abe", is_active=False)
    above.user_permissions.add(Permission.objects.get(codename="delete_logentry"))

    accounts = (other, stranger, beyond, above, admin_user, administrator)
    managed = [may_manage(administrator, account) for account in accounts]

    assert managed == [True, True, True, False, False, True]


def test_operator_could_give_no_role_above_their_own() -> None:
    operator = with_role("olga", "Operator")

    names = offered_groups(operator).order_by("pk").values_list("name", flat=True)

    assert list(names) == ["Judge", "Stager", "Operator"]
