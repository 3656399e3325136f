import uuid
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.profile_names import shown_name
from modelsettings.schema.delivery import Delivery
from staging.models.batch import BatchPhoto
from staging.models.photo import Photo
from staging.models.project import Project


class JobStatus(models.TextChoices):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    COLLECTING = "collecting"
    SUCCEEDED = "succeeded"
    PARTIALLY_SUCCEEDED = "partially_succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class JobKind(models.TextChoices):
    """The purpose of a job, by which its cost is counted."""

    JOB = "job"
    TRIAL = "trial"
    COMPARISON = "comparison"


UNFINISHED: tuple[str, ...] = (
    JobStatus.QUEUED,
    JobStatus.SUBMITTING,
    JobStatus.RUNNING,
    JobStatus.COLLECTING,
)


def job_status(predictions: Collection[str]) -> JobStatus:
    """Return a job's status from its predictions' statuses.

    While any prediction is unfinished, it is the status of the least advanced one.

    >>> job_status(["running", "succeeded"])
    JobStatus.RUNNING
    """
    for status in UNFINISHED:
        if status in predictions:
            return JobStatus(status)
    succeeded = sum(status == JobStatus.SUCCEEDED for status in predictions)
    if succeeded == len(predictions):
        return JobStatus.SUCCEEDED
    if succeeded:
        return JobStatus.PARTIALLY_SUCCEEDED
    return JobStatus.CANCELED if JobStatus.CANCELED in predictions else JobStatus.FAILED


class StagingJob(models.Model):
    """A request to stage one photo with one prompt and one revision of a model's settings.

    `settings` is the whole document that the job runs with; `input` goes to Replicate, with the
    photo by reference; `delivery` is what Restage does with the pictures.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs"
    )
    # Always the photo's project; repeated here for the lists.
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="jobs"
    )
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="jobs")
    room_type = models.CharField(max_length=40)
    style = models.CharField(max_length=40)
    prompt = models.TextField()
    model = models.ForeignKey(ReplicateModel, on_delete=models.PROTECT, related_name="jobs")
    version = models.CharField(max_length=64, blank=True)
    runs_by_name = models.BooleanField(
        default=True, help_text="Official models are run by name, others by their version."
    )
    profile = models.ForeignKey(ModelSettings, on_delete=models.PROTECT, related_name="jobs")
    profile_name = models.CharField(max_length=100, help_text="As it was called then.")
    revision = models.PositiveIntegerField()
    settings = models.JSONField()
    overrides = models.JSONField(default=dict)
    input = models.JSONField()
    delivery = models.JSONField()
    # What each of its predictions should cost in dollars, and may cost at most, as it was known
    # when it was asked for: what its pages say. Empty where that is unknown, and in jobs of a
    # release without the columns. Limits ask again when it is bought.
    expected_cost = models.DecimalField(max_digits=10, decimal_places=6, null=True)
    most_cost = models.DecimalField(max_digits=10, decimal_places=6, null=True)
    # Whose rule gave it its disclosure label: "site" or "project"; empty: none did.
    disclosure_rule = models.CharField(max_length=7, blank=True, default="", db_default="")
    status = models.CharField(max_length=20, choices=JobStatus.choices, default=JobStatus.QUEUED)
    batch_photo = models.ForeignKey(
        BatchPhoto, on_delete=models.SET_NULL, null=True, related_name="jobs"
    )
    # The database has the default as well, for an older release that does not know the column.
    kind = models.CharField(
        max_length=10, choices=JobKind.choices, default=JobKind.JOB, db_default=JobKind.JOB
    )
    repeats = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    # Whether any of its pictures has that verdict; repeated here for the lists.
    has_accepted = models.BooleanField(default=False)
    has_rejected = models.BooleanField(default=False)
    # The time of the last change of anything that its API document shows; its ETag is made from it.
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "job"
        permissions = (("replace_prompt", "Can replace the whole prompt of a job"),)
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="job_by_owner"),
            models.Index(fields=["-created_at"], name="job_by_age"),
            models.Index(fields=["profile", "revision"], name="job_by_revision"),
            models.Index(fields=["profile", "-created_at"], name="job_by_profile"),
            models.Index(fields=["project", "-created_at"], name="job_by_project"),
            models.Index(fields=["status", "-created_at"], name="job_by_status"),
            models.Index(fields=["model", "-created_at"], name="job_by_model"),
            models.Index(fields=["room_type", "-created_at"], name="job_by_room_type"),
            models.Index(fields=["style", "-created_at"], name="job_by_style"),
            models.Index(
                fields=["-created_at"], name="accepted_jobs", condition=Q(has_accepted=True)
            ),
            models.Index(
                fields=["-created_at"], name="rejected_jobs", condition=Q(has_rejected=True)
            ),
        ]

    def __str__(self) -> str:
        return f"Job {str(self.pk)[:8]}"

    @property
    def shown_profile(self) -> str:
        """Its profile's name then, as pages show it."""
        return shown_name(self.profile_name)

    @property
    def is_finished(self) -> bool:
        return self.status not in UNFINISHED

    @property
    def delivered(self) -> Delivery:
        """`delivery` as a typed object."""
        return Delivery.from_json(self.delivery)

    def input_of(self, *, seed: int | None, photo_url: str | None) -> dict[str, Any]:
        """Return the exact input of one prediction, with the photo's address for its reference."""
        sent: dict[str, Any] = dict(self.input)
        if seed is not None:
            sent["seed"] = seed
        reference = self.photo_reference
        for name, value in sent.items():
            if value == reference:
                sent[name] = photo_url
            elif value == [reference]:
                sent[name] = [photo_url]
        return sent

    @property
    def photo_reference(self) -> str:
        """The name of the photo in `input`."""
        return f"photo:{self.photo_id}"
