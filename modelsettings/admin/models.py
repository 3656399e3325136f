"""The list of models."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display

from modelsettings.models import ReplicateModel
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
