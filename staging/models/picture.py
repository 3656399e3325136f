from django.conf import settings
from django.db import models
from django.db.models import Q


class Verdict(models.TextChoices):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class StagedImage(models.Model):
    """One finished picture of a prediction, as it is stored and delivered, with its verdict.

    A picture without a verdict is fresh: it waits to be judged, also where it has stars.
    """

    prediction = models.ForeignKey(
        "staging.Prediction", on_delete=models.CASCADE, related_name="images"
    )
    position = models.PositiveSmallIntegerField(help_text="Its place among the outputs, from 0.")
    file = models.FileField(max_length=200)
    thumbnail = models.FileField(max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    format = models.CharField(max_length=10)
    size = models.PositiveIntegerField(help_text="In bytes.")
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    stars = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 to 5.")
    note = models.TextField(blank=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    judged_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("prediction", "position")
        verbose_name = "picture"
        permissions = [("judge_pictures", "Can judge pictures")]
        constraints = [
            models.UniqueConstraint(fields=["prediction", "position"], name="one_image_a_place"),
            models.CheckConstraint(
                condition=Q(stars=None) | Q(stars__range=(1, 5)), name="one_to_five_stars"
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="fresh_images",
                condition=Q(verdict=""),
            ),
            models.Index(fields=["file"], name="image_by_file"),
            models.Index(fields=["thumbnail"], name="image_by_thumbnail"),
        ]

    def __str__(self) -> str:
        return f"{self.width} × {self.height} {self.format}"
