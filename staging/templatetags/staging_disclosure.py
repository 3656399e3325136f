"""Template tags that say which rule of disclosure holds: for the settings, projects and jobs."""

from typing import Any

from django import template

from modelsettings.models import ModelSettings
from staging.access import may_view, projects_shown_to
from staging.models import DisclosureRule, Project

register = template.Library()


@register.inclusion_tag("admin/staging/disclosurerule/note.html", takes_context=True)
def disclosure_note(context: Any, *, project: Project | None = None) -> dict[str, Any]:
    """Say which rule wins over every profile: the site's, or that of a project before it."""
    rules = DisclosureRule.objects.in_force()
    rule = rules.find_for(project.pk) if project else rules.of(None).first()
    user = context["request"].user
    return {
        "rule": rule,
        "project": project,
        "others": 0 if project else rules.filter(project__in=projects_shown_to(user)).count(),
        "may_see": may_view(user, ModelSettings),
    }
