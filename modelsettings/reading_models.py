"""Two tables: the last readings of published models, and the updates of theirs that are ignored."""

from typing import Self

from django.db import models
from django.db.models import Q


class SchemaReading(models.Model):
    """The last attempt to read a published model, and what the last one that succeeded found.

    `why_not` is empty where the last attempt succeeded: else `read_at`, `digest`, `version` and
    `schema` are those of an earlier one, or empty. `schema` is the pinned one where nothing
    differed. `claimed_until` keeps two workers from reading at once.
    """

    model = models.OneToOneField(
        "modelsettings.ReplicateModel", on_delete=models.CASCADE, related_name="reading"
    )
    tried_at = models.DateTimeField(null=True)
    tried_by = models.CharField(max_length=200, blank=True)
    why_not = models.CharField(max_length=500, blank=True)
    read_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    version = models.CharField(max_length=64, blank=True)
    schema = models.ForeignKey(
        "modelsettings.PublishedSchema", on_delete=models.PROTECT, null=True, related_name="+"
    )
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        # It has no page of its own.
        default_permissions = ()

    def __str__(self) -> str:
        return self.why_not or f"read at {self.read_at}"


class IgnoredUpdateQuerySet(models.QuerySet["IgnoredUpdate"]):
    def standing(self) -> Self:
        """Return those that have not been ended."""
        return self.filter(ended_at=None)


class IgnoredUpdate(models.Model):
    """An update that an operator ignores, by its fingerprint: until it changes again."""

    model = models.ForeignKey(
        "modelsettings.ReplicateModel", on_delete=models.CASCADE, related_name="ignored_updates"
    )
    fingerprint = models.CharField(max_length=64)
    ignored_at = models.DateTimeField()
    ignored_by = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)

    objects = IgnoredUpdateQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["model"], condition=Q(ended_at=None), name="one_ignored_update_a_model"
            )
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint[:8]}, ignored by {self.ignored_by}"
