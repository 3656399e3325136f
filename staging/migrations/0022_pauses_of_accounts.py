import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    dependencies = [
        ("staging", "0021_invitations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="purchasepause", name="one_pause_a_model"),
        migrations.AddField(
            model_name="purchasepause",
            name="account",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="purchase_pause",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="purchasepause",
            constraint=models.UniqueConstraint(
                Coalesce("model", 0),
                condition=models.Q(account=None),
                name="one_pause_by_an_operator",
            ),
        ),
        migrations.AddConstraint(
            model_name="purchasepause",
            constraint=models.CheckConstraint(
                condition=models.Q(model=None) | models.Q(account=None),
                name="pause_of_a_model_or_an_account",
                violation_error_message="Choose a model or an account, not both.",
            ),
        ),
    ]
