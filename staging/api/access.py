"""Access to projects, and through them to their photos, jobs and batches, for owner and members.

What a user may not see is 404, as if it did not exist; what they may only see is 403 to a change.
"""

import uuid
from typing import TypeVar, cast

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request

from staging.errors import MayOnlySee, NotTheOwner
from staging.models import Photo, Project, StagingBatch, StagingJob

Row = TypeVar("Row", bound=Model)

MOST_NAMED = 500


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
    """Return the rows in the caller's projects, which the query names one by one: for lists.

    A database does not know how few rows a subquery finds: it would walk through the jobs of all
    users, the newest first, until a page is full. A caller with more than MOST_NAMED projects
    fills the page soon, and gets the subquery.
    """
    seen = list(seen_projects(request).order_by().values_list("pk", flat=True)[: MOST_NAMED + 1])
    return rows.filter(project__in=seen if len(seen) <= MOST_NAMED else seen_projects(request))


def get_or_404(rows: QuerySet[Row], pk: uuid.UUID | int, *, noun: str) -> Row:
    """Return the row with this key, of rows that the caller may see. Raises NotFound."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound(f"You have no such {noun}.")
    return row


def check_edits(request: Request, project: Project) -> None:
    """Raise MayOnlySee where the caller may only see the project."""
    if not Project.objects.edited_by(caller(request)).filter(pk=project.pk).exists():
        raise MayOnlySee


def check_owns(request: Request, project: Project) -> None:
    """Raise NotTheOwner where the caller sees the project, but does not own it.

    Only its owner may rename, share and delete a project, and choose its model and profile. A
    member who may edit can stage, judge, and delete photos and jobs.
    """
    if project.owner_id != caller(request).pk:
        raise NotTheOwner


def find_project(request: Request, project_id: uuid.UUID | None) -> Project:
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
    check_edits(request, project)
    return project
