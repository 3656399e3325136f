"""The page that adds a model: what Replicate publishes is shown before anything is saved."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from modelsettings import inspection, registry
from modelsettings.actors import Actor
from modelsettings.errors import RequestRefused
from modelsettings.inspection import CannotRead, Finding
from modelsettings.models import ReplicateModel
from modelsettings.registry import CannotAdopt
from modelsettings.schema.roles import RoleRefused

_ROLES = {"image": "Takes the photo", "prompt": "Takes the prompt"}
_ADD = "modelsettings.add_replicatemodel"
_CHANGE = "modelsettings.change_replicatemodel"


@require_http_methods(["GET", "HEAD", "POST"])
def add_model_view(request: HttpRequest) -> HttpResponse:
    """Read `?slug=`, show what was found, and on a POST judge it again or save it.

    Mounted by the admin of models, behind its login.
    """
    if not request.user.has_perm(_ADD):
        raise PermissionDenied
    asked = request.POST if request.method == "POST" else request.GET
    slug = asked.get("slug", "").strip()
    context: dict[str, Any] = {"slug": slug}
    if slug:
        corrections = {role: asked.get(role) for role in _ROLES}
        try:
            finding = _find(slug, corrections, context)
            saved = _save(request, finding, corrections) if request.method == "POST" else None
        except RequestRefused as error:
            context["refusal"] = str(error)
        else:
            if saved is not None:
                return _to_settings(request, saved)
    return _page(request, context)


def _find(slug: str, corrections: dict[str, str | None], context: dict[str, Any]) -> Finding:
    """Read and judge the model; put into the context what can be shown of it."""
    model = inspection.read_model(slug)
    context["slug"] = model.slug
    row = ReplicateModel.objects.select_related("pinned_schema").filter(slug=model.slug).first()
    context |= {"row": row, "is_adoptable": row is not None and registry.is_adoptable(row)}
    try:
        finding = inspection.judge(model, corrections=corrections)
    except RoleRefused:
        # The choices are shown with the refusal, so that another can be made.
        context |= _shown(inspection.judge(model))
        raise
    context |= _shown(finding)
    return finding


def _shown(finding: Finding) -> dict[str, Any]:
    roles = [
        (role, words, finding.choices[role], finding.roles.get(role, ""))
        for role, words in _ROLES.items()
    ]
    others = {role: name for role, name in finding.roles.items() if role not in _ROLES}
    return {"finding": finding, "roles": roles, "other_roles": others}


def _save(
    request: HttpRequest, finding: Finding, corrections: dict[str, str | None]
) -> ReplicateModel | None:
    """Do what the button says; return None where it asks to save nothing."""
    action = request.POST.get("action", "")
    if action not in ("add", "adopt"):
        return None
    if request.POST.get("digest") != finding.digest:
        raise CannotRead(
            "Nothing was saved: the model's schema is not the one that was shown. Look again."
        )
    by = Actor.of(request.user)
    if action == "add":
        row = registry.add_model(finding.model, by=by, corrections=corrections)
        messages.success(request, f"{row.label} is added. {_use_of(finding)}")
        return row
    if not request.user.has_perm(_CHANGE):
        raise PermissionDenied
    row = ReplicateModel.objects.select_related("pinned_schema").get(slug=finding.model.slug)
    if not registry.is_adoptable(row):
        raise CannotAdopt(f"{row.slug} has its published schema already.")
    registry.adopt_schema(finding.model, by=by, corrections=corrections)
    messages.success(request, f"{row.label} has its published schema now. {_use_of(finding)}")
    return row


def _use_of(finding: Finding) -> str:
    return finding.obstacle or "It can stage photos; its price is unknown until you set it."


def _to_settings(request: HttpRequest, row: ReplicateModel) -> HttpResponse:
    """Go to the model's settings, or back to this page for an operator who may not see them."""
    if request.user.has_perm("modelsettings.view_modelsettings") or request.user.has_perm(
        "modelsettings.change_modelsettings"
    ):
        address = reverse("admin:modelsettings_modelsettings_change", args=[row.live_profile_id])
        return redirect(address)
    return redirect(f"{request.path}?slug={row.slug}")


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    shared = {
        **admin.site.each_context(request),
        "opts": ReplicateModel._meta,
        "title": "Add a model",
        "can_adopt": request.user.has_perm(_CHANGE),
    }
    return TemplateResponse(request, "admin/modelsettings/add_model.html", shared | context)
