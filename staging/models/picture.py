from django.db import models


class StagedImage(models.Model):
    """One finished picture of a prediction, as it is stored and delivered."""

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

    class Meta:
        ordering = ("prediction", "position")
        constraints = [
            models.UniqueConstraint(fields=["prediction", "position"], name="one_image_a_place")
        ]

    def __str__(self) -> str:
        return f"{self.width} × {self.height} {self.format}"
