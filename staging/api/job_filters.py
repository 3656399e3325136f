"""The filters of a list of jobs."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from modelsettings.models import ModelSettings
from staging.api.pages import MomentField, PageQuery
from staging.jobs.judging import FRESH, jobs_judged
from staging.models import JobStatus, StagingJob, Verdict

# A filter's name, and the column that it compares with.
_COLUMNS = {
    "status": "status__in",
    "project": "project",
    "photo": "photo",
    "batch": "batch_photo__batch",
    "model": "model__slug",
    "room_type": "room_type",
    "style": "style",
    "created_after": "created_at__gt",
    "created_before": "created_at__lt",
}


class JobQuery(PageQuery):
    """The filters that a list of jobs takes."""

    status = serializers.ListField(
        child=serializers.ChoiceField(choices=JobStatus.choices),
        required=False,
        help_text="Any of these.",
    )
    project = serializers.UUIDField(required=False)
    photo = serializers.UUIDField(required=False)
    batch = serializers.UUIDField(required=False)
    model = serializers.CharField(required=False, help_text="owner/name")
    profile = serializers.CharField(required=False, help_text="As it was called then.")
    room_type = serializers.CharField(required=False)
    style = serializers.CharField(required=False)  # type: ignore[assignment]  # not the field's own
    verdict = serializers.ChoiceField(
        choices=[*Verdict.choices, (FRESH, "Fresh")],
        required=False,
        help_text="Jobs with a picture that was judged so; fresh: one without a verdict.",
    )
    created_after = MomentField(required=False)
    created_before = MomentField(required=False)


def filter_jobs(jobs: QuerySet[StagingJob], asked: dict[str, Any]) -> QuerySet[StagingJob]:
    """Return the jobs that pass the filters; `asked` is what JobQuery has read."""
    jobs = jobs.filter(**{_COLUMNS[name]: asked[name] for name in asked if name in _COLUMNS})
    if profile := asked.get("profile"):
        # The index holds profiles, not names; the history has every name that a profile has had.
        called_so = ModelSettings.history.filter(name=profile).values("id")
        jobs = jobs.filter(profile__in=called_so, profile_name=profile)
    if verdict := asked.get("verdict"):
        jobs = jobs_judged(jobs, verdict)
    return jobs
