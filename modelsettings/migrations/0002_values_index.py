"""The GIN index that answers "where is output_quality below 70?"; PostgreSQL alone has it."""

from django.db import migrations

NAME = "modelsettings_values_gin"


def create_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"CREATE INDEX {NAME} ON modelsettings_modelsettings USING gin (values)")


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {NAME}")


class Migration(migrations.Migration):
    dependencies = [("modelsettings", "0001_initial")]
    operations = [migrations.RunPython(create_index, drop_index)]
