"""Which accounts and groups the migration lets see all projects, as they did until then."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User

pytestmark = pytest.mark.django_db

migration = import_module("staging.migrations.0030_who_saw_all_projects")


def sees_all(user: User) -> bool:
    return User.objects.get(pk=user.pk).has_perm("staging.all_projects")


@pytest.mark.parametrize(
    ("codename", "saw"),
    [
        ("view_stagingjob", True),
        ("add_photo", True),
        ("change_callback", True),
        ("view_modelsettings", False),
        ("view_spendinglimit", False),
    ],
)
def test_account_that_saw_all_goes_on(stranger: User, codename: str, saw: bool) -> None:
    stranger.user_permissions.add(Permission.objects.get(codename=codename))

    migration.give_all_projects(apps, None)

    assert sees_all(stranger) is saw


def test_group_that_saw_all_goes_on(stranger: User) -> None:
    agents = Group.objects.create(name="agents")
    agents.permissions.add(Permission.objects.get(codename="view_project"))
    stranger.groups.add(agents)

    migration.give_all_projects(apps, None)

    assert sees_all(stranger)


def test_role_of_restages_keeps_to_its_projects(stranger: User) -> None:
    stranger.groups.add(Group.objects.get(role__key="Judge"))

    migration.give_all_projects(apps, None)

    assert not sees_all(stranger)


def test_permission_that_is_not_there_yet_is_made(stranger: User) -> None:
    """As in an upgrade: Django makes permissions after the migrations."""
    Group.objects.all().delete()
    Permission.objects.filter(codename="all_projects").delete()
    stranger.user_permissions.add(Permission.objects.get(codename="view_photo"))

    migration.give_all_projects(apps, None)

    assert sees_all(stranger)
