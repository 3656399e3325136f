"""The search of the whole admin, ⌘K: pages, models, parameters, and what an account may see.

Each kind of rows is asked for a few, the newest, of those that the account's own pages show.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from config.dashboard.navigation import is_open, sidebar
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.settings.search import find_parameters
from staging import access, finding
from staging.models import Photo, Project, RoomType, StagingBatch, StagingJob, Style
from staging.templatetags.staging_pictures import in_words

MOST_OF_A_KIND = 5


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was found: its name, what it is, its page, and the icon of its kind."""

    title: str
    what: str
    link: str
    icon: str


@require_safe
def search_view(request: HttpRequest) -> HttpResponse:
    """Answer what was found, as the items of the list below the field."""
    asked = request.GET.get("s", "")
    words = finding.words_in(asked)
    context = {"found": find_all(request, words) if words else [], "asked": asked.strip()}
    return render(request, "admin/search/found.html", context)


def find_all(request: HttpRequest, words: list[str]) -> list[Found]:
    """Return what the account may open that each word names, a few of each kind."""
    # The admin lets in no other.
    user = cast("User", request.user)
    # Shared by the kinds of rows, so that what a word names is looked up once.
    named = [finding.Word(word, by=user) for word in words]
    return [
        *_pages(request, words),
        *_settings(user, words),
        *_rows(user, named, Project, finding.projects_named, "owner", show=_project),
        *_people(user, words),
        *_rows(user, named, Photo, finding.photos_named, "project", show=_photo),
        *_rows(user, named, StagingJob, finding.jobs_named, "photo", "project", show=_job),
        *_rows(user, named, StagingBatch, finding.batches_named, "project", show=_batch),
        *_library(user, words),
    ]


def _pages(request: HttpRequest, words: list[str]) -> Iterator[Found]:
    """Yield the entries of the menu, by their names and those of their groups."""
    if _has_all("Today", words):
        yield Found("Today", "Page", reverse("admin:index"), "home")
    for group in sidebar(request):
        for item in group["items"]:
            if is_open(item, request) and _has_all(item["title"], words):
                yield Found(item["title"], group["title"], str(item["link"]), item["icon"])


def _settings(user: User, words: list[str]) -> Iterator[Found]:
    """Yield models, and parameters with the search for their values."""
    if not access.may_view(user, ModelSettings):
        return
    models = ReplicateModel.objects.exclude(live_profile=None)
    for model in _that_name(models, words, "label", "slug").order_by("position")[:MOST_OF_A_KIND]:
        address = reverse("admin:modelsettings_modelsettings_change", args=[model.live_profile_id])
        yield Found(model.label, "Model", address, "tune")
    named = [
        parameter
        for parameter in find_parameters(words[0])
        if _has_all(f"{parameter.title} {parameter.key}", words)
    ]
    named.sort(key=lambda parameter: -parameter.models)
    for parameter in named[:MOST_OF_A_KIND]:
        query = urlencode({"key": parameter.title, "test": "set"})
        address = f"{reverse('admin:modelsettings_modelsettings_search')}?{query}"
        count = f"{parameter.models} model{'' if parameter.models == 1 else 's'}"
        yield Found(parameter.title, f"Parameter of {count}", address, "search")


def _rows(
    user: User,
    words: list[finding.Word],
    kind: type[Model],
    named_by: Callable[[finding.Word], Q],
    *related: str,
    show: Callable[[Any], tuple[str, str, str]],
) -> Iterator[Found]:
    """Yield rows of projects, the newest."""
    if not access.may_view(user, kind):
        return
    meta = kind._meta
    of_all: QuerySet[Any] = kind._default_manager.all()
    in_project = "pk" if kind is Project else "project"
    rows = access.rows_shown_to(of_all, user, project=in_project)
    for word in words:
        rows = rows.filter(named_by(word))
    page = f"admin:{meta.app_label}_{meta.model_name}_change"
    for row in rows.select_related(*related).order_by("-created_at")[:MOST_OF_A_KIND]:
        title, what, icon = show(row)
        yield Found(title, what, reverse(page, args=[row.pk]), icon)


def _project(project: Project) -> tuple[str, str, str]:
    return project.name, "Project", "folder_open"


def _photo(photo: Photo) -> tuple[str, str, str]:
    return photo.original_name or "A photo", f"Photo in {photo.project.name}", "image"


def _job(job: StagingJob) -> tuple[str, str, str]:
    asked = f"{in_words(job.room_type)}, {in_words(job.style)}"
    what = f"{job}, {asked}, in {job.project.name}"
    return job.photo.original_name or "A photo", what, "photo_library"


def _batch(batch: StagingBatch) -> tuple[str, str, str]:
    return str(batch), f"In {batch.project.name}", "burst_mode"


def _people(user: User, words: list[str]) -> Iterator[Found]:
    if not access.may_view(user, User):
        return
    columns = ("username", "first_name", "last_name", "email")
    people = _that_name(User.objects.all(), words, *columns).order_by("username")
    for person in people[:MOST_OF_A_KIND]:
        what = f"User, {name}" if (name := person.get_full_name()) else "User"
        yield Found(
            person.username, what, reverse("admin:auth_user_change", args=[person.pk]), "person"
        )


def _library(user: User, words: list[str]) -> Iterator[Found]:
    """Yield rooms and styles."""
    for kind, what in ((RoomType, "Room"), (Style, "Style")):
        if not access.may_view(user, kind):
            continue
        name = f"admin:staging_{kind._meta.model_name}_change"
        rows: QuerySet[Any] = kind.objects.all()
        for row in _that_name(rows, words, "label", "key")[:MOST_OF_A_KIND]:
            yield Found(row.label, what, reverse(name, args=[row.pk]), "menu_book")


def _that_name(rows: QuerySet[Any], words: list[str], *columns: str) -> QuerySet[Any]:
    for word in words:
        named = Q(pk__in=[])
        for column in columns:
            named |= Q(**{f"{column}__icontains": word})
        rows = rows.filter(named)
    return rows


def _has_all(text: str, words: list[str]) -> bool:
    return all(word.lower() in text.lower() for word in words)
