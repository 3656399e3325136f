from datetime import date
from decimal import Decimal

from django.db import models
from django.db.models import F

from modelsettings.models import ModelSettings, ReplicateModel
from staging.models.job import StagingJob
from staging.models.project import Project


class DailyUsage(models.Model):
    """The count, cost and time of a day's predictions, for one project and one profile.

    A prediction is counted once, in the transaction that ends it, on the day (in TIME_ZONE) of its
    end. Jobs, photos and projects that are deleted afterwards stay counted.
    """

    day = models.DateField()
    # The row outlives its project.
    project = models.ForeignKey(
        Project, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    project_name = models.CharField(max_length=200)
    model = models.ForeignKey(ReplicateModel, on_delete=models.PROTECT, related_name="+")
    profile = models.ForeignKey(ModelSettings, on_delete=models.PROTECT, related_name="+")
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    canceled = models.PositiveIntegerField(default=0)
    unpriced = models.PositiveIntegerField(default=0, help_text="Succeeded, at an unknown cost.")
    pictures = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(0))
    seconds = models.FloatField(default=0, help_text="From queued to succeeded, all added up.")

    class Meta:
        verbose_name = "usage of a day"
        verbose_name_plural = "cost and time"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "project", "profile"], name="one_row_a_day_project_and_profile"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.project_name}"

    @classmethod
    def count(
        cls,
        job: StagingJob,
        *,
        day: date,
        outcome: str,
        pictures: int,
        cost: Decimal | None,
        seconds: float,
    ) -> None:
        """Add one ended prediction; `outcome` is succeeded, failed or canceled."""
        row, _ = cls.objects.get_or_create(
            day=day,
            project_id=job.project_id,
            profile_id=job.profile_id,
            # Called, and the project read, only for the first prediction of the day.
            defaults={"model_id": job.model_id, "project_name": lambda: job.project.name},
        )
        added: dict[str, int | float | Decimal] = {
            outcome: 1,
            "pictures": pictures,
            "cost": cost or Decimal(0),
            "unpriced": int(outcome == "succeeded" and cost is None),
            "seconds": seconds,
        }
        cls.objects.filter(pk=row.pk).update(
            **{name: F(name) + value for name, value in added.items()}
        )
