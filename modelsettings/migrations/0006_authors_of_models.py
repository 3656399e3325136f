"""Writes the authors of earlier changes of models, as their rows of history tell them.

A row of an account has its user. A part of the system had no column: it stands in the reason.
"""

import re
from typing import Any

from django.db import migrations
from django.db.models import QuerySet

_SAID = re.compile(r"(?:Added|Published schema read) by (system:\S+)\.")


def write_authors(apps: Any, schema_editor: Any) -> None:
    rows = QuerySet(apps.get_model("modelsettings", "HistoricalReplicateModel"))
    columns = ("pk", "history_user__username", "history_change_reason")
    for pk, username, reason in rows.filter(updated_by="").values_list(*columns):
        said = _SAID.fullmatch(reason or "")
        author = username or (said[1] if said else "")
        rows.filter(pk=pk).update(updated_by=author)


class Migration(migrations.Migration):
    dependencies = [("modelsettings", "0005_who_changed_models")]

    operations = [migrations.RunPython(write_authors, migrations.RunPython.noop)]
