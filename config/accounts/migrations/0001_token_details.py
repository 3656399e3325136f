import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    # By its last migration: before it the key of a token was another.
    dependencies = [("knox", "0009_extend_authtoken_field")]

    operations = [
        migrations.CreateModel(
            name="TokenDetails",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=100)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "token",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="details",
                        to="knox.authtoken",
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
    ]
