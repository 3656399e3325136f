"""The list of models, and a model's own facts."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import BooleanField, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from modelsettings import model_facts, registry
from modelsettings.actors import Actor
from modelsettings.admin.adding import add_model_view
from modelsettings.admin.choosing import make_default_view
from modelsettings.models import ReplicateModel
from modelsettings.templatetags.restage import price_in_words


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    reason = forms.CharField(
        label="Why this change?",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "the price went up"}),
    )


@admin.register(ReplicateModel)
class ReplicateModelAdmin(ModelAdmin):
    list_display = ("settings_link", "slug", "live_revision", "price_text", "use")
    list_display_links = ("slug",)
    list_per_page = 200
    search_fields = ("slug", "label")
    form = ModelForm
    fields = (
        "slug",
        "label",
        "description",
        "is_enabled",
        "is_default",
        "clients_may_name",
        "price",
        "roles",
        "reason",
    )
    readonly_fields = ("slug", "is_default", "roles")
    actions = ("make_default",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReplicateModel]:
        rows = registry.with_schema(super().get_queryset(request))
        may = ("modelsettings.view_modelsettings", "modelsettings.change_modelsettings")
        sees_settings = any(map(request.user.has_perm, may))
        return rows.annotate(sees_settings=Value(sees_settings, BooleanField()))

    def get_urls(self) -> list[URLPattern]:
        adding = path(
            "add-from-replicate/",
            self.admin_site.admin_view(add_model_view),
            name="modelsettings_replicatemodel_add_from_replicate",
        )
        choosing = path(
            "<str:object_id>/make-default/",
            self.admin_site.admin_view(make_default_view),
            name="modelsettings_replicatemodel_make_default",
        )
        return [adding, choosing, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add a model by reading what Replicate publishes."""
        return redirect("admin:modelsettings_replicatemodel_add_from_replicate")

    @admin.action(description="Make the default for staging", permissions=["change"])
    def make_default(
        self, request: HttpRequest, chosen: QuerySet[ReplicateModel]
    ) -> HttpResponse | None:
        """Go to the page that shows what it would change."""
        keys = list(chosen.values_list("pk", flat=True)[:2])
        if len(keys) != 1:
            messages.error(request, "Choose one model only: there is one default.")
            return None
        return redirect("admin:modelsettings_replicatemodel_make_default", keys[0])

    @display(description="Model", ordering="label")
    def settings_link(self, model: Any) -> str:
        if not model.sees_settings:
            return str(model.label)
        address = reverse("admin:modelsettings_modelsettings_change", args=[model.live_profile_id])
        return format_html('<a href="{}" class="font-semibold">{}</a>', address, model.label)

    @display(description="Live profile")
    def live_revision(self, model: ReplicateModel) -> str:
        live = model.live_profile
        return str(live) if live else "none"

    @display(description="Price")
    def price_text(self, model: ReplicateModel) -> str:
        return price_in_words(model.price)

    @display(description="Use", label={"default": "success", "no": "warning", "": "info"})
    def use(self, model: ReplicateModel) -> tuple[str, str]:
        if not model.is_enabled:
            return "no", "disabled"
        if registry.find_obstacle(model):
            # The model's settings page shows the reason.
            return "no", "cannot stage"
        return ("default", "default for staging") if model.is_default else ("", "can stage")

    def save_model(
        self, request: HttpRequest, obj: ReplicateModel, form: Any, change: bool
    ) -> None:
        changed = {name: form.cleaned_data[name] for name in form.changed_data if name != "reason"}
        reason = form.cleaned_data["reason"]
        model_facts.change_model(obj.pk, changed, by=Actor.of(request.user), reason=reason)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
