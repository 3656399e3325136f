"""Access of accounts to projects and to what is in them: one rule for the API and the admin.

An account works in the projects that it owns or is a member of; in the admin, the permission
`staging.all_projects` opens the others, too. What an account may do there, its permissions decide
where it is staff or has a role. Every other account is a client of the API, whose membership alone
decides.
"""

from enum import Enum
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, Q, QuerySet

from modelsettings.errors import RequestRefused
from modelsettings.models import ModelSettings
from staging.errors import MayOnlySee, NotTheOwner
from staging.models import (
    Callback,
    DailyUsage,
    Photo,
    Project,
    Role,
    Share,
    StagedImage,
    StagingBatch,
    StagingJob,
)

Row = TypeVar("Row", bound=Model)

# The kinds of rows that pages about other rows show, too.
_KINDS = (
    Callback, DailyUsage, ModelSettings, Photo, Project, Share, StagedImage, StagingBatch,
    StagingJob,
)  # fmt: skip

# Lists name the projects of an account one by one, up to so many.
MOST_NAMED = 500


class Right(Enum):
    """An action in a project: its words in a refusal; the permissions, any of which gives it."""

    JUDGE = "judge pictures", "staging.judge_pictures", "staging.change_stagedimage"
    STAGE = "stage photos", "staging.add_stagingjob"
    STAGE_MANY = "stage batches of photos", "staging.add_stagingbatch"
    # Retry and repeat buy what was asked for before.
    REPEAT = "retry or repeat jobs", "staging.add_stagingjob", "staging.change_stagingjob"
    CANCEL = "cancel jobs", "staging.change_stagingjob", "staging.add_stagingjob"
    UPLOAD = "upload photos", "staging.add_photo"
    DELETE_PHOTO = "delete photos", "staging.delete_photo"
    DELETE_JOB = "delete jobs", "staging.delete_stagingjob"
    SHARE = "share pictures", "staging.add_share"
    REVOKE = "revoke public pages", "staging.change_share"
    SEE_SHARES = "see public pages", "staging.view_share", "staging.change_share"
    SEE_USAGE = "see cost and time", "staging.view_dailyusage"
    SEND_CALLBACK = "send callbacks again", "staging.change_callback"
    MAKE_PROJECT = "make projects", "staging.add_project"
    CHANGE_PROJECT = "change projects", "staging.change_project"
    DELETE_PROJECT = "delete projects", "staging.delete_project"

    def __init__(self, words: str, *permissions: str) -> None:
        self.words = words
        self.permissions = permissions


# What only the owner of a project may do with it.
_OWNERS = (Right.CHANGE_PROJECT, Right.DELETE_PROJECT)


class RightMissing(RequestRefused):
    """An action that the account has no permission for, in whichever project."""

    status = 403
    code = "permission_denied"

    def __init__(self, right: Right) -> None:
        super().__init__(
            f"Your account may not {right.words}: ask an administrator for a role that may."
        )


def is_bound(user: User | AnonymousUser) -> bool:
    """Say whether an account's permissions decide what it may do: it is staff, or has a role."""
    return user.is_staff or user.is_superuser or Role.objects.filter(group__user=user.pk).exists()


def holds(user: User | AnonymousUser, right: Right) -> bool:
    """Say whether an account may do something in the projects that are open to it."""
    return any(map(user.has_perm, right.permissions)) or not is_bound(user)


def may_stage(user: User | AnonymousUser) -> bool:
    """Say whether an account may stage single photos or many, in whichever project."""
    return holds(user, Right.STAGE) or holds(user, Right.STAGE_MANY)


def projects_to_stage_in(user: User) -> QuerySet[Project]:
    """Return the projects in which the admin lets an account stage single photos or many."""
    single, many = (
        projects_for(user, right, in_admin=True) for right in (Right.STAGE, Right.STAGE_MANY)
    )
    return Project.objects.filter(Q(pk__in=single) | Q(pk__in=many))


def has_all_projects(user: User | AnonymousUser) -> bool:
    """Say whether the admin shows an account the projects of others."""
    return user.has_perm("staging.all_projects")


def may_view(user: User | AnonymousUser, model: type[Model]) -> bool:
    """Say whether the admin shows an account rows of a kind; changing them includes seeing them."""
    name = f"{model._meta.app_label}.{{}}_{model._meta.model_name}"
    return user.has_perm(name.format("view")) or user.has_perm(name.format("change"))


def seen_kinds(user: User) -> dict[str, bool]:
    """Say of each kind of rows whether the admin shows it to an account, by its name: `photo`."""
    return {str(kind._meta.model_name): may_view(user, kind) for kind in _KINDS}


def projects_shown_to(user: User) -> QuerySet[Project]:
    """Return the projects in which the admin shows an account photos, jobs and pictures."""
    return Project.objects.all() if has_all_projects(user) else Project.objects.seen_by(user)


def projects_for(user: User, right: Right, *, in_admin: bool = False) -> QuerySet[Project]:
    """Return the projects in which an account may do something."""
    if not holds(user, right):
        return Project.objects.none()
    if in_admin and has_all_projects(user):
        return Project.objects.all()
    if right in _OWNERS:
        return Project.objects.filter(owner=user)
    if right == Right.JUDGE and is_bound(user):
        # The right to judge needs no right to change the project.
        return Project.objects.seen_by(user)
    return Project.objects.edited_by(user)


def may(user: User, right: Right, project: Project, *, in_admin: bool = False) -> bool:
    """Say whether an account may do something in a project."""
    if in_admin and has_all_projects(user):
        return holds(user, right)
    return projects_for(user, right, in_admin=in_admin).filter(pk=project.pk).exists()


def may_stage_in(user: User, project: Project) -> bool:
    """Say whether the admin lets an account stage single photos or many in a project."""
    rights = (Right.STAGE, Right.STAGE_MANY)
    return any(may(user, right, project, in_admin=True) for right in rights)


def check(user: User, right: Right, project: Project, *, in_admin: bool = False) -> None:
    """Let an account that sees a project do something in it.

    Raises RightMissing, and MayOnlySee or NotTheOwner where it may do so in other projects.
    """
    check_holds(user, right)
    if may(user, right, project, in_admin=in_admin):
        return
    raise NotTheOwner if right in _OWNERS else MayOnlySee


def check_holds(user: User, right: Right) -> None:
    """Raise RightMissing where an account may do something in no project."""
    if not holds(user, right):
        raise RightMissing(right)


def rows_shown_to(rows: QuerySet[Row], user: User, *, project: str = "project") -> QuerySet[Row]:
    """Return the rows that the admin shows an account; `project` leads from one to its project."""
    if has_all_projects(user):
        return rows
    return rows_in(rows, Project.objects.seen_by(user), project=project)


def rows_for(
    rows: QuerySet[Row], user: User, right: Right, *, project: str = "project"
) -> QuerySet[Row]:
    """Return the rows with which an account may do something in the admin."""
    if has_all_projects(user) and holds(user, right):
        return rows
    return rows_in(rows, projects_for(user, right, in_admin=True), project=project)


def rows_in(
    rows: QuerySet[Row], projects: QuerySet[Project], *, project: str = "project"
) -> QuerySet[Row]:
    """Return the rows of some projects, which the query names one by one: for lists.

    A database does not know how few rows a subquery finds: it would walk through the jobs of all
    users, the newest first, until a page is full. An account with more than MOST_NAMED projects
    fills the page soon, and gets the subquery.
    """
    named = list(projects.order_by().values_list("pk", flat=True)[: MOST_NAMED + 1])
    wanted = named if len(named) <= MOST_NAMED else projects.order_by().values("pk")
    return rows.filter(**{f"{project}__in": wanted})
