import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("staging", "0036_habits")]

    operations = [
        migrations.AddField(
            model_name="stagingbatch",
            name="tells_owner",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="stagingbatch",
            index=models.Index(
                condition=models.Q(tells_owner=True),
                fields=["created_at"],
                name="batches_to_tell_of",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="batch",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notice",
                to="staging.stagingbatch",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("limit", "Spending limit"),
                    ("failures", "Failures"),
                    ("standstill", "Standstill"),
                    ("batch", "Batch that is done"),
                    ("test", "Test"),
                ],
                max_length=12,
            ),
        ),
    ]
