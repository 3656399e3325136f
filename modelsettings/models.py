"""What is published, and what an operator chose."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, NoReturn

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django_jsonform.models.fields import JSONField as JSONFormField
from simple_history.models import HistoricalRecords

from modelsettings import pricing

_writing: ContextVar[bool] = ContextVar("writing", default=False)


class WriteRefused(RuntimeError):
    """A write of settings that would go around `modelsettings.services`."""


@contextmanager
def settings_write() -> Iterator[None]:
    """Allow writes of settings inside; for `modelsettings.services` alone."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


class ReplicateModel(models.Model):
    """A published model that Restage knows, and how it is used here."""

    slug = models.CharField(
        max_length=200,
        unique=True,
        validators=[RegexValidator(r"^[\w.-]+/[\w.-]+$", "Write it as owner/name.")],
        help_text="owner/name, as on Replicate.",
    )
    label = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    position = models.PositiveIntegerField(default=1000, help_text="Its place in lists.")
    roles = models.JSONField(
        default=dict, help_text="Which input takes what the job brings: image, prompt, room, style."
    )
    price = models.JSONField(
        default=list, blank=True, help_text='A list such as [{"unit": "image", "usd": 0.03}].'
    )
    is_enabled = models.BooleanField("enabled", default=True)
    is_default = models.BooleanField("default for staging", default=False)
    pinned_schema = models.ForeignKey(
        "PublishedSchema", on_delete=models.PROTECT, null=True, related_name="+"
    )
    live_profile = models.ForeignKey(
        "ModelSettings", on_delete=models.PROTECT, null=True, related_name="+"
    )
    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    # What simple-history reads author and reason of the next history row from.
    _history_user: AbstractBaseUser | None
    _change_reason: str | None
    # Set by `registry.list_models`: why a job cannot use the model.
    obstacle: str | None

    class Meta:
        verbose_name = "model"
        ordering = ("position", "slug")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="one_default_model",
                violation_error_message="Another model is the default.",
            )
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """Refuse a price that no cost could be worked out from, and a default that is disabled."""
        if fault := pricing.find_fault(self.price):
            raise ValidationError({"price": fault})
        if self.is_default and not self.is_enabled:
            sentence = "It is the default for staging: choose another default first."
            raise ValidationError({"is_enabled": sentence})


class PublishedSchema(models.Model):
    """The OpenAPI schema of one version of a model, as it was read; immutable."""

    model = models.ForeignKey(ReplicateModel, on_delete=models.CASCADE, related_name="schemas")
    digest = models.CharField(max_length=64, db_index=True)
    version = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=40, blank=True)
    is_official = models.BooleanField(
        default=True, help_text="Official models are run by name, others by their version."
    )
    document = models.JSONField()
    read_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "digest", "version"], name="one_schema_per_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version[:8] or 'unversioned'} ({self.digest[:8]})"


class SettingsQuerySet(models.QuerySet["ModelSettings"]):
    """Reads profiles; writes of many rows at once would leave no history."""

    def update(self, **_values: Any) -> NoReturn:
        _refuse("QuerySet.update()")

    def bulk_create(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        _refuse("bulk_create()")

    def bulk_update(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        _refuse("bulk_update()")

    update.alters_data = bulk_create.alters_data = bulk_update.alters_data = True  # type: ignore[attr-defined]


class RevisionHistory(HistoricalRecords):
    """History with one row for each revision of a profile."""

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        # The row that a deletion leaves bears the last revision's number once more.
        unique = models.UniqueConstraint(
            fields=["id", "revision"],
            condition=~Q(history_type="-"),
            name="one_row_per_revision",
        )
        return {**super().get_meta_options(model), "constraints": [unique]}


def form_schema_of() -> dict[str, Any]:
    """Return an empty form; the admin gives its form field the schema of the profile's model."""
    return {"type": "object", "properties": {}}


class ModelSettings(models.Model):
    """One named, versioned document of settings for one model: a settings profile.

    `values` is the whole document. Everything that changes it goes through
    `modelsettings.services`, which validates, locks and writes history; all else is refused.
    """

    model = models.ForeignKey(ReplicateModel, on_delete=models.CASCADE, related_name="profiles")
    name = models.CharField(max_length=100, default="default")
    values = JSONFormField(schema=form_schema_of)
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=200)
    locked_by = models.CharField(max_length=200, blank=True)
    lock_reason = models.CharField(max_length=500, blank=True)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=200, blank=True)
    # The lock and the retirement are states of today, not of a revision.
    history = RevisionHistory(
        excluded_fields=["locked_by", "lock_reason", "retired_at", "retired_by"],
        history_change_reason_field=models.TextField(null=True),
    )

    # What simple-history reads author, time and reason of the next history row from.
    _history_user: AbstractBaseUser | None
    _history_date: datetime
    _change_reason: str | None
    skip_history_when_saving: bool
    # Set by `profiles.list_profiles`.
    is_live: bool
    room_types: list[str]

    objects = SettingsQuerySet.as_manager()

    class Meta:
        verbose_name = "settings profile"
        ordering = ("model", "name")
        constraints = [
            models.UniqueConstraint(fields=["model", "name"], name="one_profile_per_name")
        ]

    def __str__(self) -> str:
        return f"{self.name}, revision {self.revision}"


class RoomProfile(models.Model):
    """The profile that jobs of one room use, instead of the model's live one."""

    model = models.ForeignKey(ReplicateModel, on_delete=models.CASCADE, related_name="+")
    room_type = models.CharField(max_length=40)
    profile = models.ForeignKey(ModelSettings, on_delete=models.PROTECT, related_name="rooms")
    chosen_by = models.CharField(max_length=200)
    chosen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "room_type"], name="one_profile_per_room")
        ]

    def __str__(self) -> str:
        return f"{self.room_type}: {self.profile}"


@receiver(pre_save, sender=ModelSettings)
def _refuse_to_save(**_sent: Any) -> None:
    # A signal, since loaddata calls Model.save_base() itself, around every method of ours.
    if not _writing.get():
        _refuse("save()")


def _refuse(path: str) -> NoReturn:
    raise WriteRefused(
        f"{path} would write settings without validation and history: "
        "call modelsettings.services.update_settings() instead."
    )
