"""The prompt library: the wording of prompts for rooms and styles, in rows."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from modelsettings.guards import GuardedQuerySet
from staging import prompts


class EntryQuerySet(GuardedQuerySet[Any]):
    """Rows of the library; a write of many at once would leave no history."""

    instead = "call staging.library.changing instead, which takes an author and a reason."
    instead_of_deleting = "An entry is not deleted, since jobs and history refer to it: retire it."


class Entry(models.Model):
    """A row of the library: it has an author and a history, and is never deleted.

    Changes go through `staging.library.changing`.
    """

    updated_by = models.CharField(max_length=200, default="system:library", editable=False)

    objects = EntryQuerySet.as_manager()

    # Simple-history reads the author and the reason of the next history row from these.
    _history_user: AbstractBaseUser | None
    _change_reason: str | None

    class Meta:
        abstract = True


class PromptRules(Entry):
    """The rules that all rooms of a house share, or all places outside it."""

    is_outside = models.BooleanField(unique=True, editable=False)
    rules = models.TextField(help_text="What must stay as it is; stands before all furniture.")
    placement = models.TextField(help_text="Where furniture goes and how it is lit; stands last.")

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        verbose_name = "rules of a place"
        verbose_name_plural = "rules of places"
        ordering = ("is_outside",)

    def __str__(self) -> str:
        return "Outside" if self.is_outside else "Inside"

    def words(self) -> prompts.Rules:
        return prompts.Rules(rules=self.rules, placement=self.placement)


class RoomType(Entry):
    """A kind of room; `key` is what a request names."""

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=100)
    noun = models.CharField(max_length=200, help_text='Continues "a photograph of": "a bedroom".')
    purpose = models.TextField(
        blank=True, help_text="What the room is for, which furniture belongs there, which does not."
    )
    furniture = models.TextField(help_text="What to put where, in any style.")
    is_outside = models.BooleanField(default=False, help_text="Takes the rules for outside.")
    is_active = models.BooleanField(default=True, help_text="Can be asked for.")
    position = models.PositiveSmallIntegerField(default=100)

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        ordering = ("position", "label")

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """Refuse to retire the room of requests that name none."""
        if self.key == prompts.DEFAULT_ROOM and not self.is_active:
            sentence = "A request that names no room gets this one: it must stay."
            raise ValidationError({"is_active": sentence})

    def words(self) -> prompts.Room:
        return prompts.Room(
            label=self.label,
            noun=self.noun,
            purpose=self.purpose,
            furniture=self.furniture,
            is_outside=self.is_outside,
        )


class Style(Entry):
    """A style of furnishing; `key` is what a request names."""

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=100)
    character = models.TextField(help_text="What the style means, in any room.")
    inside = models.TextField(help_text="Its materials and pieces inside a house.")
    outside = models.TextField(
        blank=True,
        help_text="Its materials and pieces outside. Empty: what it means in any room is enough.",
    )
    is_active = models.BooleanField(default=True, help_text="Can be asked for.")
    position = models.PositiveSmallIntegerField(default=100)

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        ordering = ("position", "label")

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """Refuse to retire the style of requests that name none."""
        if self.key == prompts.DEFAULT_STYLE and not self.is_active:
            sentence = "A request that names no style gets this one: it must stay."
            raise ValidationError({"is_active": sentence})

    def words(self) -> prompts.Style:
        return prompts.Style(
            label=self.label, character=self.character, inside=self.inside, outside=self.outside
        )


class PromptTemplate(Entry):
    """The furnishing of one room in one style, in place of the words of the room and the style."""

    room_type = models.ForeignKey(RoomType, on_delete=models.CASCADE, related_name="templates")
    style = models.ForeignKey(Style, on_delete=models.CASCADE, related_name="templates")
    # Empty where the pair has gone back to the words of its room and its style.
    furnishing = models.TextField(help_text="Three to nine sentences on this style in this room.")

    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        ordering = ("room_type", "style")
        constraints = [
            models.UniqueConstraint(fields=["room_type", "style"], name="one_template_a_pair")
        ]

    def __str__(self) -> str:
        return f"{self.room_type}, {self.style}"
