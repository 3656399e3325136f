import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from modelsettings.models import ModelSettings, ReplicateModel


class Project(models.Model):
    """What jobs belong to: a listing, a client. It may name the model and profile they use."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="projects"
    )
    name = models.CharField(max_length=200)
    model = models.ForeignKey(
        ReplicateModel,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What its jobs use; without one, the default for staging.",
    )
    profile = models.ForeignKey(
        ModelSettings,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The profile of that model; without one, the live one.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.profile is None:
            return
        if self.profile.model_id != self.model_id:
            raise ValidationError({"profile": "This profile is another model's."})
        if self.profile.retired_at is not None:
            raise ValidationError({"profile": "This profile is retired."})
