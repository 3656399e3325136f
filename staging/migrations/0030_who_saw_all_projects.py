"""Lets accounts and groups that see the work of all projects in the admin go on seeing it.

Until now any permission for a kind of rows showed the rows of all projects. From now on that takes
`staging.all_projects`, which is given to each account and group with such a permission.
"""

from typing import Any

from django.db import migrations

KINDS = (
    "callback", "dailyusage", "photo", "project", "share", "stagedimage", "stagingbatch",
    "stagingjob",
)
CODENAMES = [f"{action}_{kind}" for kind in KINDS for action in ("view", "add", "change", "delete")]


def give_all_projects(apps: Any, _: Any) -> None:
    Permission = apps.get_model("auth", "Permission")
    there = Permission.objects.filter(content_type__app_label="staging", codename__in=CODENAMES)
    users = apps.get_model("auth", "User").objects.filter(user_permissions__in=there).distinct()
    groups = apps.get_model("auth", "Group").objects.filter(permissions__in=there).distinct()
    # Restage's own are there where this migration was taken back, and is made again.
    groups = groups.exclude(pk__in=apps.get_model("staging", "Role").objects.filter(
        group__isnull=False
    ).values("group"))
    if not (users.exists() or groups.exists()):
        return
    # Permissions of models are made after all migrations.
    kind, _made = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="staging", model="project"
    )
    all_projects, _made = Permission.objects.get_or_create(
        content_type=kind,
        codename="all_projects",
        defaults={"name": "Can work in all projects in the admin"},
    )
    for user in users:
        user.user_permissions.add(all_projects)
    for group in groups:
        group.permissions.add(all_projects)


class Migration(migrations.Migration):

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('staging', '0029_roles'),
    ]

    operations = [
        # Backwards the permission means nothing.
        migrations.RunPython(give_all_projects, migrations.RunPython.noop),
    ]
