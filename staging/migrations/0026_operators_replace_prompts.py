"""Lets whoever may change settings replace whole prompts, as all accounts could until now."""

from typing import Any

from django.db import migrations


def grant(apps: Any, _: Any) -> None:
    """Give users and groups that may change settings the new permission, which has no row yet."""
    permissions = apps.get_model("auth", "Permission").objects
    tuning = permissions.filter(
        codename="change_modelsettings", content_type__app_label="modelsettings"
    )
    groups = apps.get_model("auth", "Group").objects.filter(permissions__in=tuning)
    users = apps.get_model("auth", "User").objects.filter(user_permissions__in=tuning)
    if not groups.exists() and not users.exists():
        return
    job, _created = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="staging", model="stagingjob"
    )
    # The words of the model's Meta, so that migrate finds its permission there afterwards.
    replacing, _created = permissions.get_or_create(
        codename="replace_prompt",
        content_type=job,
        defaults={"name": "Can replace the whole prompt of a job"},
    )
    for group in groups:
        group.permissions.add(replacing)
    for user in users:
        user.user_permissions.add(replacing)


class Migration(migrations.Migration):

    dependencies = [
        ('staging', '0025_who_may_replace_the_prompt'),
        ('modelsettings', '0004_what_clients_may_name'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        # Backwards nothing asks for the permission.
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
