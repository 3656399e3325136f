"""Takes the figures of limits out of timelines and batches, where everybody read them until now.

The errors of predictions are told by their code, whatever an older release stored.
"""

from typing import Any

from django.db import migrations
from django.db.models import Q

PLAIN = "It did not fit into a spending limit."
# How a sentence with figures goes: "12 Elm Street may spend $5.00 a day: $0.01 is left, …".
FIGURES = "may spend $"


def leave_figures_out(apps: Any, _: Any) -> None:
    steps = apps.get_model("staging", "Transition").objects
    refused = Q(prediction__error_code="over_limit") | Q(prediction__error_code="no_estimate")
    told = steps.filter(refused, target="failed", why__contains=FIGURES)
    told.update(why=PLAIN)
    photos = apps.get_model("staging", "BatchPhoto").objects
    for photo in photos.exclude(job_errors={}).only("job_errors").iterator(chunk_size=500):
        clean = {
            style: PLAIN if FIGURES in str(why) else why for style, why in photo.job_errors.items()
        }
        if clean != photo.job_errors:
            photos.filter(pk=photo.pk).update(job_errors=clean)


class Migration(migrations.Migration):

    dependencies = [
        ('staging', '0019_other_purchases_of_a_prediction'),
    ]

    operations = [
        # Backwards nothing is missed: the reason still stands there.
        migrations.RunPython(leave_figures_out, migrations.RunPython.noop),
    ]
