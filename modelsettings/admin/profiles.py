"""A profile's page: the form drawn from its model's schema, and what can be done with it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin
from unfold.decorators import display

from modelsettings import profiles
from modelsettings.actors import Actor
from modelsettings.admin import comparing
from modelsettings.admin import history as history_pages
from modelsettings.admin import search as search_pages
from modelsettings.admin.choosing import make_live_view, tell_use
from modelsettings.admin.model_page import model_context
from modelsettings.errors import RequestRefused
from modelsettings.forms import SettingsForm
from modelsettings.models import ModelSettings
from modelsettings.profile_names import shown_name
from modelsettings.refusals import tell
from modelsettings.schema.comparison import Change, diff
from modelsettings.schema.flattening import JSON
from modelsettings.settings import (
    StaleSettings,
    StoredSettings,
    history,
    patch_settings,
    read_profile,
    reset_settings,
    roll_back,
)
from modelsettings.settings.history import RevisionNotFound
from modelsettings.uses import find_use


@dataclass(frozen=True, slots=True)
class ChangedKey:
    """A key that is not as it came, and whether it came with a value to go back to."""

    key: str
    title: str
    change: Change
    has_default: bool


@admin.register(ModelSettings)
class ModelSettingsAdmin(ModelAdmin):
    list_display = ("called", "model", "revision", "updated_by", "updated_at")
    list_select_related = ("model",)

    @display(description="Name", ordering="name")
    def called(self, profile: ModelSettings) -> str:
        return profile.shown_name

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelSettings]:
        rows: QuerySet[ModelSettings] = super().get_queryset(request)
        related = rows.select_related("model__pinned_schema")
        return related.defer("model__pinned_schema__document")

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            named = f"modelsettings_modelsettings_{name}"
            shown: URLPattern = path(route, self.admin_site.admin_view(view), name=named)
            return shown

        own = [
            page("search/", self.search_view, "search"),
            page("<path:object_id>/compare/", self.compare_view, "compare"),
            page("<str:object_id>/make-live/", make_live_view, "make_live"),
            page("<path:object_id>/rollback/<int:revision>/", self.rollback_view, "rollback"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a profile's form; save what its operator changed, or do what a button says."""
        profile = self.visible(request, object_id)
        stored = read_profile(profile.pk)
        action = request.POST.get("action", "")
        if request.method == "POST" and not self.has_change_permission(request, profile):
            raise PermissionDenied
        if action:
            return _act(request, profile, action)
        form = SettingsForm(stored, request.POST or None)
        if request.method == "POST" and form.is_valid() and _save(request, form, stored):
            return redirect(request.path)
        context = model_context(request, profile.model, stored=stored)
        context |= _settings_context(profile, stored, form)
        # A reset leads here. The page says what is so of any revision, since any address may.
        before = history_pages.number_in(request.GET.get("undo"))
        is_newest = before is not None and stored.revision == before + 1
        context["undo"] = before if is_newest else None
        return self.page(request, profile, "change_form", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List a profile's revisions."""
        profile = self.visible(request, object_id)
        context = history_pages.revisions(request, profile)
        return self.page(request, profile, "history", context)

    def compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Compare two revisions, of this profile or of any other two."""
        profile = self.visible(request, object_id)
        try:
            found = comparing.compare(request, profile)
        except RevisionNotFound as error:
            raise Http404(str(error)) from error
        # The page is that of the first.
        context = {"found": found, "stored": found.old.stored}
        return self.page(request, found.old.profile, "compare", context)

    def rollback_view(self, request: HttpRequest, object_id: str, revision: int) -> HttpResponse:
        """Show what a rollback would change, and do it."""
        profile = self.visible(request, object_id)
        if request.method == "POST":
            if not self.has_change_permission(request, profile):
                raise PermissionDenied
            if history_pages.roll_back(request, profile, revision):
                return _to_settings(profile.pk)
            return redirect(request.path)
        context = history_pages.rollback_preview(profile, revision)
        return self.page(request, profile, "rollback", context)

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Search the settings of all models."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.page(request, None, "search", search_pages.search(request))

    def visible(self, request: HttpRequest, object_id: str) -> ModelSettings:
        """Return the profile, or answer 404 or 403."""
        profile: ModelSettings | None = self.get_object(request, object_id)
        if profile is None:
            raise Http404("There is no such settings profile.")
        if not self.has_view_or_change_permission(request, profile):
            raise PermissionDenied
        return profile

    def page(
        self,
        request: HttpRequest,
        profile: ModelSettings | None,
        template: str,
        context: dict[str, Any],
    ) -> TemplateResponse:
        """Draw one of the pages that this admin adds."""
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "profile": profile,
            "here": {"change_form": "settings"}.get(template, template),
            "model": profile.model if profile else None,
            "title": profile.model.label if profile else "Search settings",
            "use": find_use(profile.pk) if profile else None,
            "can_change": self.has_change_permission(request, profile),
        }
        name = f"admin/modelsettings/modelsettings/{template}.html"
        return TemplateResponse(request, name, shared | context)


def _settings_context(
    profile: ModelSettings, stored: StoredSettings, form: SettingsForm
) -> dict[str, Any]:
    properties = stored.validator.schema["properties"]
    siblings = profiles.list_profiles(stored.slug)
    return {
        "media": form.media,
        "form": form,
        "stored": stored,
        "siblings": siblings,
        "room_types": next(
            (sibling.room_types for sibling in siblings if sibling.pk == profile.pk), []
        ),
        "changed": [
            ChangedKey(
                key=change.key,
                title=properties.get(change.key, {}).get("title", change.key),
                change=change,
                has_default=change.key in stored.validator.defaults,
            )
            for change in diff(stored.validator.defaults, stored.document)
        ],
        "as_it_came": [key for key in stored.validator.defaults if key not in stored.changed],
        "revisions": history.list_revisions(stored.pk, keys=properties, most=5).revisions,
    }


def _save(request: HttpRequest, form: SettingsForm, stored: StoredSettings) -> bool:
    """Save the changed keys; return False where the form has to be shown again."""
    opened_with = form.cleaned_data["revision"]
    values, listed = _content_at(stored, revision=opened_with)
    changes, ticks = form.find_changes(values), form.find_ticks(listed)
    if form.open_conflicts:
        form.ask_again(stored, changes=changes)
        return False
    try:
        saved = patch_settings(
            stored.pk,
            changes,
            by=Actor.of(request.user),
            reason=form.cleaned_data["reason"],
            expected_revision=opened_with,
            may_change=ticks,
        )
    except StaleSettings as error:
        form.show_conflicts(error, stored=stored, changes=changes)
        return False
    except RequestRefused as error:
        form.show_refusal(error)
        return False
    _tell_saved(request, saved, before=stored.revision)
    return True


def _act(request: HttpRequest, profile: ModelSettings, action: str) -> HttpResponseRedirect:
    """Do what a button of the page says; go to this profile, or to the copy that was made."""
    by = Actor.of(request.user)
    reason = request.POST.get("reason", "").replace("\0", "").strip()
    target = profile.pk
    try:
        match action:
            case "reset":
                key = _posted(request, "key")
                keys = None if key == "*" else [key]
                saved = reset_settings(profile.pk, keys=keys, by=by, reason=reason)
                _tell_saved(request, saved, before=profile.revision)
                if saved.revision == profile.revision + 1:
                    return redirect(f"{_address_of(target)}?undo={profile.revision}")
            case "undo":
                _undo(request, profile.pk, by=by)
            case "naming":
                is_allowed = _posted(request, "clients_may_name") == "yes"
                saved = profiles.let_clients_name(
                    profile.pk, is_allowed=is_allowed, by=by, reason=reason
                )
                _tell_saved(request, saved, before=profile.revision)
            case "copy":
                name = _posted(request, "name")
                target = profiles.copy_profile(profile.pk, name, by=by, reason=reason).pk
                messages.success(request, f"Made {name} from {profile.shown_name}.")
            case "rename":
                name = _posted(request, "name")
                profiles.rename_profile(profile.pk, name, by=by, reason=reason)
                messages.success(request, f"Renamed to {shown_name(name)}.")
            case "rooms":
                rooms = request.POST.getlist("room_type")
                profiles.use_for_rooms(profile.pk, rooms, by=by, reason=reason)
                tell_use(request, "The rooms that use this profile are saved.", profile=target)
            case "retire":
                profiles.retire(profile.pk, by=by, reason=reason)
                messages.success(request, f"{profile.shown_name} is retired; its history stays.")
            case "restore":
                profiles.restore(profile.pk, by=by, reason=reason)
                messages.success(request, f"{profile.shown_name} is back in use.")
            case _:
                raise Http404("There is no such action.")
    except RequestRefused as error:
        tell(error, request)
    return _to_settings(target)


def _posted(request: HttpRequest, name: str) -> str:
    """Return a field of the form. Raises RequestRefused where a forged form lacks it."""
    if name not in request.POST:
        raise RequestRefused(f"The form came without '{name}'.")
    return request.POST[name]


def _tell_saved(request: HttpRequest, saved: StoredSettings, *, before: int) -> None:
    if saved.revision == before:
        messages.info(request, "Nothing was changed, so no revision was written.")
    else:
        tell_use(request, f"Saved as revision {saved.revision}.", profile=saved.pk)


def _content_at(stored: StoredSettings, *, revision: int) -> tuple[JSON, list[str] | None]:
    """Return what the page was drawn from: values, and the list of what clients may change.

    Where that revision is not there, no value is known, and the list is today's.
    """
    try:
        return history.get_content(stored.pk, revision=revision)
    except history.RevisionNotFound:
        return {}, stored.listed


def _undo(request: HttpRequest, profile: int, *, by: Actor) -> None:
    """Go back to the revision before the newest, unless another one was saved since."""
    before = history_pages.number_in(_posted(request, "revision")) or 0
    try:
        saved = roll_back(profile, before, by=by, expected_revision=before + 1)
    except StaleSettings:
        messages.error(request, "Not undone: another revision was saved since. See the history.")
        return
    messages.success(request, f"Undone: revision {saved.revision} has the old values.")


def _to_settings(profile: int) -> HttpResponseRedirect:
    return redirect(_address_of(profile))


def _address_of(profile: int) -> str:
    return reverse("admin:modelsettings_modelsettings_change", args=[profile])
