"""Roles: groups with the permissions of a kind of work, made after each `migrate`.

`ROLES` is the one table of who may do what. A permission that the code asks for stands in it, with
a role that has it. A release that adds one gives it to the groups that are there already.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import Q, QuerySet

from staging.models import Role

# The apps whose permissions a role can have.
_APPS = ("auth", "knox", "modelsettings", "staging")


def _of(app: str, kind: str, actions: str) -> Iterator[str]:
    """Name the permissions for a kind of rows: `_of("staging", "photo", "view add")`."""
    return (f"{app}.{action}_{kind}" for action in actions.split())


_JUDGE = {
    "staging.judge_pictures",
    *_of("staging", "photo", "view"),
    *_of("staging", "project", "view"),
    *_of("staging", "stagedimage", "view"),
    *_of("staging", "stagingbatch", "view"),
    *_of("staging", "stagingjob", "view"),
}
_STAGER = _JUDGE | {
    *_of("staging", "callback", "view change"),
    *_of("staging", "dailyusage", "view"),
    *_of("staging", "photo", "add delete"),
    *_of("staging", "project", "add change delete"),
    *_of("staging", "projectmember", "view add change delete"),
    *_of("staging", "share", "view add change"),
    *_of("staging", "stagingbatch", "add"),
    *_of("staging", "stagingjob", "add change delete"),
}
_OPERATOR = _STAGER | {
    "staging.all_projects",
    "staging.replace_prompt",
    *_of("modelsettings", "modelsettings", "view change"),
    *_of("modelsettings", "replicatemodel", "view add change"),
    *_of("staging", "notice", "view change"),
    *_of("staging", "priceestimate", "view add change delete"),
    *_of("staging", "promptrules", "view change"),
    *_of("staging", "prompttemplate", "view add change"),
    *_of("staging", "purchasepause", "view add delete"),
    *_of("staging", "roomtype", "view add change"),
    *_of("staging", "spendinglimit", "view add change delete"),
    # Judging takes either of the two; installations have given this one.
    *_of("staging", "stagedimage", "change"),
    *_of("staging", "style", "view add change"),
}
_ADMINISTRATOR = _OPERATOR | {
    *_of("auth", "group", "view add change delete"),
    *_of("auth", "user", "view add change delete"),
    *_of("knox", "authtoken", "view delete"),
}

ROLES = {
    "Judge": frozenset(_JUDGE),
    "Stager": frozenset(_STAGER),
    "Operator": frozenset(_OPERATOR),
    "Administrator": frozenset(_ADMINISTRATOR),
}
# The words beside a role's name on an account's page.
WORDS = {
    "Judge": "judges and downloads pictures, in projects they own or are members of",
    "Stager": "also uploads, stages, shares and deletes, in the same projects",
    "Operator": "works in all projects; settings, prompts, limits and pauses, too",
    "Administrator": "also accounts, roles and tokens",
}


def make_roles_after_migrate(**options: Any) -> None:
    """Make the roles, unless `migrate` stopped at earlier tables than today's."""
    migrated = options.get("apps") or apps
    try:
        migrated.get_model("staging", "Role")
    except LookupError:
        return
    for name in _APPS:
        # Django makes an app's permissions when it is that app's turn, which may be later.
        create_permissions(apps.get_app_config(name), verbosity=0, apps=migrated)
    make_roles()


@transaction.atomic
def make_roles() -> None:
    """Make the groups that are missing, and give each role the permissions that it never had.

    Nothing is taken from a group, and what an administrator took stays away.
    """
    there = {role.key: role for role in Role.objects.select_related("group")}
    for key, permissions in ROLES.items():
        role = there.get(key) or Role(key=key, group=_make_group(key))
        missing = list(_rows_of(permissions - set(role.given)))
        if role.pk and not missing:
            continue
        if role.group:
            role.group.permissions.add(*missing)
        role.given = sorted({*role.given, *map(_name_of, missing)})
        role.save()


def group_of(key: str) -> Group | None:
    """Return the group of a role; None where an administrator deleted it."""
    return Group.objects.filter(role__key=key).first()


def granted_permissions() -> set[str]:
    """Return the names of all permissions that the code asks for."""
    return set().union(*ROLES.values())


def offered_permissions(manager: User, *, also: Iterable[int] = ()) -> QuerySet[Permission]:
    """Return the permissions that an account may give: those of roles, and only what it holds.

    `also` are the keys of permissions that a form shows because they are given already.
    """
    wanted = Q(pk__in=also) | _any_of(granted_permissions())
    rows = Permission.objects.filter(wanted)
    return rows if manager.is_superuser else rows.filter(_any_of(manager.get_all_permissions()))


def offered_groups(manager: User) -> QuerySet[Group]:
    """Return the groups that an account may put others into: none with a right it lacks."""
    if manager.is_superuser:
        return Group.objects.all()
    beyond = Permission.objects.exclude(_any_of(manager.get_all_permissions()))
    return Group.objects.exclude(permissions__in=beyond)


def may_manage(manager: User, account: User) -> bool:
    """Say whether one account may change another, its password included.

    Only one that has no more rights: else those who manage accounts could take any right.
    """
    if manager.is_superuser:
        return True
    # A deactivated account has its rights again as soon as it is activated.
    of_account = Permission.objects.filter(Q(user=account) | Q(group__user=account))
    beyond = of_account.exclude(_any_of(manager.get_all_permissions()))
    return not (account.is_superuser or beyond.exists())


def may_manage_group(manager: User, group: Group) -> bool:
    return offered_groups(manager).filter(pk=group.pk).exists()


def let_in(user: User, *, had_groups: bool) -> None:
    """Let an account with a role into the admin, and out again when its last right is taken."""
    if user.groups.exists():
        is_staff = True
    elif had_groups and not user.is_superuser and not user.user_permissions.exists():
        is_staff = False
    else:
        return
    if user.is_staff != is_staff:
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])


def _make_group(key: str) -> Group:
    """Make a role's group; one of an administrator's with that name is left as it is."""
    name = f"{key} (Restage)" if Group.objects.filter(name=key).exists() else key
    return Group.objects.create(name=name)


def _rows_of(names: Iterable[str]) -> QuerySet[Permission]:
    return Permission.objects.filter(_any_of(names)).select_related("content_type")


def _any_of(names: Iterable[str]) -> Q:
    """Match the permissions with these names, `app.codename`."""
    by_app: dict[str, list[str]] = {}
    for name in names:
        app, _, codename = name.partition(".")
        by_app.setdefault(app, []).append(codename)
    found = Q(pk__in=[])
    for app, codenames in by_app.items():
        found |= Q(content_type__app_label=app, codename__in=codenames)
    return found


def _name_of(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"
