"""Counts the pictures that wait for a verdict, by their project, batch, model and profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from django.db.models import QuerySet
from django.utils import timezone

from modelsettings.profile_names import shown_name
from staging.models import StagedImage

# A page does not wait until more are counted. The choices are those of the oldest so many.
MOST_COUNTED = 300
_JOB = "prediction__job__"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something whose pictures can be judged by themselves, and how many of them wait."""

    key: str
    label: str
    count: int


class Wanted(TypedDict, total=False):
    """The keys of what a queue is about; a part that is left out stands for all."""

    project: Any
    batch: Any
    model: Any
    profile: Any


KINDS = ("project", "batch", "model", "profile")
_PATHS = {
    "project": f"{_JOB}project",
    "batch": f"{_JOB}batch_photo__batch",
    "model": f"{_JOB}model",
    "profile": f"{_JOB}profile",
}
_COLUMNS = (
    *_PATHS.values(),
    f"{_JOB}project__name",
    f"{_JOB}batch_photo__batch__created_at",
    f"{_JOB}model__label",
    f"{_JOB}profile__name",
)


class VerdictQueue:
    """The oldest pictures that wait, and the choices among them."""

    def __init__(self, pictures: QuerySet[StagedImage], wanted: Wanted) -> None:
        """Read the pictures, at most MOST_COUNTED and one, with a single query."""
        self._wanted = {kind: str(key) for kind, key in wanted.items()}
        found = pictures.values_list(*_COLUMNS)[: MOST_COUNTED + 1]
        self._rows = [_Row(*row) for row in found]

    @property
    def is_whole(self) -> bool:
        """Whether no picture waits beside those that are counted."""
        return len(self._rows) <= MOST_COUNTED

    @property
    def waiting(self) -> int:
        return sum(self._fits(row) for row in self._rows)

    def choices(self, kind: str) -> list[Choice]:
        """Return what can be chosen of a kind beside the other kinds' choices, by its label."""
        counts: dict[str, int] = {}
        labels: dict[str, str] = {}
        for row in self._rows:
            key = row.keys[kind]
            if key and self._fits(row, beside=kind):
                counts[key] = counts.get(key, 0) + 1
                labels[key] = row.label(kind)
        found = [Choice(key, labels[key], count) for key, count in counts.items()]
        return sorted(found, key=lambda choice: choice.label.casefold())

    def _fits(self, row: "_Row", *, beside: str = "") -> bool:
        return all(row.keys[kind] == key for kind, key in self._wanted.items() if kind != beside)


def select(pictures: QuerySet[StagedImage], wanted: Wanted) -> QuerySet[StagedImage]:
    """Return the pictures of what is wanted.

    >>> select(fresh_pictures(), {"batch": batch.pk})
    """
    chosen: Mapping[str, Any] = wanted
    return pictures.filter(**{_PATHS[kind]: key for kind, key in chosen.items()})


def count_to_most(pictures: QuerySet[StagedImage]) -> int:
    """Count pictures, to MOST_COUNTED and one."""
    return pictures.order_by()[: MOST_COUNTED + 1].count()


def batch_label(project: str, created_at: datetime) -> str:
    """Return a batch's name for people who know when they sent it."""
    return f"{project}, {timezone.localtime(created_at):%-d %b, %H:%M}"


class _Row:
    """A picture that waits: its keys by kind, and the names of what they stand for."""

    __slots__ = ("_names", "keys")

    def __init__(self, *values: Any) -> None:
        self.keys = {
            kind: "" if key is None else str(key)
            for kind, key in zip(KINDS, values[: len(KINDS)], strict=True)
        }
        self._names = values[len(KINDS) :]

    def label(self, kind: str) -> str:
        project, created_at, model, profile = self._names
        match kind:
            case "project":
                return str(project)
            case "batch":
                return batch_label(project, created_at)
            case "model":
                return str(model)
        return f"{model}: {shown_name(profile)}"
