import uuid
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from staging.models.project import Project

# How long an invitation waits for its answer.
KEPT = timedelta(days=14)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations as the two sides see them; neither sees one that has expired."""

    def pending(self) -> "InvitationQuerySet":
        """Return what an owner sees: declined ones too, since only an account can decline."""
        return self.filter(created_at__gt=timezone.now() - KEPT)

    def expired(self) -> "InvitationQuerySet":
        return self.filter(created_at__lte=timezone.now() - KEPT)

    def waiting_for(self, user: User) -> "InvitationQuerySet":
        """Return those that a user has not answered yet."""
        return self.pending().filter(user=user, declined_at=None)


class Invitation(models.Model):
    """A name that an owner asked into a project, while accounts do not know of each other.

    `user` is the account that had the name when it was asked; None where there was none, so that an
    account made later does not find it. To the owner both look alike.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    username = models.CharField("user name", max_length=User._meta.get_field("username").max_length)
    # Stays for the owner when the account is deleted: it would tell that there was one.
    user = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="invitations",
    )
    may_edit = models.BooleanField(
        default=False, help_text="May also stage, judge and delete; else only see."
    )
    created_at = models.DateTimeField("asked", default=timezone.now, editable=False)
    declined_at = models.DateTimeField(null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        # The right to name members invites, and an account answers what it was asked.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["project", "username"], name="one_invitation_each")
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def expires_at(self) -> datetime:
        return self.created_at + KEPT
