"""Published models with their schemas, and the settings that operators chose for them."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.signals import pre_delete, pre_save
from django_jsonform.models.fields import JSONField as JSONFormField
from simple_history.manager import HistoricalQuerySet
from simple_history.models import HistoricalRecords

from modelsettings import guards, pricing
from modelsettings.guards import GuardedQuerySet, settings_write
from modelsettings.profile_names import shown_name
from modelsettings.reading_models import IgnoredUpdate as IgnoredUpdate
from modelsettings.reading_models import SchemaReading as SchemaReading


class ModelQuerySet(GuardedQuerySet["ReplicateModel"]):
    """Models; `model_rows` saves each with its row of history."""

    instead = "call modelsettings.model_facts.change_model(), or profiles, or registry, instead."
    instead_of_deleting = "A model is not deleted, since jobs and history refer to it: disable it."


class HistoryQuerySet(GuardedQuerySet[Any], HistoricalQuerySet):
    """Rows of history, which are written once and never edited."""

    instead = "each row of history is written with the change that it records."

    def update(self, **values: Any) -> int:
        # A person who is deleted leaves the rows; `updated_by` keeps the name.
        if values == {"history_user": None}:
            with settings_write():
                return super().update(**values)
        return super().update(**values)

    # As Django marks them: `guards`.
    update.alters_data = True  # type: ignore[attr-defined]


class PastModelQuerySet(HistoryQuerySet):
    """What models were."""

    instead_of_deleting = "The history of models is kept: it says who changed what, and why."


class PastModel(models.Model):
    """The base of each row of a model's history, which guards it."""

    objects = PastModelQuerySet.as_manager()

    class Meta:
        abstract = True


class GuardedHistory(HistoricalRecords):
    """History whose base manager is guarded, too."""

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        return {**super().get_meta_options(model), "base_manager_name": "objects"}


class ReplicateModel(models.Model):
    """A published model that Restage knows, and how it is used here.

    Every change goes through `model_rows`, which says by whom and why; any other write is refused.
    """

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
    clients_may_name = models.BooleanField(
        default=True,
        db_default=True,
        help_text="In a request for a job or for a project. Without it they get this model only "
        "where it is the default, or where their project has it.",
    )
    pinned_schema = models.ForeignKey(
        "PublishedSchema", on_delete=models.PROTECT, null=True, related_name="+"
    )
    live_profile = models.ForeignKey(
        "ModelSettings", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # A release before this column leaves it empty: its rows of history have their user alone.
    updated_by = models.CharField(max_length=200, default="", db_default="", editable=False)
    history = GuardedHistory(
        bases=(PastModel,),
        historical_queryset=PastModelQuerySet,
        history_change_reason_field=models.TextField(null=True),
    )

    # Simple-history reads author, time and reason of the next history row from these.
    _history_user: AbstractBaseUser | None
    _history_date: datetime
    _change_reason: str | None
    # Set by `registry.list_models`: why a job cannot use the model.
    obstacle: str | None

    objects = ModelQuerySet.as_manager()

    class Meta:
        verbose_name = "model"
        ordering = ("position", "slug")
        base_manager_name = "objects"
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
        """Refuse a price that no cost can be worked out from, and to disable the default."""
        if fault := pricing.find_fault(self.price):
            raise ValidationError({"price": fault})
        if self.is_default and not self.is_enabled:
            sentence = "It is the default for staging: choose another default first."
            raise ValidationError({"is_enabled": sentence})

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Refuse, before Django looks at what refers to the row."""
        guards.check_deletion(type(self))
        return super().delete(*args, **options)

    # As Django marks them: `guards`.
    delete.alters_data = True  # type: ignore[attr-defined]


class PublishedSchema(models.Model):
    """The OpenAPI schema of one version of a model, as it was read; its document never changes."""

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


class SettingsQuerySet(GuardedQuerySet["ModelSettings"]):
    """Profiles; a write of many at once would be neither validated nor kept in the history."""

    instead = "call modelsettings.settings.update_settings() instead."
    instead_of_deleting = (
        "A settings profile is not deleted, since jobs and history refer to it: "
        "call modelsettings.profiles.retire() instead."
    )


class RoomQuerySet(GuardedQuerySet["RoomProfile"]):
    """The profiles that rooms use instead of the live one."""

    instead = "call modelsettings.profiles.use_for_rooms() instead."
    instead_of_deleting = (
        "Which profile a room uses is changed by modelsettings.profiles.use_for_rooms(), which "
        "records by whom."
    )


class ProfileEventQuerySet(GuardedQuerySet["ProfileEvent"]):
    """What became of profiles, beside their revisions; each row is written once."""

    instead = "call modelsettings.profiles instead: each event is written with what it records."
    instead_of_deleting = "Events of profiles are kept: they say who did what, and why."


class RevisionQuerySet(HistoryQuerySet):
    """What settings were, revision by revision."""

    instead_of_deleting = "History is deleted by manage.py clean_old_history alone."


class RevisionRow(models.Model):
    """The base of each row of history, which guards it."""

    objects = RevisionQuerySet.as_manager()

    class Meta:
        abstract = True


class RevisionHistory(GuardedHistory):
    """History with one row for each revision of a profile."""

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        # Also the index that pages of a profile's history are read by. It has no condition, since a
        # partial index would not serve them; a profile is retired, never deleted.
        unique = models.UniqueConstraint(fields=["id", "revision"], name="one_row_per_revision")
        return {**super().get_meta_options(model), "constraints": [unique]}


def form_schema_of() -> dict[str, Any]:
    """Return an empty form; the admin gives its form field the schema of the profile's model."""
    return {"type": "object", "properties": {}}


class ModelSettings(models.Model):
    """One named, versioned document of settings for one model: a settings profile.

    `values` is the whole document. `overridable` lists the parameters that a client's job may
    change; without a list, `schema.overridable` has the rule. Every change of a profile goes
    through `modelsettings.settings`, which validates, locks and writes history; any other write is
    refused.
    """

    model = models.ForeignKey(ReplicateModel, on_delete=models.CASCADE, related_name="profiles")
    name = models.CharField(max_length=100, default="default")
    values = JSONFormField(schema=form_schema_of)
    overridable = models.JSONField(null=True, default=None)
    clients_may_name = models.BooleanField(default=True, db_default=True)
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=200)
    locked_by = models.CharField(max_length=200, blank=True)
    lock_reason = models.CharField(max_length=500, blank=True)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=200, blank=True)
    # The lock and the retirement are states of today, not of a revision.
    history = RevisionHistory(
        bases=(RevisionRow,),
        historical_queryset=RevisionQuerySet,
        excluded_fields=["locked_by", "lock_reason", "retired_at", "retired_by"],
        history_change_reason_field=models.TextField(null=True),
    )

    # Simple-history reads author, time and reason of the next history row from these.
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
        # The manager that save() and Django's own deletions go through.
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["model", "name"], name="one_profile_per_name")
        ]

    def __str__(self) -> str:
        return f"{self.shown_name}, revision {self.revision}"

    @property
    def shown_name(self) -> str:
        """Its name as pages show it: the profile that came with the model is *Standard*."""
        return shown_name(self.name)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Refuse, before Django looks at what refers to the row."""
        guards.check_deletion(type(self))
        return super().delete(*args, **options)

    # As Django marks them: `guards`.
    delete.alters_data = True  # type: ignore[attr-defined]


class RoomProfile(models.Model):
    """The profile that jobs of one room use, instead of the model's live one."""

    model = models.ForeignKey(ReplicateModel, on_delete=models.CASCADE, related_name="+")
    room_type = models.CharField(max_length=40)
    profile = models.ForeignKey(ModelSettings, on_delete=models.PROTECT, related_name="rooms")
    chosen_by = models.CharField(max_length=200)
    chosen_at = models.DateTimeField()

    objects = RoomQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["model", "room_type"], name="one_profile_per_room")
        ]

    def __str__(self) -> str:
        return f"{self.room_type}: {self.profile}"


class EventKind(models.TextChoices):
    ROOMS = "rooms"
    RETIRED = "retired"
    RESTORED = "restored"


class ProfileEvent(models.Model):
    """What became of a profile beside its revisions: its rooms, its retirement, its return.

    `rooms` says of each room that was given or given back the profiles before and after, by their
    names then; None stands for the live one.
    """

    profile = models.ForeignKey(ModelSettings, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=EventKind.choices)
    rooms = models.JSONField(default=dict)
    changed_at = models.DateTimeField(db_index=True)
    changed_by = models.CharField(max_length=200)
    reason = models.TextField(blank=True)

    objects = ProfileEventQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        # It has no page of its own.
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.profile}: {self.kind}"


# Signals, since two ways go around every method of ours: loaddata calls Model.save_base() itself,
# and a cascade does not call the delete() of the rows that it deletes.
for guarded in (
    ReplicateModel,
    ModelSettings,
    RoomProfile,
    ProfileEvent,
    ReplicateModel.history.model,
    ModelSettings.history.model,
):
    pre_save.connect(guards.refuse_to_save, sender=guarded)
    pre_delete.connect(guards.refuse_to_delete, sender=guarded)
