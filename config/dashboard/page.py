"""The admin's first page: today's figures, the newest pictures and the newest changes of settings.

Nothing here reads more than MOST rows of a table that grows with every job: counts come from the
sums of days, and lists are read along an index, the newest first.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.dashboard.attention import find_items
from config.dashboard.figures import (
    Day,
    Times,
    Usage,
    add_up,
    bars_of,
    times_of,
    usage_of,
)
from modelsettings import registry
from modelsettings.models import ReplicateModel
from modelsettings.pinned_schemas import get_schema
from modelsettings.schema.comparison import differing_keys
from modelsettings.templatetags.restage import named_parameters, price_in_words
from staging import access, links
from staging.access import Right, seen_kinds
from staging.admin.changes import shown
from staging.changes.entries import Wanted
from staging.changes.listing import list_changes
from staging.jobs.judging import fresh_pictures
from staging.models import Period, Project, SpendingLimit, StagedImage, StagingJob
from staging.models.job import UNFINISHED
from staging.notices.aside import may_put_aside, sort_out
from staging.spending.first_limit import offered_usd
from staging.spending.headroom import Headroom, headroom_of
from staging.templatetags.staging_pictures import duration, in_words
from staging.times import add_up as add_up_times
from staging.times import percentile
from staging.usage import midnight

# The most rows of a growing table that are counted.
MOST = 1000
MOST_MODELS = 8
MOST_PICTURES = 6
# The newest jobs whose pictures are looked at, where not all projects are shown.
MOST_JOBS = 50
MOST_TO_JUDGE = 100
MOST_CHANGES = 6


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture beside its photo."""

    job: StagingJob
    before: str
    after: str

    @property
    def words(self) -> str:
        room, style = self.job.room_type, self.job.style
        return f"{in_words(room)}, {in_words(style)}"


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of templates/admin/index.html: only what this user may see."""
    # The admin lets in no other.
    user = cast("User", request.user)
    sees = seen_kinds(user)
    context["title"] = "Today"
    context |= {"sees": sees, "sees_jobs": sees["stagingjob"]}
    context |= {"sees_settings": sees["modelsettings"]}
    may_limit = user.has_perm("staging.add_spendinglimit")
    context["offered_usd"] = offered_usd() if may_limit else None
    context["has_all_projects"] = access.has_all_projects(user)
    if access.holds(user, Right.JUDGE) and not context["has_all_projects"]:
        context |= _to_judge(user)
    if context["sees_jobs"]:
        context |= _of_jobs(user, sees=sees)
    if context["sees_settings"]:
        context["changes"] = latest_changes(user)
    return context


def _to_judge(user: User) -> dict[str, Any]:
    """Count the pictures that wait for the user's verdict."""
    fresh = access.rows_for(fresh_pictures(), user, Right.JUDGE, project="prediction__job__project")
    waiting = fresh.order_by()[: MOST_TO_JUDGE + 1].count()
    return {
        "may_judge": True,
        "to_judge": min(waiting, MOST_TO_JUDGE),
        "is_more_to_judge": waiting > MOST_TO_JUDGE,
    }


def _of_jobs(user: User, *, sees: Mapping[str, bool]) -> dict[str, Any]:
    today = timezone.localdate()
    projects = None if access.has_all_projects(user) else access.projects_shown_to(user)
    jobs = access.rows_shown_to(StagingJob.objects.all(), user)
    found = [item for item in find_items(today, projects=projects) if item.is_for(user)]
    items, aside = sort_out(found)
    attention = {
        "items": items,
        "aside": aside,
        "may_put_aside": may_put_aside(user),
        "sees_hints": user.has_perm("auth.change_user"),
    }
    if not jobs.exists():
        return {
            "is_empty": True,
            "has_projects": projects is None or projects.exists(),
            **attention,
        }
    times = times_of(today, projects=projects)
    of_today = add_up_times(counts for (_, day), counts in times.items() if day == today)
    running = _bounded(jobs.filter(status__in=UNFINISHED))
    shown = {
        "jobs_today": _bounded(jobs.filter(created_at__gte=midnight(today))),
        "running": running,
        "is_busy": running != "0",
        "median": duration(percentile(of_today)),
        "p95": duration(percentile(of_today, 95)),
        **attention,
    }
    if sees["dailyusage"]:
        usage = usage_of(today, projects=projects)
        shown |= _of_usage(user, today, usage)
        if sees["modelsettings"]:
            shown["models_table"] = models_table(today, usage, times)
    if sees["photo"] and sees["stagedimage"]:
        shown["pairs"] = latest_pairs(projects=projects)
        shown["sees_pairs"] = True
    return shown


def _of_usage(user: User, today: date, usage: Usage) -> dict[str, Any]:
    return {
        "today": add_up(today, (day for _, day in usage)),
        "bars": bars_of(today, usage),
        "day_limit": _day_limit(user),
        "week_cost": sum((day.cost for _, day in usage), Decimal(0)),
    }


def _day_limit(user: User) -> Headroom | None:
    """Return what is left today of the limit of all projects.

    None where there is no such limit, or where the user may not see it.
    """
    if not access.may_view(user, SpendingLimit):
        return None
    of_all = SpendingLimit.objects.filter(project=None, account=None, period=Period.DAY)
    return next(iter(headroom_of(of_all.select_related("project", "account"))), None)


def _bounded(rows: QuerySet[Any]) -> str:
    """Count rows up to MOST, in words; the query has to have an index."""
    count = rows.order_by()[: MOST + 1].count()
    return f"over {MOST:,}" if count > MOST else str(count)


def models_table(today: date, usage: Usage, times: Times) -> dict[str, Any]:
    """Return Unfold's table of the models that were used in the last days, or changed.

    The default for staging comes first, then the models that made most pictures.
    """
    pictures: dict[int, int] = defaultdict(int)
    for model, day in usage:
        pictures[model] += day.pictures
    shown = [
        row
        for row in registry.list_models()
        if row.is_default or pictures[row.pk] or (row.obstacle is None and _changed_keys(row))
    ]
    shown.sort(key=lambda row: (not row.is_default, -pictures[row.pk], row.position))
    return {
        "headers": [
            "model", "live settings", "not as it came", "pictures today",
            "cost a picture, 7 days", "median time, 7 days",
        ],
        "rows": [_row(row, today, usage, times) for row in shown[:MOST_MODELS]],
    }  # fmt: skip


def _row(row: ReplicateModel, today: date, usage: Usage, times: Times) -> list[Any]:
    days = [day for model, day in usage if model == row.pk]
    of_row = add_up_times(counts for (model, _), counts in times.items() if model == row.pk)
    live = row.live_profile
    return [
        _link_to_settings(row),
        str(live) if live else "none",
        named_parameters(_changed_keys(row)) or "nothing",
        sum(day.pictures for day in days if day.day == today),
        _cost_of_picture(row, days),
        duration(percentile(of_row)),
    ]


def _link_to_settings(row: ReplicateModel) -> SafeString:
    address = reverse("admin:modelsettings_modelsettings_change", args=[row.live_profile_id])
    default = " (default)" if row.is_default else ""
    return format_html('<a id="model-{}" href="{}">{}</a>{}', row.pk, address, row.label, default)


def _changed_keys(row: ReplicateModel) -> list[str]:
    if row.live_profile is None or row.pinned_schema is None:
        return []
    schema = get_schema(row.slug, roles=row.roles, digest=row.pinned_schema.digest)
    return differing_keys(schema.validator.defaults, row.live_profile.values)


def _cost_of_picture(row: ReplicateModel, days: list[Day]) -> str:
    """Say what a picture of the last days cost; without pictures, what is published."""
    pictures, cost = sum(day.pictures for day in days), sum(day.cost for day in days)
    if not pictures:
        return price_in_words(row.price)
    if any(day.unpriced for day in days):
        return "partly unknown" if cost else "unknown"
    return f"${cost / pictures:.3f}".rstrip("0").rstrip(".")


def latest_pairs(*, projects: QuerySet[Project] | None = None) -> list[Pair]:
    """Return the newest pictures with their photos, by primary key; of some projects, or of all."""
    rows = StagedImage.objects.order_by("-pk").select_related("prediction__job__photo")
    if projects is not None:
        # By the newest jobs of these: the newest pictures of all may be those of others.
        jobs = access.rows_in(StagingJob.objects.exclude(status__in=UNFINISHED), projects)
        newest = jobs.order_by("-created_at").values_list("pk", flat=True)[:MOST_JOBS]
        rows = rows.filter(prediction__job__in=list(newest))
    of_job = [f"prediction__job__{name}" for name in ("room_type", "style", "photo__thumbnail")]
    return [
        Pair(
            image.prediction.job,
            links.link_to(str(image.prediction.job.photo.thumbnail)),
            links.link_to(str(image.thumbnail)),
        )
        for image in rows.only("thumbnail", "prediction__job__id", *of_job)[:MOST_PICTURES]
    ]


def latest_changes(user: User) -> list[dict[str, Any]]:
    """Return the newest changes, but for what came with Restage."""
    wanted = Wanted(with_shipped=False)
    return [shown(change) for change in list_changes(user, wanted, most=MOST_CHANGES).changes]
