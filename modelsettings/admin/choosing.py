"""Pages that show what another live profile or default model would change, and choose it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from modelsettings import profiles, registry, uses
from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.refusals import tell


@require_http_methods(["GET", "HEAD", "POST"])
def make_live_view(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show what making a profile live would change; on a POST, do it."""
    if not request.user.has_perm("modelsettings.change_modelsettings"):
        raise PermissionDenied
    profile = _find(ModelSettings, object_id)
    settings = redirect("admin:modelsettings_modelsettings_change", profile.pk)
    if request.method == "POST":
        former = profile.model.live_profile
        try:
            profiles.make_live(profile.pk, **_choice(request))
        except RequestRefused as error:
            tell(error, request)
            return redirect(request.path)
        use = uses.find_use(profile.pk)
        told = f"{profile.shown_name} is live. {use.words}"
        if former is None or former.pk == profile.pk:
            messages.success(request, told)
        else:
            address = reverse("admin:modelsettings_modelsettings_make_live", args=[former.pk])
            _tell_with_way_back(request, told, address, f"Make {former.shown_name} live again")
        return settings
    preview = uses.preview_live(profile.pk)
    if preview.old and preview.old.stored.pk == profile.pk:
        messages.info(request, f"{profile.shown_name} is live already.")
        return settings
    context = {
        "opts": ModelSettings._meta,
        "profile": profile,
        "model": profile.model,
        "stored": preview.new.stored,
        "title": profile.model.label,
        "preview": preview,
        "back": settings.url,
    }
    return _page(request, "make_live", context)


@require_http_methods(["GET", "HEAD", "POST"])
def make_default_view(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show what making a model the default for staging would change; on a POST, do it."""
    if not request.user.has_perm("modelsettings.change_replicatemodel"):
        raise PermissionDenied
    model = _find(ReplicateModel, object_id)
    models = redirect("admin:modelsettings_replicatemodel_changelist")
    if request.method == "POST":
        former = ReplicateModel.objects.filter(is_default=True).exclude(pk=model.pk).first()
        try:
            registry.choose_default(model.slug, **_choice(request))
        except RequestRefused as error:
            tell(error, request)
            return redirect(request.path)
        told = (
            f"{model.label} is the default for staging; the next job that names no model uses it."
        )
        if former is None:
            messages.success(request, told)
        else:
            address = reverse("admin:modelsettings_replicatemodel_make_default", args=[former.pk])
            _tell_with_way_back(request, told, address, f"Make {former.label} the default again")
        return models
    preview = uses.preview_default(model.slug)
    if model.is_default:
        messages.info(request, f"{model.label} is the default for staging already.")
        return models
    context = {
        "opts": ReplicateModel._meta,
        "model": model,
        "title": "Make the default for staging",
        "preview": preview,
        "obstacle": preview.new.stored.obstacle,
        "back": reverse("admin:modelsettings_replicatemodel_change", args=[model.pk]),
    }
    return _page(request, "make_default", context)


def tell_use(request: HttpRequest, done: str, *, profile: int) -> None:
    """Say what was done to a profile, and which jobs use it; where none does, offer it to all."""
    use = uses.find_use(profile)
    address = reverse("admin:modelsettings_modelsettings_make_live", args=[profile])
    offer = format_html(' <a href="{}">Make live</a>', address) if use.can_be_live else ""
    messages.success(request, format_html("{} {}{}", done, use.words, offer))


def _tell_with_way_back(request: HttpRequest, told: str, address: str, words: str) -> None:
    """Say what was done, with a link to the page that takes it back."""
    messages.success(request, format_html('{} <a href="{}">{}</a>', told, address, words))


def _find(table: Any, object_id: str) -> Any:
    found = table.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
    if found is None:
        raise Http404("There is no such page.")
    return found


def _choice(request: HttpRequest) -> dict[str, Any]:
    """Return author, reason, and the tag of what was shown, as the services take them."""
    return {
        "by": Actor.of(request.user),
        "reason": request.POST.get("reason", "").replace("\0", "").strip(),
        "shown": request.POST.get("shown", ""),
    }


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    shared = {**admin.site.each_context(request), "here": template, "can_change": True}
    name = f"admin/modelsettings/modelsettings/{template}.html"
    return TemplateResponse(request, name, shared | context)
