import uuid

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from modelsettings.models import ModelSettings, ReplicateModel


class ProjectQuerySet(models.QuerySet["Project"]):
    """Projects by the people who may see them; photos and jobs are seen with their project."""

    def seen_by(self, user: User) -> "ProjectQuerySet":
        """Return the projects that a user owns or is a member of."""
        return self.filter(Q(owner=user) | Q(pk__in=_memberships(user)))

    def edited_by(self, user: User) -> "ProjectQuerySet":
        """Return the projects in which a user may stage, judge and delete."""
        return self.filter(Q(owner=user) | Q(pk__in=_memberships(user, may_edit=True)))

    def unsorted_of(self, user: User) -> "Project":
        """Return the user's project for photos that name no other; make it where it is missing."""
        project, _ = self.get_or_create(
            owner=user, is_unsorted=True, defaults={"name": Project.UNSORTED}
        )
        return project


class Project(models.Model):
    """A group of photos and jobs, such as a listing or a client; it may name a model and profile.

    Each user has a project called Unsorted, for photos and jobs that name no other.
    """

    UNSORTED = "Unsorted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=200)
    is_unsorted = models.BooleanField(default=False, editable=False)
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

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        permissions = [("all_projects", "Can work in all projects in the admin")]
        indexes = [models.Index(fields=["-created_at"], name="project_by_age")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(is_unsorted=True), name="one_unsorted_an_owner"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.profile is None:
            return
        if self.profile.model_id != self.model_id:
            raise ValidationError({"profile": "This profile is another model's."})
        if self.profile.retired_at is not None:
            raise ValidationError({"profile": "This profile is retired."})


class ProjectMember(models.Model):
    """A user besides the owner who may see a project, or also stage, judge and delete in it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    may_edit = models.BooleanField(
        default=False, help_text="May also stage, judge and delete; else only see."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("user__username",)
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_each")
        ]

    def __str__(self) -> str:
        return f"{self.user}, {'may edit' if self.may_edit else 'may see'}"


def _memberships(user: User, **wanted: bool) -> models.QuerySet[ProjectMember, uuid.UUID]:
    return ProjectMember.objects.filter(user=user, **wanted).values_list("project_id", flat=True)
