"""Whom the migration lets replace whole prompts, as they could before."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User

pytestmark = pytest.mark.django_db

migration = import_module("staging.migrations.0026_operators_replace_prompts")


@pytest.mark.parametrize("has_row", [True, False])
def test_whoever_may_change_settings_may_replace_prompts(stranger: User, has_row: bool) -> None:
    tuning = Permission.objects.get(codename="change_modelsettings")
    if not has_row:
        # As before the release: `migrate` makes the rows of permissions after all migrations.
        Permission.objects.filter(codename="replace_prompt").delete()
    by_group, by_right = (User.objects.create_user(name) for name in ("gina", "rita"))
    tuners = Group.objects.create(name="Tuners")
    tuners.permissions.add(tuning)
    by_group.groups.add(tuners)
    by_right.user_permissions.add(tuning)

    migration.grant(apps, None)

    people = User.objects.filter(pk__in=[stranger.pk, by_group.pk, by_right.pk])
    may = {user.username: user.has_perm("staging.replace_prompt") for user in people}
    assert may == {"sam": False, "gina": True, "rita": True}
    assert Permission.objects.filter(codename="replace_prompt").count() == 1


def test_it_makes_nothing_where_nobody_is(stranger: User) -> None:
    # Roles, which tune models, are made later.
    Group.objects.all().delete()
    Permission.objects.filter(codename="replace_prompt").delete()

    migration.grant(apps, None)

    assert not Permission.objects.filter(codename="replace_prompt").exists()
