"""Batches: many photos requested at once, and the state of each photo."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from modelsettings.models import ReplicateModel
from staging.models.lease import Leased, LeasedQuerySet
from staging.models.photo import Photo
from staging.models.project import Project

_NOTHING = models.Value({}, models.JSONField())


class StagingBatch(models.Model):
    """A request for many photos in one or several styles; `styles` is a list of their keys.

    The row keeps the request as it came: a worker makes the jobs of a photo from it, once the photo
    is normalised.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="batches"
    )
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="batches"
    )
    styles = models.JSONField()
    prompt = models.TextField(blank=True)
    prompt_mode = models.CharField(max_length=10, default="add")
    model = models.ForeignKey(ReplicateModel, on_delete=models.PROTECT, null=True, related_name="+")
    profile_name = models.CharField(max_length=100, blank=True)
    overrides = models.JSONField(default=dict)
    seed = models.BigIntegerField(null=True)
    callback_url = models.CharField(max_length=500, blank=True)
    # Whether its owner waits for a notice that it is done; false again once the notice is written.
    tells_owner = models.BooleanField(default=False, db_default=False)
    # Counts, for readers of the batch: of the files that were passed over, by extension, and of
    # the photos for which no room was found, by folder. An older release does not know them.
    passed_over: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(
        default=dict, db_default=_NOTHING
    )
    folders_without_room: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(
        default=dict, db_default=_NOTHING
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "batch"
        verbose_name_plural = "batches"
        indexes = [
            models.Index(fields=["project", "-created_at"], name="batch_by_project"),
            models.Index(fields=["-created_at"], name="batch_by_age"),
            models.Index(
                fields=["created_at"], name="batches_to_tell_of", condition=Q(tells_owner=True)
            ),
        ]

    def __str__(self) -> str:
        return f"Batch {str(self.pk)[:8]}"


class BatchPhotoStatus(models.TextChoices):
    WAITING = "waiting"
    STAGED = "staged"
    REFUSED = "refused"


class BatchPhotoQuerySet(LeasedQuerySet["BatchPhoto"]):
    def claimable(self, now: datetime) -> "BatchPhotoQuerySet":
        """Return the photos that wait and that no worker holds."""
        return self.free(now).filter(status=BatchPhotoStatus.WAITING)

    def claim(self, row: "BatchPhoto") -> bool:
        """Lease a photo for STAGING_LEASE_S and count a try; say whether it is ours."""
        waiting = self.filter(status=BatchPhotoStatus.WAITING)
        lease = timedelta(seconds=settings.STAGING_LEASE_S)
        taken = waiting.take(row, lease=lease, tries=F("tries") + 1)
        if taken:
            row.tries += 1
        return taken

    def of_sender(self, account: User) -> "BatchPhotoQuerySet":
        """Return the photos that an account sent, in its own batches or into another's."""
        return self.filter(Q(sent_by=account) | Q(sent_by=None, batch__owner=account))

    def take_in_place(self, row: "BatchPhoto", **values: Any) -> bool:
        """Let a refused photo wait to be read anew; say whether it was still refused."""
        refused = self.filter(pk=row.pk, status=BatchPhotoStatus.REFUSED)
        taken = refused.update(
            status=BatchPhotoStatus.WAITING,
            error="",
            job_errors={},
            photo=None,
            tries=0,
            lease_until=None,
            **values,
        )
        return bool(taken)

    def note(self, row: "BatchPhoto", **values: Any) -> bool:
        """Write values under the claim; say whether the claim still held."""
        held = self.held(row).filter(status=BatchPhotoStatus.WAITING)
        noted = bool(held.update(**values))
        if noted:
            for name, value in values.items():
                setattr(row, name, value)
        return noted


class BatchPhoto(Leased):
    """One photo of a batch: a file that waits to be normalised, then the photo, or a refusal.

    `upload` names the file as it came; it is empty once a worker has read the file, and for a photo
    that was there before the batch. `job_errors` holds, by style, the errors of the jobs that could
    not be made of a good photo.
    """

    batch = models.ForeignKey(StagingBatch, on_delete=models.CASCADE, related_name="photos")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=255)
    room_type = models.CharField(max_length=40)
    upload = models.CharField(max_length=200, blank=True)
    photo = models.ForeignKey(Photo, on_delete=models.SET_NULL, null=True, related_name="+")
    status = models.CharField(
        max_length=10, choices=BatchPhotoStatus.choices, default=BatchPhotoStatus.WAITING
    )
    error = models.TextField(blank=True)
    job_errors: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    # Who sent the file in the place of a refused one, and pays for it; empty: the batch's owner.
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    tries = models.PositiveSmallIntegerField(default=0)
    # Its place among the photos that wait to be read. The database has the default as well, for an
    # older release that does not know the column.
    rank_at = models.DateTimeField(default=timezone.now, db_default=Now())

    objects = BatchPhotoQuerySet.as_manager()

    class Meta:
        ordering = ("batch", "position")
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="one_photo_a_place")
        ]
        indexes = [
            models.Index(fields=["id"], name="waiting_batch_photos", condition=Q(status="waiting")),
            models.Index(
                fields=["rank_at", "id"],
                name="waiting_photos_by_rank",
                condition=Q(status="waiting"),
            ),
            models.Index(fields=["upload"], name="batch_photo_by_upload", condition=~Q(upload="")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def owner(self) -> User:
        """The account whose photo it becomes, and that pays for its jobs."""
        return self.sent_by or self.batch.owner
