"""Access to projects, and through them to their photos, jobs and batches, for owner and members.

What a user may not see is 404, as if it did not exist; what they may not do there is 403. The rule
is `staging.access`; a user's `all_projects` counts in the admin alone.
"""

import uuid
from typing import TypeVar, cast

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request

from staging import access
from staging.access import Right
from staging.models import Photo, Project, StagingBatch, StagingJob

Row = TypeVar("Row", bound=Model)


def caller(request: Request) -> User:
    """Return the account that sent the request: IsAuthenticated lets in no other."""
    return cast("User", request.user)


def seen_projects(request: Request) -> QuerySet[Project]:
    return Project.objects.seen_by(caller(request))


def seen_photos(request: Request) -> QuerySet[Photo]:
    return Photo.objects.filter(project__in=seen_projects(request))


def seen_jobs(request: Request) -> QuerySet[StagingJob]:
    return StagingJob.objects.filter(project__in=seen_projects(request))


def seen_batches(request: Request) -> QuerySet[StagingBatch]:
    return StagingBatch.objects.filter(project__in=seen_projects(request))


def in_seen_projects(rows: QuerySet[Row], request: Request) -> QuerySet[Row]:
    """Return the rows in the caller's projects: for lists."""
    return access.rows_in(rows, seen_projects(request))


def get_or_404(rows: QuerySet[Row], pk: uuid.UUID | int, *, noun: str) -> Row:
    """Return the row with this key, of rows that the caller may see. Raises NotFound."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound(f"You have no such {noun}.")
    return row


def check_right(request: Request, right: Right) -> None:
    """Raise RightMissing where the caller may not do something, in whichever project."""
    access.check_holds(caller(request), right)


def check_may(request: Request, right: Right, project: Project) -> None:
    """Let a caller who sees a project do something in it.

    Raises RightMissing, and MayOnlySee or NotTheOwner where they may do so in other projects.

    Only its owner may rename, share and delete a project, and choose its model and profile. A
    member who may edit can stage, judge, and delete photos and jobs; one who may only see can judge
    with a role that judges.
    """
    access.check(caller(request), right, project)


def find_project(request: Request, project_id: uuid.UUID | None, *, to: Right) -> Project:
    """Return the project that a request puts something into; without an id, the caller's Unsorted.

    Raises ValidationError where the caller does not see the project, MayOnlySee where they may only
    see it.
    """
    if project_id is None:
        return Project.objects.unsorted_of(caller(request))
    project = (
        seen_projects(request).filter(pk=project_id).select_related("model", "profile").first()
    )
    if project is None:
        raise ValidationError({"project": ["You have no such project."]})
    check_may(request, to, project)
    return project
