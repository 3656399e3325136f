"""Finds photos, jobs, batches, projects, callbacks and public pages by what people know of them.

A search is some words, and a row is found that each of them names: by the name of a photo or a
project, a room, a style, a model, an account, or how the row's id begins. Names of photos are
searched among the newest MOST_SEARCHED alone, because no index finds a part of a name, and theirs
is the table that grows. Names of projects and accounts are searched among all.
"""

import re
import uuid
from functools import cached_property, reduce
from operator import or_

from django.contrib.auth.models import User
from django.db.models import Max, Q, QuerySet

from modelsettings.models import ReplicateModel
from staging import access
from staging.models import BatchPhoto, Photo, Project, RoomType, Style

MOST_SEARCHED = 20_000
# So many rows of another table are named by a word, the newest.
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


class Word:
    """A word of a search by an account, with the rows of other tables that it names.

    Each table is asked when its rows are first wanted, and once for all kinds of rows that are
    searched.
    """

    def __init__(self, text: str, *, by: User) -> None:
        self.text = text
        self.by = by

    @cached_property
    def photos(self) -> list[uuid.UUID]:
        newest = access.rows_shown_to(Photo.objects.all(), self.by).order_by("-created_at")
        of_newest = Photo.objects.filter(pk__in=newest[:MOST_SEARCHED].values("pk"))
        return _newest_keys(of_newest.filter(original_name__icontains=self.text))

    @cached_property
    def projects(self) -> list[uuid.UUID]:
        shown = access.projects_shown_to(self.by)
        return _newest_keys(shown.filter(name__icontains=self.text))

    @cached_property
    def batches(self) -> list[uuid.UUID]:
        """Those with a photo of the name, by their newest photo."""
        shown = access.rows_shown_to(BatchPhoto.objects.all(), self.by, project="batch__project")
        newest = shown.order_by("-pk")[:MOST_SEARCHED].values("pk")
        named = BatchPhoto.objects.filter(pk__in=newest, name__icontains=self.text)
        by_age = named.order_by().values("batch").annotate(newest=Max("pk")).order_by("-newest")
        return list(by_age.values_list("batch", flat=True)[:MOST_NAMED])

    @cached_property
    def people(self) -> list[int]:
        named = User.objects.filter(username__icontains=self.text).order_by("-pk")
        return list(named.values_list("pk", flat=True)[:MOST_NAMED])

    @cached_property
    def rooms(self) -> list[str]:
        named = RoomType.objects.filter(self._in("label", "key"))
        return list(named.values_list("key", flat=True))

    @cached_property
    def styles(self) -> list[str]:
        named = Style.objects.filter(self._in("label", "key"))
        return list(named.values_list("key", flat=True))

    @cached_property
    def models(self) -> list[int]:
        named = ReplicateModel.objects.filter(self._in("label", "slug"))
        return list(named.values_list("pk", flat=True))

    @property
    def ids(self) -> Q:
        """Match rows whose UUID begins so: a range, which the primary key's index serves."""
        digits = self.text.lower().replace("-", "")
        if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST_ID},32}}", digits):
            return Q(pk__in=[])
        first, last = digits.ljust(32, "0"), digits.ljust(32, "f")
        return Q(pk__gte=uuid.UUID(first), pk__lte=uuid.UUID(last))

    @property
    def place(self) -> Q:
        """Match rows of a project or of an owner."""
        return Q(project__in=self.projects) | Q(owner__in=self.people)

    def _in(self, *columns: str) -> Q:
        return reduce(or_, (Q(**{f"{column}__icontains": self.text}) for column in columns))


def words_of(text: str, *, by: User) -> list[Word]:
    """Return the words of a search by an account."""
    return [Word(word, by=by) for word in words_in(text)]


def jobs_named(word: Word) -> Q:
    """Match jobs by a word."""
    return (
        word.ids
        | Q(photo__in=word.photos)
        | Q(room_type__in=word.rooms)
        | Q(style__in=word.styles)
        | Q(model__in=word.models)
        | word.place
    )


def photos_named(word: Word) -> Q:
    """Match photos by a word."""
    return word.ids | Q(pk__in=word.photos) | word.place


def batches_named(word: Word) -> Q:
    """Match batches by a word."""
    found = word.ids | Q(pk__in=word.batches) | Q(model__in=word.models) | word.place
    for style in word.styles:
        found |= Q(styles__icontains=f'"{style}"')
    return found


def projects_named(word: Word) -> Q:
    """Match projects by a word, as a query: there are far fewer of them than of their rows."""
    return (
        word.ids
        | Q(name__icontains=word.text)
        | Q(owner__username__icontains=word.text)
        | Q(model__in=word.models)
    )


def callbacks_named(word: Word) -> Q:
    """Match callbacks by a word: of their jobs' photos and projects, and by their address."""
    return (
        word.ids
        | Q(job__photo__in=word.photos)
        | Q(job__project__in=word.projects)
        | Q(url__icontains=word.text)
    )


def shares_named(word: Word) -> Q:
    """Match public pages by a word: of their photos and projects, and by who made them."""
    return (
        word.ids
        | Q(image__prediction__job__photo__in=word.photos)
        | Q(image__prediction__job__project__in=word.projects)
        | Q(created_by__username__icontains=word.text)
    )


def _newest_keys(rows: QuerySet[Photo] | QuerySet[Project]) -> list[uuid.UUID]:
    return list(rows.order_by("-created_at").values_list("pk", flat=True)[:MOST_NAMED])
