"""The list of models with what each costs, when it was last used and how long it takes."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import (
    Case,
    DateTimeField,
    DecimalField,
    DurationField,
    Field,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import F, OrderBy
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.views import ChangeList

from modelsettings import registry
from modelsettings.admin.models import ReplicateModelAdmin
from modelsettings.models import ReplicateModel
from staging import access
from staging.admin.cells import how_long_ago
from staging.admin.page_parts import user_of
from staging.model_figures import figures_of
from staging.models import DailyUsage
from staging.templatetags.staging_pictures import dollars, duration

# The columns that only users who see the cost of all projects have.
_OF_USE = ("last_used", "median_time")

admin.site.unregister(ReplicateModel)


class ModelList(ChangeList):
    """The list, in which what is not known comes last, whichever way it is sorted."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        ordering = list(super().get_ordering(request, queryset))
        for column in ordering:
            if isinstance(column, OrderBy):
                column.nulls_first, column.nulls_last = False, True
        return ordering


@admin.register(ReplicateModel)
class ModelsAdmin(ReplicateModelAdmin):
    list_display = (
        "settings_link", "use", "as_published", "live_revision", "typical_cost", "last_used",
        "median_time",
    )  # fmt: skip

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ModelList

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        shown = list(self.list_display)
        return shown if _sees_use(request) else [name for name in shown if name not in _OF_USE]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReplicateModel]:
        """Add the figures to the rows, so that the database can sort by them."""
        rows = super().get_queryset(request)
        page = request.resolver_match
        if page is None or page.url_name != "modelsettings_replicatemodel_changelist":
            return rows
        figures = figures_of(list(registry.with_schema(ReplicateModel.objects.all())))
        return rows.annotate(
            typical=_cases({pk: found.typical for pk, found in figures.items()}, DecimalField()),
            last_used_at=_cases(
                {pk: found.last_used_at for pk, found in figures.items()}, DateTimeField()
            ),
            median=_cases({pk: found.median for pk, found in figures.items()}, DurationField()),
        )

    class Media:
        css = {"all": ["restage/admin.css"]}

    @display(description="A typical photo", ordering=F("typical").asc())
    def typical_cost(self, model: Any) -> str:
        return dollars(model.typical)

    @display(description="Last used", ordering=F("last_used_at").asc())
    def last_used(self, model: Any) -> SafeString | str:
        return how_long_ago(model.last_used_at) if model.last_used_at else "never"

    @display(description="Median time", ordering=F("median").asc())
    def median_time(self, model: Any) -> str:
        return duration(model.median)


def _cases(
    figures: dict[int, Decimal | None] | dict[int, datetime | None] | dict[int, timedelta | None],
    field: "Field[Any, Any]",
) -> Case:
    """Return an expression with each model's figure; without a figure, null."""
    known = [
        When(pk=pk, then=Value(figure, output_field=field))
        for pk, figure in figures.items()
        if figure is not None
    ]
    return Case(*known, default=Value(None), output_field=field)


def _sees_use(request: HttpRequest) -> bool:
    user = user_of(request)
    return access.has_all_projects(user) and access.may_view(user, DailyUsage)
