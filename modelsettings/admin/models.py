"""The list of models, and a model's own facts."""

from time import monotonic
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, QuerySet, Value
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display

from modelsettings import registry, updates
from modelsettings.actors import Actor
from modelsettings.admin.adding import add_model_view
from modelsettings.admin.choosing import make_default_view
from modelsettings.admin.model_page import model_context, save_part
from modelsettings.models import ReplicateModel
from modelsettings.schema.severities import Severity
from modelsettings.settings import read_profile
from modelsettings.templatetags.restage import price_in_words
from modelsettings.updates import Outcome

# How long a press of a button may go on reading models.
_PATIENCE_S = 20


@admin.register(ReplicateModel)
class ReplicateModelAdmin(ModelAdmin):
    list_display: tuple[str, ...] = (
        "settings_link", "use", "as_published", "live_revision", "price_text",
    )  # fmt: skip
    list_display_links = None
    list_per_page = 200
    search_fields = ("slug", "label")
    actions = ("make_default", "check_for_updates")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReplicateModel]:
        rows = updates.with_readings(registry.with_schema(super().get_queryset(request)))
        return rows.annotate(sees_settings=Value(_sees_settings(request), BooleanField()))

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

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Go to the model's part of its one page; on a POST, save one of the forms there.

        Users who may not see settings get the part alone, as does a form that is refused.
        """
        model: ReplicateModel | None = self.get_object(request, object_id)
        if model is None or model.live_profile is None:
            raise Http404("There is no such model.")
        refused = None
        if request.method == "POST":
            if not self.has_change_permission(request, model):
                raise PermissionDenied
            refused = save_part(request, model)
        sees_settings = _sees_settings(request)
        if not (sees_settings or self.has_view_or_change_permission(request, model)):
            raise PermissionDenied
        if refused is None and sees_settings:
            return redirect(f"{_settings_of(model)}#model")
        if refused is None and request.method == "POST":
            return redirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": model.label,
            "profile": model.live_profile if sees_settings else None,
            "here": "model",
            **model_context(
                request, model, stored=read_profile(model.live_profile.pk), refused=refused
            ),
        }
        return TemplateResponse(request, "admin/modelsettings/replicatemodel/page.html", context)

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

    @admin.action(description="Check for updates", permissions=["change"])
    def check_for_updates(self, request: HttpRequest, chosen: QuerySet[ReplicateModel]) -> None:
        """Read the chosen models from Replicate now, as many as a page may take the time for."""
        by = Actor.of(request.user)
        until = monotonic() + _PATIENCE_S
        readings, waiting = [], list(chosen)
        while waiting and monotonic() < until:
            readings.append(updates.read_now(waiting.pop(0), by=by))
        outcomes = [reading.outcome for reading in readings]
        counts = ", ".join(
            f"{outcomes.count(outcome)} {outcome}" for outcome in Outcome if outcome in outcomes
        )
        rest = f" No time was left for {len(waiting)}: check them again." if waiting else ""
        is_well = set(outcomes) <= {Outcome.UNCHANGED} and not waiting
        level = messages.SUCCESS if is_well else messages.WARNING
        messages.add_message(request, level, f"Read from Replicate: {counts}.{rest}")
        failed = [reading for reading in readings if reading.outcome == Outcome.NOT_READ]
        for reading in failed[:3]:
            messages.error(request, f"{reading.slug}: {reading.sentence}")

    @display(description="Model", ordering="label")
    def settings_link(self, model: Any) -> str:
        address = _settings_of(model) if model.sees_settings else _facts_of(model)
        return format_html(
            '<span class="restage-two"><a href="{}" class="font-semibold">{}</a>'
            "<small>{}</small></span>",
            address,
            model.label,
            model.slug,
        )

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

    @display(
        description="At Replicate",
        label={"breaks": "danger", "changed": "warning", "failed": "warning", "": "info"},
    )
    def as_published(self, model: ReplicateModel) -> tuple[str, str]:
        """Say whether an update waits, and whether the model was read at all."""
        update = updates.find_update(model)
        if update and not update.is_ignored:
            kind = "breaks" if update.severity == Severity.BREAKS else "changed"
            return kind, f"update: {update.severity_in_words}"
        reading = updates.find_reading(model)
        if reading and reading.why_not:
            return "failed", "not read"
        if not updates.is_confirmed(model):
            return "", "not confirmed yet"
        return "", "update ignored" if update else "as here"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    class Media:
        # Without it, name and slug are one word.
        css = {"all": ["restage/admin.css"]}


def _sees_settings(request: HttpRequest) -> bool:
    may = ("modelsettings.view_modelsettings", "modelsettings.change_modelsettings")
    return any(map(request.user.has_perm, may))


def _settings_of(model: ReplicateModel) -> str:
    return reverse("admin:modelsettings_modelsettings_change", args=[model.live_profile_id])


def _facts_of(model: ReplicateModel) -> str:
    return reverse("admin:modelsettings_replicatemodel_change", args=[model.pk])
