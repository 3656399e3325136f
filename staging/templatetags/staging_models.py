"""A template tag with a model's figures, for its page."""

from typing import Any

from django import template

from modelsettings import registry
from modelsettings.models import ReplicateModel
from modelsettings.settings import StoredSettings
from staging.access import has_all_projects, may_view
from staging.model_figures import DAYS, figures_of
from staging.models import DailyUsage
from staging.spending.estimating import typical_cost

register = template.Library()


@register.inclusion_tag("admin/modelsettings/replicatemodel/figures.html", takes_context=True)
def model_figures(context: Any, model: ReplicateModel, stored: StoredSettings) -> dict[str, Any]:
    """Show what a typical photo costs with a profile, the last use of its model, its median time.

    Use and time are shown to users who see the cost of all projects.
    """
    user = context["request"].user
    sees_use = has_all_projects(user) and may_view(user, DailyUsage)
    row = registry.with_schema(ReplicateModel.objects.filter(pk=model.pk)).get()
    return {
        "typical": typical_cost(row, settings=stored.document),
        "figures": figures_of([row])[row.pk] if sees_use else None,
        "days": DAYS,
    }
