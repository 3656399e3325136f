"""Template tags that lead from a page to its pictures that wait, or are accepted."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from staging import access
from staging.access import Right
from staging.jobs.judging import accepted_pictures, fresh_pictures
from staging.jobs.verdict_queue import MOST_COUNTED, count_to_most, select
from staging.models import StagedImage

register = template.Library()
_PAGES = {"batch": "staging_stagingbatch_pictures", "project": "staging_project_pictures"}


@dataclass(frozen=True, slots=True)
class AcceptedOffer:
    """The ZIP of a batch's or a project's accepted pictures, and how many these are."""

    kind: str
    url: str
    count: int

    @property
    def words(self) -> str:
        """The count; a large one is not counted to its end."""
        return f"over {MOST_COUNTED}" if self.count > MOST_COUNTED else str(self.count)


@register.simple_tag(takes_context=True)
def judge_link(context: Any, kind: str, row: Any) -> SafeString:
    """Return a link to what waits of a project, batch, model or profile, or an empty text.

    `{% judge_link "batch" batch %}`
    """
    user = context["request"].user
    if not access.holds(user, Right.JUDGE):
        return SafeString("")
    fresh = access.rows_for(fresh_pictures(), user, Right.JUDGE, project="prediction__job__project")
    waiting = count_to_most(select(fresh, {kind: row.pk}))  # type: ignore[misc]  # a key of Wanted
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


@register.simple_tag(takes_context=True)
def accepted_offer(context: Any, *, batch: Any = None, project: Any = None) -> AcceptedOffer | None:
    """Return the offer of accepted pictures, of the batch where one is named; None if not allowed.

    `{% accepted_offer batch=batch.pk as accepted %}`
    """
    user = context["request"].user
    kind, key = ("batch", batch) if batch else ("project", project)
    if not key or not access.may_view(user, StagedImage):
        return None
    of_it = select(accepted_pictures(), {kind: key})  # type: ignore[misc]  # a key of Wanted
    shown = access.rows_shown_to(of_it, user, project="prediction__job__project")
    count = count_to_most(shown)
    if not count and not access.has_all_projects(user) and not _is_seen(kind, key, user):
        return None
    url = f"{reverse(f'admin:{_PAGES[kind]}', args=[key])}?verdict=accepted"
    return AcceptedOffer(kind, url, count)


def _is_seen(kind: str, key: Any, user: User) -> bool:
    projects = access.projects_shown_to(user)
    named = projects.filter(batches=key) if kind == "batch" else projects.filter(pk=key)
    return named.exists()
