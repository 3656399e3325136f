from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import F

from modelsettings.models import ModelSettings, ReplicateModel
from staging.models.job import JobKind, StagingJob
from staging.models.project import Project


class EndedPredictions(models.Model):
    """Counts of predictions that ended, with their pictures, cost and time."""

    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    canceled = models.PositiveIntegerField(default=0)
    unpriced = models.PositiveIntegerField(default=0, help_text="Succeeded, at an unknown cost.")
    pictures = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(0))
    seconds = models.FloatField(default=0, help_text="From queued to succeeded, all added up.")

    class Meta:
        abstract = True

    @classmethod
    def _add(
        cls,
        key: dict[str, Any],
        *,
        names: dict[str, Any],
        outcome: str,
        pictures: int,
        cost: Decimal | None,
        seconds: float,
    ) -> None:
        """Add one ended prediction to the row of a key; `names` are the new row's other values.

        Without an outcome, no end is counted: a purchase was found after its prediction's end.
        """
        row, _ = cls._default_manager.get_or_create(**key, defaults=names)
        added: dict[str, int | float | Decimal] = {
            **({outcome: 1} if outcome else {}),
            "pictures": pictures,
            "cost": cost or Decimal(0),
            "unpriced": int(outcome == "succeeded" and cost is None),
            "seconds": seconds,
        }
        cls._default_manager.filter(pk=row.pk).update(
            **{name: F(name) + value for name, value in added.items()}
        )


class DailyUsage(EndedPredictions):
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
    def count(cls, job: StagingJob, *, day: date, **end: Any) -> None:
        """Add one ended prediction: its `outcome` (succeeded, failed or canceled), `pictures`,
        `cost` (None where it is unknown) and `seconds`.
        """
        cls._add(
            {"day": day, "project_id": job.project_id, "profile_id": job.profile_id},
            # Called, and the project read, only for the first prediction of the day.
            names={"model_id": job.model_id, "project_name": lambda: job.project.name},
            **end,
        )


class AccountUsage(EndedPredictions):
    """The same counts by the account that paid and by the kind of job, from their first day on.

    `DailyUsage` keeps its key, because the release before this one writes it in an upgrade and
    would not know which of several rows to add to. What only DailyUsage has counted has no
    known account. (docs/decisions/0014)
    """

    day = models.DateField()
    # The row outlives its account and its project.
    account = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    account_name = models.CharField(max_length=150)
    kind = models.CharField(max_length=10, choices=JobKind.choices)
    project = models.ForeignKey(
        Project, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    model = models.ForeignKey(ReplicateModel, on_delete=models.PROTECT, related_name="+")
    profile = models.ForeignKey(ModelSettings, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "usage of a day by an account"
        verbose_name_plural = "usage by accounts"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "account", "project", "profile", "kind"],
                name="one_row_a_day_account_project_profile_and_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.account_name}"

    @classmethod
    def count(cls, job: StagingJob, *, day: date, account_pk: int, **end: Any) -> None:
        """Add one ended prediction, as `DailyUsage.count` does, for the account that pays."""

        def name() -> str:
            return User.objects.values_list("username", flat=True).get(pk=account_pk)

        key = {
            "day": day,
            "account_id": account_pk,
            "project_id": job.project_id,
            "profile_id": job.profile_id,
            "kind": job.kind,
        }
        cls._add(key, names={"model_id": job.model_id, "account_name": name}, **end)
