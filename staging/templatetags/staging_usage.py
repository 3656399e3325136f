"""Template tags for the pages of modelsettings: the jobs that ran with a profile, and rooms."""

from typing import Any

from django import template
from django.contrib.auth.models import User
from django.contrib.humanize.templatetags.humanize import intcomma, naturaltime
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from modelsettings.models import ModelSettings
from staging.access import has_all_projects, may_view, rows_shown_to
from staging.models import DailyUsage, RoomType, StagingJob
from staging.templatetags.staging_figures import usage_in_words
from staging.usage import usage_of_profile

register = template.Library()

# A profile may have run a million jobs: a page does not wait until they are counted.
MOST_COUNTED = 1000


@register.simple_tag(takes_context=True)
def profile_usage(context: Any, profile: ModelSettings) -> SafeString:
    """Say how many jobs ran with a profile, and when the last job did."""
    return _usage(context["request"].user, profile=profile)


@register.inclusion_tag("admin/staging/dailyusage/of_profile.html", takes_context=True)
def profile_figures(context: Any, profile: ModelSettings) -> dict[str, Any]:
    """Show the verdicts on a profile's pictures, what the rejected ones cost, and its median time.

    Shown to users who see the cost of all projects.
    """
    user = context["request"].user
    if not (may_view(user, DailyUsage) and has_all_projects(user)):
        return {}
    usage = usage_of_profile(profile.pk)
    return {"usage": usage, "shown": usage_in_words(usage)}


@register.simple_tag(takes_context=True)
def revision_usage(context: Any, profile: ModelSettings, revision: int) -> SafeString:
    """Say how many jobs ran with one revision, and when the last job did."""
    return _usage(context["request"].user, profile=profile, revision=revision)


@register.simple_tag
def room_type_choices() -> list[tuple[str, str]]:
    """Return the rooms that a profile can be chosen for; a retired one keeps its choice."""
    rows = RoomType.objects.values_list("key", "label", "is_active")
    return [(key, label if is_active else f"{label} (retired)") for key, label, is_active in rows]


def _usage(user: User, **wanted: Any) -> SafeString:
    """Count the jobs that the user's list shows, with a link to it; for others, all jobs."""
    has_list = may_view(user, StagingJob)
    jobs = StagingJob.objects.filter(**wanted)
    if has_list:
        jobs = rows_shown_to(jobs, user)
    count = jobs.order_by()[: MOST_COUNTED + 1].count()
    if not count:
        return format_html("{}", "No job yet.")
    last = jobs.order_by("-created_at").values_list("created_at", flat=True)[0]
    query = "&".join(f"{key}__exact={getattr(value, 'pk', value)}" for key, value in wanted.items())
    return format_html(
        '<a href="{}?{}">{}{} job{}</a>, the last {}'
        if has_list
        else "{2}{3} job{4}, the last {5}",
        reverse("admin:staging_stagingjob_changelist"),
        query,
        "over " if count > MOST_COUNTED else "",
        intcomma(min(count, MOST_COUNTED)),
        "" if count == 1 else "s",
        naturaltime(last),
    )
