"""Jobs that have ended, and what days came to, as columns say it."""

from datetime import date, timedelta
from typing import Any

from staging.models import DailyTime, DailyUsage, StagingJob


def end(job: StagingJob, status: str = "succeeded", *, seconds: float = 5, **columns: Any) -> None:
    """Let a job have ended so long after it was asked for."""
    at = job.created_at + timedelta(seconds=seconds)
    job.predictions.update(status=status, finished_at=at, **columns)
    StagingJob.objects.filter(pk=job.pk).update(status=status, finished_at=at)


def add_time(job: StagingJob, day: date, *, seconds: float) -> None:
    """Let a prediction of a day have run as long as that."""
    DailyTime.count(job, day=day, account_pk=job.owner_id, seconds=seconds)


def fail(job: StagingJob, code: str, error: str = "E005: flagged.") -> None:
    end(job, "failed", error_code=code, error=error)


def add_usage(job: StagingJob, day: date, **counts: Any) -> None:
    DailyUsage.objects.create(
        day=day,
        project_id=job.project_id,
        project_name="Unsorted",
        model_id=job.model_id,
        profile_id=job.profile_id,
        **counts,
    )
