"""The admin's pages of models and their settings."""

from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display

from modelsettings import history, services
from modelsettings.actors import Actor
from modelsettings.forms import SettingsForm
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.schema.document import Change, diff
from modelsettings.schema.published import JSON
from modelsettings.schema.validation import SettingsRefused
from modelsettings.services import ProfileLocked, StaleSettings, StoredSettings
from modelsettings.templatetags.restage import price_in_words


@admin.register(ReplicateModel)
class ReplicateModelAdmin(ModelAdmin):
    list_display = ("settings_link", "slug", "live_revision", "price_text", "use")
    list_display_links = ("slug",)
    list_select_related = ("live_profile",)
    search_fields = ("slug", "label")
    fields = ("slug", "label", "description", "is_enabled", "is_default", "price", "roles")
    readonly_fields = ("slug", "is_default", "roles")

    @display(description="Model", ordering="label")
    def settings_link(self, model: ReplicateModel) -> str:
        address = reverse("admin:modelsettings_modelsettings_change", args=[model.live_profile_id])
        return format_html('<a href="{}" class="font-semibold">{}</a>', address, model.label)

    @display(description="Live profile")
    def live_revision(self, model: ReplicateModel) -> str:
        live = model.live_profile
        return f"{live.name}, revision {live.revision}" if live else "none"

    @display(description="Price")
    def price_text(self, model: ReplicateModel) -> str:
        return price_in_words(model.price)

    @display(description="Use", label={"default": "success", "disabled": "warning", "": "info"})
    def use(self, model: ReplicateModel) -> tuple[str, str]:
        if not model.is_enabled:
            return "disabled", "disabled"
        return ("default", "default for staging") if model.is_default else ("", "enabled")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ModelSettings)
class ModelSettingsAdmin(ModelAdmin):
    """A model's settings; its page is drawn from the model's own schema."""

    list_display = ("name", "model", "revision", "updated_by", "updated_at")
    list_select_related = ("model",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelSettings]:
        rows: QuerySet[ModelSettings] = super().get_queryset(request)
        return rows.select_related("model")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a profile's form, and save what its operator changed as a revision."""
        profile = self.get_object(request, object_id)
        if profile is None:
            raise Http404("There is no such settings profile.")
        if not self.has_view_or_change_permission(request, profile):
            raise PermissionDenied
        stored = services.get_settings(profile.model.slug, profile=profile.name)
        form = SettingsForm(stored, request.POST or None)
        if request.method == "POST":
            if not self.has_change_permission(request, profile):
                raise PermissionDenied
            if form.is_valid() and self._save(request, form, stored):
                return redirect(request.path)
        return self._page(request, profile, stored, form)

    def _save(self, request: HttpRequest, form: SettingsForm, stored: StoredSettings) -> bool:
        """Save the changed keys; say whether all is well."""
        opened_with = form.cleaned_data["revision"]
        changes = form.find_changes(_values_at(stored, revision=opened_with))
        try:
            saved = services.patch_settings(
                stored.pk,
                changes,
                by=Actor.of(request.user),
                reason=form.cleaned_data["reason"],
                expected_revision=opened_with,
            )
        except SettingsRefused as error:
            form.show_errors(error)
            return False
        except StaleSettings as error:
            form.show_conflicts(error, stored=stored, changes=changes)
            return False
        except ProfileLocked as error:
            form.add_error(None, str(error))
            return False
        if saved.revision == stored.revision:
            messages.info(request, "Nothing was changed, so no revision was written.")
        else:
            messages.success(request, f"Saved as revision {saved.revision}; the next job uses it.")
        return True

    def _page(
        self,
        request: HttpRequest,
        profile: ModelSettings,
        stored: StoredSettings,
        form: SettingsForm,
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": profile.model.label,
            "opts": self.opts,
            "media": form.media,
            "form": form,
            "conflicts": form.conflicts,
            "model": profile.model,
            "profile": profile,
            "stored": stored,
            "changed": _changes_from_default(stored),
            "as_default": [key for key in stored.validator.defaults if key not in stored.changed],
            "revisions": history.list_revisions(
                stored.pk, keys=stored.validator.schema["properties"], most=5
            ).revisions,
            "can_change": self.has_change_permission(request, profile),
        }
        template = "admin/modelsettings/modelsettings/change_form.html"
        return TemplateResponse(request, template, context)


def _values_at(stored: StoredSettings, *, revision: int) -> JSON:
    """Return what the page was drawn from; nothing for a revision that never was."""
    try:
        return history.get_values(stored.pk, revision=revision)
    except history.RevisionNotFound:
        return {}


def _changes_from_default(stored: StoredSettings) -> list[Change]:
    """Return what differs from the defaults, under the titles that the form shows."""
    properties = stored.validator.schema["properties"]
    return [
        replace(one, key=properties.get(one.key, {}).get("title", one.key))
        for one in diff(stored.validator.defaults, stored.document)
    ]
