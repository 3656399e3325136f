"""Each row of the prompt library says who changed it last, and its history who did each time."""

from django.db import migrations, models

TABLES = ("promptrules", "roomtype", "style", "prompttemplate")


class Migration(migrations.Migration):
    dependencies = [("staging", "0004_every_photo_has_a_project")]

    operations = [
        migrations.AddField(
            model_name=f"{prefix}{table}",
            name="updated_by",
            field=models.CharField(default="system:library", editable=False, max_length=200),
        )
        for table in TABLES
        for prefix in ("", "historical")
    ]
