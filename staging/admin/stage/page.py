"""The Stage page: the form, its forecast, and the addresses of the forms that were before it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse

from staging import access
from staging.access import seen_kinds
from staging.admin.page_parts import user_of
from staging.admin.pickers.projects import ProjectChooser
from staging.admin.stage.form import StageForm, initial_of
from staging.batches.file_names import tell_passed_over
from staging.batches.rooms import tell_unnamed
from staging.batches.sent import MAX_PHOTOS, MAX_TOTAL_BYTES, Sending
from staging.habits import recall
from staging.models import StagingBatch, StagingJob
from staging.orders.forecasting import Forecast
from staging.prompts import DEFAULT_ROOM

TITLE = "Stage"


def stage_view(request: HttpRequest) -> HttpResponse:
    """Show the form, filled with what the address and the account's last choices say; place it."""
    if not access.may_stage(user_of(request)):
        raise PermissionDenied
    is_fragment = request.headers.get("X-Restage") == "fragment"
    if request.method == "POST":
        form = _bound(request)
        placed = form.place() if form.is_valid() else None
        if placed is not None:
            messages.success(request, _told(placed))
            address = _page_of(placed)
            return JsonResponse({"url": address}) if is_fragment else redirect(address)
        if is_fragment:
            return JsonResponse({"errors": _errors(form)}, status=400)
    else:
        form = StageForm(by=user_of(request), chooser=_chooser())
        last = recall(form.by)
        form.initial = initial_of(request.GET, form.offers, by=form.by, last=last)
        form.styles_are_recalled = (
            last.is_recalled and bool(last.styles) and "style" not in request.GET
        )
        form.take_stored(request.GET)
    return TemplateResponse(request, "admin/staging/stage/page.html", _context(request, form))


def forecast_view(request: HttpRequest) -> HttpResponse:
    """Answer what a draft of the form comes to: a part of the page."""
    if not access.may_stage(user_of(request)):
        raise PermissionDenied
    form = _bound(request, is_draft=True)
    found = form.forecast() if form.is_valid() else None
    context = {
        "forecast": found,
        "told_of_files": _told_of_files(found, form) if found else [],
        "archives": [_told_of_archive(archive) for archive in form.archives],
        "errors": form.errors,
        "errors_by_field": _errors(form),
        "styles": form.style_names,
        "twin": _twin(form),
        "form": form,
    }
    return render(request, "admin/staging/stage/forecast.html", context)


def _told_of_files(found: Forecast, form: StageForm) -> list[str]:
    """Return what the names of files and folders say, in sentences."""
    rooms: dict[str, str] = dict(form.rooms)
    by_folder = ", ".join(
        f"{rooms[room]} ({_count(number)})" for room, number in found.rooms.of_folders.items()
    )
    unnamed = tell_unnamed(found.rooms.unnamed)
    otherwise = rooms.get(form.cleaned_data["room_type"] or DEFAULT_ROOM, "")
    told = [
        f"By their folders: {by_folder}." if by_folder else "",
        unnamed and f"{unnamed} Staged as {otherwise.lower()}, unless you choose a room for them.",
        tell_passed_over(found.passed_over),
    ]
    return [sentence for sentence in told if sentence]


def _told_of_archive(archive: Sending) -> dict[str, Any]:
    """Return what the picker says of a ZIP: the number of its photos, and that in words."""
    count = len(archive.photos)
    return {"photos": count, "words": _count(count)}


def _count(photos: int) -> str:
    return f"{photos} photo{'' if photos == 1 else 's'}"


def redirect_to_stage(request: HttpRequest, **said: str) -> HttpResponse:
    """Lead from the address of an earlier form to the Stage page, with what the address says."""
    if not access.may_stage(user_of(request)):
        raise PermissionDenied
    query = request.GET.copy()
    query.update(said)
    return redirect(f"{reverse('stage')}?{query.urlencode()}" if query else reverse("stage"))


def _bound(request: HttpRequest, *, is_draft: bool = False) -> StageForm:
    return StageForm(
        request.POST,
        request.FILES,
        by=user_of(request),
        chooser=_chooser(),
        is_draft=is_draft,
    )


def _errors(form: StageForm) -> dict[str, list[str]]:
    return {name: list(map(str, sentences)) for name, sentences in form.errors.items()}


def _chooser() -> ProjectChooser:
    return ProjectChooser(StagingJob._meta.get_field("project"), admin.site)


def _context(request: HttpRequest, form: StageForm) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": TITLE,
        "form": form,
        "media": form.media,
        "sees": seen_kinds(user_of(request)),
        "twin": _twin(form),
        "files_are_gone": form.is_bound and bool(form.cleaned_data.get("images")),
        "most_photos": MAX_PHOTOS,
        "most_bytes": MAX_TOTAL_BYTES,
    }


def _twin(form: StageForm) -> dict[str, Any] | None:
    """Return the same order that was placed a moment ago, with its page."""
    if form.twin is None:
        return None
    placed = form.twin.placed
    return {"name": str(placed), "at": form.twin.at, "url": _page_of(placed)}


def _page_of(placed: StagingJob | StagingBatch) -> str:
    return reverse(f"admin:staging_{placed._meta.model_name}_change", args=[placed.pk])


def _told(placed: StagingJob | StagingBatch) -> str:
    if isinstance(placed, StagingBatch):
        return "Staging has begun. This page shows how far it is; you can close it meanwhile."
    return "The photo is there. Its picture appears on this page."
