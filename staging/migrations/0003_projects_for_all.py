"""Gives every photo and job a project, and counts what was bought before usage was counted."""

from collections import defaultdict
from decimal import Decimal

from django.db import migrations
from django.utils import timezone

ENDED = ("succeeded", "failed", "canceled")


def sort_photos(apps, schema_editor):
    """A photo joins its first job's project, or its owner's Unsorted; its jobs follow it."""
    Photo, Project, StagingJob = (
        apps.get_model("staging", name) for name in ("Photo", "Project", "StagingJob")
    )
    unsorted = {}
    for photo in Photo.objects.filter(project=None).iterator():
        of_job = StagingJob.objects.filter(photo=photo).exclude(project=None)
        project_id = of_job.order_by("created_at").values_list("project_id", flat=True).first()
        if project_id is None:
            if photo.owner_id not in unsorted:
                made = Project.objects.get_or_create(
                    owner_id=photo.owner_id, is_unsorted=True, defaults={"name": "Unsorted"}
                )
                unsorted[photo.owner_id] = made[0].pk
            project_id = unsorted[photo.owner_id]
        Photo.objects.filter(pk=photo.pk).update(project_id=project_id)
        StagingJob.objects.filter(photo=photo).update(project_id=project_id)


def count_usage(apps, schema_editor):
    Prediction, StagedImage, DailyUsage = (
        apps.get_model("staging", name) for name in ("Prediction", "StagedImage", "DailyUsage")
    )
    totals = defaultdict(lambda: defaultdict(int))
    names, models = {}, {}
    ended = Prediction.objects.filter(status__in=ENDED, finished_at__isnull=False)
    for one in ended.select_related("job__project").iterator():
        job = one.job
        names[job.project_id], models[job.profile_id] = job.project.name, job.model_id
        total = totals[timezone.localdate(one.finished_at), job.project_id, job.profile_id]
        total[one.status] += 1
        total["cost"] += one.cost or Decimal(0)
        if one.status == "succeeded":
            total["unpriced"] += one.cost is None
            total["pictures"] += StagedImage.objects.filter(prediction=one).count()
            total["seconds"] += (one.finished_at - one.created_at).total_seconds()
    DailyUsage.objects.bulk_create(
        DailyUsage(
            day=day,
            project_id=project,
            project_name=names[project],
            profile_id=profile,
            model_id=models[profile],
            **total,
        )
        for (day, project, profile), total in totals.items()
    )


def forget_usage(apps, schema_editor):
    """Forget the counts; photos and jobs keep their projects, which the earlier schema allows."""
    apps.get_model("staging", "DailyUsage").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("staging", "0002_staging_as_a_whole")]

    operations = [
        migrations.RunPython(sort_photos, migrations.RunPython.noop),
        migrations.RunPython(count_usage, forget_usage),
    ]
