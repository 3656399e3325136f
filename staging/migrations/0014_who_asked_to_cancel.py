"""Names who asked to cancel what is unfinished, which stood in the timeline alone."""

from typing import Any

from django.db import migrations

UNFINISHED = ("queued", "submitting", "running", "collecting")


def name_askers(apps: Any, _: Any) -> None:
    """Take the names from the timelines, in the words in which a wish was noted until now."""
    rows = apps.get_model("staging", "Prediction").objects
    asked = rows.filter(
        status__in=UNFINISHED, cancel_asked_at__isnull=False, cancel_asked_by=""
    )
    for prediction in asked.order_by().prefetch_related("transitions"):
        wishes = [step for step in prediction.transitions.all() if step.why == "Asked to cancel it."]
        if wishes:
            last = max(wishes, key=lambda step: (step.at, step.pk))
            rows.filter(pk=prediction.pk).update(cancel_asked_by=last.by)


class Migration(migrations.Migration):

    dependencies = [
        ('staging', '0013_what_predictions_wait_for'),
    ]

    operations = [
        # Backwards the timeline still says it.
        migrations.RunPython(name_askers, migrations.RunPython.noop),
    ]
