"""Template tag that leads from a page to the pictures of it that wait for a verdict."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from staging import access
from staging.access import Right
from staging.jobs.judging import fresh_pictures
from staging.jobs.verdict_queue import MOST_COUNTED, count_waiting, select

register = template.Library()


@register.simple_tag(takes_context=True)
def judge_link(context: Any, kind: str, row: Any) -> SafeString:
    """Return a link to what waits of a project, batch, model or profile, or an empty text.

    `{% judge_link "batch" batch %}`
    """
    user = context["request"].user
    if not access.holds(user, Right.JUDGE):
        return SafeString("")
    fresh = access.rows_for(fresh_pictures(), user, Right.JUDGE, project="prediction__job__project")
    waiting = count_waiting(select(fresh, {kind: row.pk}))  # type: ignore[misc]  # a key of Wanted
    if not waiting:
        return SafeString("")
    return format_html(
        '<a href="{}?{}={}">Judge {}{} picture{} of this {}</a>',
        reverse("admin:staging_stagedimage_changelist"),
        kind,
        row.pk,
        "over " if waiting > MOST_COUNTED else "",
        min(waiting, MOST_COUNTED),
        "" if waiting == 1 else "s",
        kind,
    )
