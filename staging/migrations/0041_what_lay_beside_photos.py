from django.db import migrations, models

NOTHING = models.Value({}, models.JSONField())


class Migration(migrations.Migration):
    dependencies = [("staging", "0040_files_are_found_by_name")]

    operations = [
        migrations.AddField(
            model_name="stagingbatch",
            name="passed_over",
            field=models.JSONField(default=dict, db_default=NOTHING),
        ),
        migrations.AddField(
            model_name="stagingbatch",
            name="folders_without_room",
            field=models.JSONField(default=dict, db_default=NOTHING),
        ),
    ]
