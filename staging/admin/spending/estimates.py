"""Estimates of what a prediction costs, where a model's price does not tell beforehand."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from modelsettings import registry
from modelsettings.errors import RequestRefused
from modelsettings.forms import read_values
from modelsettings.models import ModelSettings, ReplicateModel
from modelsettings.settings import read_profile
from staging import access
from staging.admin.deleting import DeletingAdmin
from staging.admin.page_parts import page_context, user_of
from staging.models import DailyUsage, PriceEstimate, SpendingLimit
from staging.spending.changing import save_estimate
from staging.spending.headroom import waiting_for_estimates
from staging.spending.settings_price import price_of_settings
from staging.templatetags.staging_spending import price_in_words

# The days whose average cost is shown beside an estimate.
DAYS = 30


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A model whose price does not tell what a prediction will cost."""

    model: ReplicateModel
    estimate: PriceEstimate | None
    average: Decimal | None
    waiting: int


@admin.register(PriceEstimate)
class PriceEstimateAdmin(DeletingAdmin):
    fields = ("model", "usd")
    actions = ()
    stays = "Under a limit, the model's next predictions wait for another one."

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List the models that need an estimate, with it or without."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **page_context(self, request, title="Price estimates"),
            "rows": find_unpriced(),
            "has_limits": SpendingLimit.objects.exists(),
            "days": DAYS,
            "sees_cost": access.may_view(user_of(request), DailyUsage),
        }
        return TemplateResponse(request, "admin/staging/priceestimate/change_list.html", context)

    def get_urls(self) -> list[URLPattern]:
        pricing = path(
            "of-settings/<int:profile_id>/",
            self.admin_site.admin_view(require_POST(self.price_view)),
            name="staging_priceestimate_of_settings",
        )
        return [pricing, *super().get_urls()]

    def price_view(self, request: HttpRequest, profile_id: int) -> HttpResponse:
        """Say what a typical photo costs by the settings in a profile's form, in a sentence."""
        if not access.may_view(user_of(request), ModelSettings):
            raise PermissionDenied
        if not ModelSettings.objects.filter(pk=profile_id).exists():
            raise Http404("There is no such settings profile.")
        stored = read_profile(profile_id)
        profile = ModelSettings.objects.select_related("model__pinned_schema").get(pk=profile_id)
        saved = price_of_settings(profile, stored.document)
        try:
            values = read_values(stored, request.POST.get("values", ""))
        except RequestRefused:
            sentence = "What a photo costs is shown once all values are right."
        else:
            sentence = price_in_words(price_of_settings(profile, values), saved=saved)
        return HttpResponse(sentence, content_type="text/plain; charset=utf-8")

    def get_readonly_fields(self, request: HttpRequest, obj: PriceEstimate | None = None) -> Any:
        return ("model",) if obj else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "model":
            # Without the links to add and change models.
            field.widget = field.widget.widget
        return field

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        if db_field.name == "model":
            wanted = [row.model.pk for row in find_unpriced() if row.estimate is None]
            kwargs["queryset"] = ReplicateModel.objects.filter(pk__in=wanted)
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(
            db_field, request, **kwargs
        )
        return field

    def save_model(self, request: HttpRequest, obj: PriceEstimate, form: Any, change: bool) -> None:
        save_estimate(obj)

    def delete_one(self, row: PriceEstimate) -> None:
        row.delete()

    class Media:
        css = {"all": ["restage/admin.css"]}


def find_unpriced() -> list[Unpriced]:
    """Return the models without a price or with one by the second, and models with an estimate.

    A price may hold for some settings only: such a model is listed once one of its predictions
    waits for an estimate.
    """
    estimates = {estimate.model_id: estimate for estimate in PriceEstimate.objects.all()}
    waiting, paid = waiting_for_estimates(), _paid()
    return [
        Unpriced(row, estimates.get(row.pk), paid.get(row.pk), waiting.get(row.pk, 0))
        for row in registry.list_models()
        if row.pk in estimates
        or row.pk in waiting
        or (row.obstacle is None and not _tells_before(row))
    ]


def _tells_before(model: ReplicateModel) -> bool:
    return bool(model.price) and all(entry["unit"] != "second" for entry in model.price)


def _paid() -> dict[int, Decimal]:
    """Return the average cost of a successful prediction, by model, where it is known."""
    since = timezone.localdate() - timedelta(days=DAYS)
    rows = DailyUsage.objects.filter(day__gte=since).order_by().values("model")
    sums = rows.annotate(all_cost=Sum("cost"), made=Sum("succeeded"), unknown=Sum("unpriced"))
    return {
        row["model"]: row["all_cost"] / (row["made"] - row["unknown"])
        for row in sums
        if row["made"] > row["unknown"]
    }
