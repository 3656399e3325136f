"""Projects: making and changing them, and who works in them."""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum

from modelsettings.errors import RequestRefused
from modelsettings.models import ModelSettings, ReplicateModel
from staging.errors import NotPossible
from staging.models import DailyUsage, Project, ProjectMember, StagedImage
from staging.spending.limits import follow_name


class ProjectRefused(RequestRefused):
    """Something about a project that is wrong."""


def create_project(
    name: str, *, owner: User, model: str | None = None, profile: str | None = None
) -> Project:
    """Make a project, which may name a model and a profile of it. Raises ProjectRefused."""
    project = Project(owner=owner, name=name)
    _choose(project, model=model, profile=profile)
    project.save()
    return project


@transaction.atomic
def change_project(project: Project, changes: Mapping[str, str | None]) -> Project:
    """Change `name`, `model` or `profile`, those that are named; None takes the latter two away.

    Another model leaves the profile behind, which is one of the earlier model's. Raises
    ProjectRefused, and NotPossible for the name of Unsorted, and where it was deleted meanwhile.
    """
    # Locked, so that a model and a profile that are changed at once still fit.
    locked = lock_project(project)
    if "name" in changes and changes["name"] != locked.name:
        if locked.is_unsorted:
            raise NotPossible("Unsorted keeps its name: make a project of the name you want.")
        locked.name = str(changes["name"])
        follow_name(locked)
    slug = locked.model.slug if locked.model else None
    name = locked.profile.name if locked.profile else None
    model = changes.get("model", slug)
    profile = changes.get("profile", name if model == slug else None)
    if (model, profile) != (slug, name):
        _choose(locked, model=model, profile=profile)
    locked.save()
    return locked


@transaction.atomic
def set_member(project: Project, username: str, *, may_edit: bool) -> tuple[ProjectMember, bool]:
    """Let somebody see a project, or edit it; return the membership, and whether it is new.

    Raises ProjectRefused for somebody who is not there, and NotPossible for Unsorted, and where
    the project was deleted meanwhile.
    """
    if project.is_unsorted:
        raise NotPossible("Unsorted is yours alone: put what you share into a project of its own.")
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise ProjectRefused(f"There is nobody called {username}.", field="username")
    if user.pk == project.owner_id:
        raise ProjectRefused(f"{username} owns this project.", field="username")
    lock_project(project)
    return ProjectMember.objects.update_or_create(
        project=project, user=user, defaults={"may_edit": may_edit}
    )


def remove_member(project: Project, username: str) -> bool:
    """Take a membership away; say whether there was one."""
    members = ProjectMember.objects.filter(project=project, user__username=username)
    return bool(members.delete()[0])


def lock_project(project: Project) -> Project:
    """Return a project as it is now; nobody deletes it while the transaction adds something to it.

    Raises NotPossible where it was deleted meanwhile.
    """
    locked = Project.objects.select_for_update(no_key=True).filter(pk=project.pk).first()
    if locked is None:
        raise NotPossible("This project was deleted meanwhile.", field="project")
    return locked


def totals_of(project: Project) -> dict[str, object]:
    """Count what is in a project, and add up what its predictions came to, deleted ones too."""
    used = DailyUsage.objects.filter(project=project.pk).aggregate(
        cost=Sum("cost"), unpriced=Sum("unpriced"), seconds=Sum("seconds")
    )
    return {
        "photos": project.photos.count(),
        "jobs": project.jobs.count(),
        "pictures": StagedImage.objects.filter(prediction__job__project=project).count(),
        **{name: value or 0 for name, value in used.items()},
    }


def _choose(project: Project, *, model: str | None, profile: str | None) -> None:
    """Set model and profile by their names. Raises ProjectRefused."""
    if profile and not model:
        raise ProjectRefused("Name the model whose profile it is.", field="profile")
    project.model = project.profile = None
    if not model:
        return
    project.model = ReplicateModel.objects.filter(slug=model).first()
    if project.model is None:
        raise ProjectRefused(f"There is no model {model}.", field="model")
    if not profile:
        return
    in_use = ModelSettings.objects.filter(model=project.model, retired_at=None)
    project.profile = in_use.filter(name=profile).first()
    if project.profile is None:
        raise ProjectRefused(f"{model} has no profile {profile} that is in use.", field="profile")
