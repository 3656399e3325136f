"""Finds photos, jobs, batches and projects by what people know of them.

A search is some words, and a row is found that each of them names: by the name of a photo or a
project, a room, a style, a model, an account, or how the row's id begins. Photos are found by their
names among the newest MOST_SEARCHED alone, so that a search reads no more of a table that grows.
"""

import re
import uuid

from django.contrib.auth.models import User
from django.db.models import Max, Q, QuerySet

from modelsettings.models import ReplicateModel
from staging import access
from staging.models import BatchPhoto, Photo, Project, RoomType, Style

MOST_SEARCHED = 20_000
# So many rows of another kind are named by a word, the newest.
MOST_NAMED = 500
MOST_WORDS = 8
# A shorter beginning of an id is a word.
SHORTEST_ID = 3

_PHOTO = f"A photo's name (of the newest {MOST_SEARCHED:,})"
_KIND_OF_ID = re.compile(r"^\s*(job|batch|photo)\s+(?=[0-9a-f]{3})", re.IGNORECASE)
HELP_OF_JOBS = f"{_PHOTO}, a project, room, style, model or person, or an id"
HELP_OF_BATCHES = f"{_PHOTO}, a project, style, model or person, or an id"
HELP_OF_PHOTOS = f"{_PHOTO}, a project or person, or an id"
HELP_OF_PROJECTS = "A project's name, its owner's, or its model's"
HELP_OF_CALLBACKS = f"{_PHOTO}, a project, or a part of the address"
HELP_OF_SHARES = f"{_PHOTO}, a project, or who made the page"


def words_in(text: str) -> list[str]:
    """Return the words of a search, without those that only say that an id follows.

    >>> words_in("Job 7f3a21bc")
    ['7f3a21bc']
    """
    bare = _KIND_OF_ID.sub("", text.replace("\0", ""))
    return bare.split()[:MOST_WORDS]


def jobs_named(user: User, word: str) -> Q:
    """Match jobs by a word."""
    return (
        _by_id(word)
        | Q(photo__in=_photos_named(user, word))
        | Q(room_type__in=_rooms_named(word))
        | Q(style__in=_styles_named(word))
        | Q(model__in=_models_named(word))
        | _of_project_or_owner(user, word)
    )


def photos_named(user: User, word: str) -> Q:
    """Match photos by a word."""
    return _by_id(word) | Q(pk__in=_photos_named(user, word)) | _of_project_or_owner(user, word)


def batches_named(user: User, word: str) -> Q:
    """Match batches by a word."""
    newest = access.rows_shown_to(BatchPhoto.objects.all(), user, project="batch__project")
    newest = newest.order_by("-pk")[:MOST_SEARCHED]
    named = BatchPhoto.objects.filter(pk__in=newest.values("pk"), name__icontains=word)
    by_age = named.order_by().values("batch").annotate(newest=Max("pk")).order_by("-newest")
    found = _by_id(word) | Q(pk__in=list(by_age.values_list("batch", flat=True)[:MOST_NAMED]))
    for style in _styles_named(word):
        found |= Q(styles__icontains=f'"{style}"')
    return found | Q(model__in=_models_named(word)) | _of_project_or_owner(user, word)


def projects_named(_user: User, word: str) -> Q:
    """Match projects by a word."""
    return (
        _by_id(word)
        | Q(name__icontains=word)
        | Q(owner__username__icontains=word)
        | Q(model__in=_models_named(word))
    )


def callbacks_named(user: User, word: str) -> Q:
    """Match callbacks by a word: of their jobs' photos and projects, and by their address."""
    return (
        _by_id(word)
        | Q(job__photo__in=_photos_named(user, word))
        | Q(job__project__in=_projects_named(user, word))
        | Q(url__icontains=word)
    )


def shares_named(user: User, word: str) -> Q:
    """Match public pages by a word: of their photos and projects, and by who made them."""
    return (
        _by_id(word)
        | Q(image__prediction__job__photo__in=_photos_named(user, word))
        | Q(image__prediction__job__project__in=_projects_named(user, word))
        | Q(created_by__username__icontains=word)
    )


def _by_id(word: str) -> Q:
    """Match rows whose UUID begins so: a range, which the primary key's index serves."""
    digits = word.lower().replace("-", "")
    if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST_ID},32}}", digits):
        return Q(pk__in=[])
    first, last = digits.ljust(32, "0"), digits.ljust(32, "f")
    return Q(pk__gte=uuid.UUID(first), pk__lte=uuid.UUID(last))


def _of_project_or_owner(user: User, word: str) -> Q:
    owners = User.objects.filter(username__icontains=word).order_by("-pk")
    named = list(owners.values_list("pk", flat=True)[:MOST_NAMED])
    return Q(project__in=_projects_named(user, word)) | Q(owner__in=named)


def _photos_named(user: User, word: str) -> list[uuid.UUID]:
    newest = access.rows_shown_to(Photo.objects.all(), user).order_by("-created_at")[:MOST_SEARCHED]
    named = Photo.objects.filter(pk__in=newest.values("pk"), original_name__icontains=word)
    return _newest_keys(named)


def _projects_named(user: User, word: str) -> list[uuid.UUID]:
    return _newest_keys(access.projects_shown_to(user).filter(name__icontains=word))


def _newest_keys(rows: QuerySet[Photo] | QuerySet[Project]) -> list[uuid.UUID]:
    return list(rows.order_by("-created_at").values_list("pk", flat=True)[:MOST_NAMED])


def _rooms_named(word: str) -> list[str]:
    named = RoomType.objects.filter(Q(label__icontains=word) | Q(key__icontains=word))
    return list(named.values_list("key", flat=True))


def _styles_named(word: str) -> list[str]:
    named = Style.objects.filter(Q(label__icontains=word) | Q(key__icontains=word))
    return list(named.values_list("key", flat=True))


def _models_named(word: str) -> list[int]:
    named = ReplicateModel.objects.filter(Q(label__icontains=word) | Q(slug__icontains=word))
    return list(named.values_list("pk", flat=True))
