import uuid

from django.conf import settings
from django.db import models

from staging.models.project import Project


def photo_path(photo: "Photo", _filename: str) -> str:
    """Return the path of a photo in storage, which cannot be guessed."""
    return f"photos/{photo.pk}.jpg"


def photo_thumbnail_path(photo: "Photo", _filename: str) -> str:
    return f"photos/{photo.pk}-thumbnail.webp"


class Photo(models.Model):
    """A photo of a room, checked and normalised: JPEG, sRGB, upright, without metadata.

    The `original_…` facts are those of the upload: its name, its format, its pixels as it was
    shown, its bytes. They are 0 or empty for photos that are older than these columns.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="photos"
    )
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, related_name="photos"
    )
    file = models.FileField(upload_to=photo_path, max_length=200)
    thumbnail = models.FileField(upload_to=photo_thumbnail_path, max_length=200)
    original_name = models.CharField(max_length=255, blank=True)
    original_format = models.CharField(max_length=10, blank=True)
    original_width = models.PositiveIntegerField(default=0)
    original_height = models.PositiveIntegerField(default=0)
    original_size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(default=0, help_text="In bytes.")
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=["project", "-created_at"], name="photo_by_project"),
            models.Index(fields=["-created_at"], name="photo_by_age"),
            models.Index(fields=["file"], name="photo_by_file"),
            models.Index(fields=["thumbnail"], name="photo_by_thumbnail"),
        ]

    def __str__(self) -> str:
        return self.original_name or str(self.pk)
