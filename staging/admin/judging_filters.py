"""The choice of what is judged: a project, a batch, a model or a profile."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpRequest

from modelsettings.models import ModelSettings, ReplicateModel
from staging import access
from staging.access import Right
from staging.admin.filters import MOST_DIGITS
from staging.jobs.verdict_queue import KINDS, Choice, VerdictQueue, Wanted, batch_label
from staging.models import StagingBatch


class NothingSuch(Exception):
    """A filter of the address names nothing that there can be."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One select of the page: its name and label, the choices, and the chosen key."""

    name: str
    label: str
    choices: list[Choice]
    chosen: str


def read_filters(request: HttpRequest) -> Wanted:
    """Return what the address asks for. Raises NothingSuch."""
    wanted: Wanted = {}
    for kind in KINDS:
        if value := request.GET.get(kind, ""):
            wanted[kind] = _key_of(kind, value)  # type: ignore[literal-required]  # of KINDS
    return wanted


def write_filters(wanted: Wanted) -> str:
    """Return the filters as an address has them, without the question mark."""
    return urlencode({kind: str(key) for kind, key in wanted.items()})


def filters_of(queue: VerdictQueue, wanted: Wanted, *, user: User) -> list[Filter]:
    """Return the selects of the page; a kind with nothing to choose has none."""
    return list(_filters_of(queue, wanted, user=user))


def _filters_of(queue: VerdictQueue, wanted: Wanted, *, user: User) -> Iterator[Filter]:
    for kind in KINDS:
        chosen = str(wanted.get(kind, ""))
        choices = queue.choices(kind)
        if chosen and chosen not in {choice.key for choice in choices}:
            # No picture of it waits, or none of the oldest.
            choices = [Choice(chosen, _label_of(kind, chosen, user=user), 0), *choices]
        if chosen or len(choices) > 1:
            yield Filter(kind, kind.capitalize(), choices, chosen)


def _key_of(kind: str, value: str) -> uuid.UUID | int:
    if kind in ("model", "profile"):
        if value.isdecimal() and len(value) <= MOST_DIGITS:
            return int(value)
        raise NothingSuch(value)
    try:
        return uuid.UUID(value)
    except ValueError:
        raise NothingSuch(value) from None


def _label_of(kind: str, key: str, *, user: User) -> str:
    """Return the name of what was chosen, where the user may know it."""
    projects = access.projects_for(user, Right.JUDGE, in_admin=True)
    match kind:
        case "project":
            project = projects.filter(pk=key).first()
            return project.name if project else _UNKNOWN
        case "batch":
            batches = StagingBatch.objects.filter(pk=key, project__in=projects)
            batch = batches.select_related("project").first()
            return batch_label(batch.project.name, batch.created_at) if batch else _UNKNOWN
        case "model":
            sees = access.may_view(user, ReplicateModel)
            model = ReplicateModel.objects.filter(pk=key).first() if sees else None
            return model.label if model else _UNKNOWN
    sees = access.may_view(user, ModelSettings)
    profiles = ModelSettings.objects.filter(pk=key).select_related("model")
    profile = profiles.first() if sees else None
    return f"{profile.model.label}: {profile.shown_name}" if profile else _UNKNOWN


_UNKNOWN = "the chosen one"
