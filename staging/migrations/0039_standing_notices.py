from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("staging", "0038_wait_for_a_verdict")]

    operations = [
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                fields=["at"], name="standing_notices", condition=models.Q(over_at=None)
            ),
        ),
    ]
