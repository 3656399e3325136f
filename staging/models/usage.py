from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Greatest

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
    seconds = models.FloatField(default=0, help_text="From bought to succeeded, all added up.")
    # Today's verdicts on its pictures, and what those that are rejected now had cost.
    accepted = models.IntegerField(default=0, db_default=0)
    rejected = models.IntegerField(default=0, db_default=0)
    rejected_cost = models.DecimalField(
        max_digits=14, decimal_places=6, default=Decimal(0), db_default=Decimal(0)
    )

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
        added: dict[str, int | float | Decimal] = {
            **({outcome: 1} if outcome else {}),
            "pictures": pictures,
            "cost": cost or Decimal(0),
            "unpriced": int(outcome == "succeeded" and cost is None),
            "seconds": seconds,
        }
        row, _ = cls._default_manager.get_or_create(**key, defaults=names)
        cls._default_manager.filter(pk=row.pk).update(
            **{name: F(name) + value for name, value in added.items()}
        )

    @classmethod
    def _move_verdicts(cls, key: dict[str, Any], added: dict[str, int | Decimal]) -> None:
        """Add to the verdicts of the row of a key, which do not go below 0.

        A verdict may be withdrawn that was not counted when it was given: a release without the
        columns noted it, or no row counts its picture, which came before such rows were kept. Of
        such a picture no verdict is counted.
        """
        cls._default_manager.filter(**key).update(
            **{
                name: Greatest(F(name) + value, Value(type(value)(0)))
                for name, value in added.items()
            }
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
        cls._add(cls._key_of(job, day), names=cls._names_of(job), **end)

    @classmethod
    def count_verdicts(cls, job: StagingJob, *, day: date, **added: int | Decimal) -> None:
        """Add to a day's `accepted`, `rejected` and `rejected_cost`, which may go down."""
        cls._move_verdicts(cls._key_of(job, day), added)

    @classmethod
    def _key_of(cls, job: StagingJob, day: date) -> dict[str, Any]:
        return {"day": day, "project_id": job.project_id, "profile_id": job.profile_id}

    @classmethod
    def _names_of(cls, job: StagingJob) -> dict[str, Any]:
        # Called, and the project read, only for the first prediction of the day.
        return {"model_id": job.model_id, "project_name": lambda: job.project.name}


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
        key = cls._key_of(job, day=day, account_pk=account_pk)
        cls._add(key, names=cls._names_of(job, account_pk), **end)

    @classmethod
    def count_verdicts(
        cls, job: StagingJob, *, day: date, account_pk: int, **added: int | Decimal
    ) -> None:
        """Add to a day's verdicts, as `DailyUsage.count_verdicts` does."""
        key = cls._key_of(job, day=day, account_pk=account_pk)
        cls._move_verdicts(key, added)

    @classmethod
    def _key_of(cls, job: StagingJob, *, day: date, account_pk: int) -> dict[str, Any]:
        return {
            "day": day,
            "account_id": account_pk,
            "project_id": job.project_id,
            "profile_id": job.profile_id,
            "kind": job.kind,
        }

    @classmethod
    def _names_of(cls, job: StagingJob, account_pk: int) -> dict[str, Any]:
        def name() -> str:
            return User.objects.values_list("username", flat=True).get(pk=account_pk)

        return {"model_id": job.model_id, "account_name": name}


class DailyTime(models.Model):
    """The number of a day's predictions that ran equally long, from bought to succeeded.

    Times are kept to two digits, so that a day, project and profile has a few dozen rows however
    many predictions it has, and medians of any period are read from them. (docs/decisions/0020)
    """

    day = models.DateField()
    # The row outlives its account and its project.
    account = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    project = models.ForeignKey(
        Project, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    model = models.ForeignKey(
        ReplicateModel, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    profile = models.ForeignKey(ModelSettings, on_delete=models.PROTECT, related_name="+")
    took_ms = models.PositiveIntegerField(help_text="To two digits.")
    number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "account", "project", "profile", "took_ms"],
                name="one_row_a_day_account_project_profile_and_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {timedelta(milliseconds=self.took_ms)}"

    @classmethod
    def count(cls, job: StagingJob, *, day: date, account_pk: int, seconds: float) -> None:
        """Add one prediction that succeeded."""
        row, _ = cls.objects.get_or_create(
            day=day,
            account_id=account_pk,
            project_id=job.project_id,
            profile_id=job.profile_id,
            took_ms=two_digits(seconds),
            defaults={"model_id": job.model_id},
        )
        cls.objects.filter(pk=row.pk).update(number=F("number") + 1)


def two_digits(seconds: float) -> int:
    """Return milliseconds to two digits.

    >>> two_digits(9.4321), two_digits(0.00001), two_digits(99.6)
    (9400, 1, 100000)
    """
    milliseconds = max(1, round(seconds * 1000))
    step: int = 10 ** max(0, len(str(milliseconds)) - 2)
    return round(milliseconds / step) * step
