"""Makes and changes projects, and says which users may see or edit them."""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet, Sum

from modelsettings.errors import RequestRefused
from modelsettings.models import ModelSettings, ReplicateModel
from staging.access import projects_shown_to
from staging.clients import check_model_named, check_profile_named
from staging.errors import GoneMeanwhile, NotPossible
from staging.models import DailyUsage, Project, ProjectMember, StagedImage
from staging.spending.changing import follow_name


class ProjectRefused(RequestRefused):
    """A wrong value for a project; the message says which, and `field` names it."""


def namesakes(name: str, *, shown_to: User) -> QuerySet[Project]:
    """Return the projects of a name, in any case, that the admin shows an account, newest first."""
    alike = projects_shown_to(shown_to).filter(name__iexact=name.strip(), is_unsorted=False)
    return alike.select_related("owner").order_by("-created_at")


def create_project(
    name: str, *, owner: User, model: str | None = None, profile: str | None = None
) -> Project:
    """Make a project, if wanted with a model and a profile of that model.

    Raises ProjectRefused, and MayNotName for a model or a profile that its owner may not name.
    """
    _check_named(owner, model=model, profile=profile)
    project = Project(owner=owner, name=name)
    _choose(project, model=model, profile=profile)
    project.save()
    return project


@transaction.atomic
def change_project(project: Project, changes: Mapping[str, str | None], *, by: User) -> Project:
    """Change the `name`, `model` and `profile` that are in `changes`; None removes the latter two.

    A new model also removes the profile, which belongs to the earlier model. Raises ProjectRefused,
    MayNotName, and NotPossible for the name of Unsorted, and for a project that was deleted
    meanwhile.
    """
    # Locked, so that a model and a profile still fit where two requests change one each.
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
        # The model that the project has stays, also where clients may not name it any more.
        _check_named(by, model=model, profile=profile, is_new_model=model != slug)
        _choose(locked, model=model, profile=profile)
    locked.save()
    return locked


@transaction.atomic
def set_member(project: Project, username: str, *, may_edit: bool) -> tuple[ProjectMember, bool]:
    """Let a user see a project, or edit it; return the membership, and whether it is new.

    Raises ProjectRefused for an unknown user or the owner, and NotPossible for Unsorted, and for a
    project that was deleted meanwhile.
    """
    check_can_share(project, username)
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise ProjectRefused(f"There is nobody called {username}.", field="username")
    lock_project(project)
    project.invitations.filter(username=username).delete()
    return add_member(project, user, may_edit=may_edit)


def remove_member(project: Project, username: str) -> bool:
    """Take a membership away, or an invitation back; say whether there was one."""
    invited = project.invitations.filter(username=username).delete()[0]
    members = ProjectMember.objects.filter(project=project, user__username=username)
    return bool(members.delete()[0] or invited)


def check_can_share(project: Project, username: str) -> None:
    """Raise for Unsorted, and for the owner's own name."""
    if project.is_unsorted:
        raise NotPossible("Unsorted is yours alone: put what you share into a project of its own.")
    if username == project.owner.get_username():
        raise ProjectRefused(f"{username} owns this project.", field="username")


def add_member(project: Project, user: User, *, may_edit: bool) -> tuple[ProjectMember, bool]:
    """Write a membership; return it, and whether it is new."""
    return ProjectMember.objects.update_or_create(
        project=project, user=user, defaults={"may_edit": may_edit}
    )


def lock_project(project: Project) -> Project:
    """Lock a project against being deleted until the transaction ends; return it as it is now.

    Raises NotPossible where it was deleted meanwhile.
    """
    locked = Project.objects.select_for_update(no_key=True).filter(pk=project.pk).first()
    if locked is None:
        raise GoneMeanwhile("This project was deleted meanwhile.", field="project")
    return locked


def totals_of(project: Project) -> dict[str, object]:
    """Return a project's counts of photos, jobs and pictures, and what its predictions used.

    `cost`, `unpriced` and `seconds` include predictions that were deleted since.
    """
    used = DailyUsage.objects.filter(project=project.pk).aggregate(
        cost=Sum("cost"), unpriced=Sum("unpriced"), seconds=Sum("seconds")
    )
    return {
        "photos": project.photos.count(),
        "jobs": project.jobs.count(),
        "pictures": StagedImage.objects.filter(prediction__job__project=project).count(),
        **{name: value or 0 for name, value in used.items()},
    }


def _check_named(
    user: User, *, model: str | None, profile: str | None, is_new_model: bool = True
) -> None:
    if model and is_new_model:
        check_model_named(user, model)
    if model and profile:
        check_profile_named(user, profile, model=model)


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
