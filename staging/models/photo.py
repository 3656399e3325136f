import uuid

from django.conf import settings
from django.db import models


def photo_path(photo: "Photo", _filename: str) -> str:
    """Return where a photo is stored: under a name that nobody guesses."""
    return f"photos/{photo.pk}.jpg"


def photo_thumbnail_path(photo: "Photo", _filename: str) -> str:
    return f"photos/{photo.pk}-thumbnail.webp"


class Photo(models.Model):
    """A photo of a room, checked and normalised: JPEG, sRGB, upright, without metadata."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="photos"
    )
    file = models.FileField(upload_to=photo_path, max_length=200)
    thumbnail = models.FileField(upload_to=photo_thumbnail_path, max_length=200)
    original_name = models.CharField(max_length=255, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.original_name or str(self.pk)
