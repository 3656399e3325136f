"""Does nothing forwards. Backwards it ends the pauses of accounts: the earlier schema has none."""

from typing import Any

from django.db import migrations


def end_pauses(apps: Any, _schema_editor: Any) -> None:
    apps.get_model("staging", "PurchasePause").objects.exclude(account=None).delete()


class Migration(migrations.Migration):
    dependencies = [("staging", "0022_pauses_of_accounts")]

    operations = [migrations.RunPython(migrations.RunPython.noop, end_pauses)]
