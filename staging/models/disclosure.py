"""Rules that put one disclosure label on the pictures of the site, or of a project."""

import uuid

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from staging.models.project import Project


class DisclosureRuleQuerySet(models.QuerySet["DisclosureRule"]):
    def in_force(self) -> "DisclosureRuleQuerySet":
        return self.filter(ended_at=None)

    def of(self, project: Project | None) -> "DisclosureRuleQuerySet":
        """Return the rules of a project, earlier ones too; those of the site for None."""
        return self.filter(project=project)

    def find_for(self, project: uuid.UUID | None) -> "DisclosureRule | None":
        """Return the rule that holds in a project, by its key: its own before the site's.

        Without a project it is the site's.
        """
        rules = self.in_force().filter(Q(project=None) | Q(project=project))
        return rules.order_by(F("project").asc(nulls_last=True)).first()


class DisclosureRule(models.Model):
    """One label for every picture of the site or of a project, from its beginning to its end.

    A rule is never edited: a new one ends the one before, so that the rows are the history.
    `staging.disclosure` begins and ends rules.
    """

    # The label that leaves pictures without one, as the parameter `disclosure` says it.
    NONE = "off"

    project = models.ForeignKey(
        Project,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="disclosure_rules",
        help_text="Empty: the whole site.",
    )
    label = models.CharField(max_length=60)
    reason = models.CharField(max_length=500, blank=True)
    set_by = models.CharField(max_length=200)
    set_at = models.DateTimeField(default=timezone.now)
    ended_by = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=500, blank=True)

    objects = DisclosureRuleQuerySet.as_manager()

    class Meta:
        ordering = ("-set_at", "-pk")
        # The right to change settings sets rules; there is nothing else to grant.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                # No project has this key, so it stands for the site.
                Coalesce("project", Value(uuid.UUID(int=0))),
                condition=Q(ended_at=None),
                name="one_disclosure_rule_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.whose}: {self.label_in_words}"

    @property
    def whose(self) -> str:
        return self.project.name if self.project else "The site"

    @property
    def scope(self) -> str:
        """Whose rule it is, as jobs remember it."""
        return "project" if self.project_id else "site"

    @property
    def label_in_words(self) -> str:
        return "no label" if self.label == self.NONE else f"“{self.label}”"
