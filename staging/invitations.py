"""Asks accounts into projects where clients are strangers, without telling who has an account."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from staging.errors import GoneMeanwhile
from staging.models import Invitation, Project, ProjectMember
from staging.projects import ProjectRefused, add_member, check_can_share, lock_project

_GONE = "This invitation was taken back or answered meanwhile."


@transaction.atomic
def invite(project: Project, username: str, *, may_edit: bool) -> None:
    """Ask a user into a project; nothing that comes of it tells whether there is such a user.

    A second time it is asked anew. A member, whom the owner sees anyway, gets the new rights at
    once. Raises ProjectRefused for the owner and what no name can be, and NotPossible as
    `set_member` does.
    """
    check_can_share(project, username)
    most = Invitation._meta.get_field("username").max_length
    if most is not None and len(username) > most:
        raise ProjectRefused(f"A user name has at most {most} characters.", field="username")
    lock_project(project)
    members = ProjectMember.objects.filter(project=project, user__username=username)
    if members.update(may_edit=may_edit):
        return
    Invitation.objects.update_or_create(
        project=project,
        username=username,
        defaults={
            "user": User.objects.filter(username=username, is_active=True).first(),
            "may_edit": may_edit,
            "created_at": timezone.now(),
            "declined_at": None,
        },
    )


@transaction.atomic
def accept_invitation(invitation: Invitation, *, by: User) -> Project:
    """Make its account a member. Raises GoneMeanwhile where it waits for no answer any more."""
    project = lock_project(invitation.project)
    # Read once more under the project's lock: its owner may have asked anew, for other rights.
    waiting = Invitation.objects.waiting_for(by).select_for_update()
    locked = waiting.filter(pk=invitation.pk).first()
    if locked is None:
        raise GoneMeanwhile(_GONE)
    locked.delete()
    # The project may have been handed over to them.
    if project.owner_id != by.pk:
        add_member(project, by, may_edit=locked.may_edit)
    return project


def decline_invitation(invitation: Invitation, *, by: User) -> None:
    """Decline it, unseen by the owner. Raises GoneMeanwhile as `accept_invitation` does."""
    waiting = Invitation.objects.waiting_for(by).filter(pk=invitation.pk)
    if not waiting.update(declined_at=timezone.now()):
        raise GoneMeanwhile(_GONE)
