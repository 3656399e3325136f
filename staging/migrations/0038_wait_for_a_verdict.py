from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("staging", "0037_notices_of_batches")]

    operations = [
        # The query of an earlier release, which passes over pictures with stars, can use it too.
        migrations.RemoveIndex(model_name="stagedimage", name="fresh_images"),
        migrations.AddIndex(
            model_name="stagedimage",
            index=models.Index(
                fields=["created_at"], name="fresh_images", condition=models.Q(verdict="")
            ),
        ),
    ]
