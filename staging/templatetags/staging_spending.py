"""Template tags for pauses and spending limits on the pages of jobs, models and projects."""

from decimal import Decimal
from typing import Any

from django import template
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from modelsettings.models import ModelSettings, ReplicateModel
from staging.access import may_view
from staging.models import PriceEstimate, Project, PurchasePause, SpendingLimit, StagingJob
from staging.spending.headroom import Headroom, headroom_of
from staging.spending.settings_price import price_of_settings
from staging.spending.waiting import Waits
from staging.templatetags.staging_pictures import dollars

register = template.Library()

MOST_CHANGES = 10
_OF_PAUSES = [f"staging.{action}_purchasepause" for action in ("view", "add", "delete")]


@register.inclusion_tag("admin/staging/purchasepause/banner.html", takes_context=True)
def pause_banner(
    context: Any, *, model: ReplicateModel | None = None, only: PurchasePause | None = None
) -> dict[str, Any]:
    """Say which purchases are paused: all, or those of a model; or show the pause `only`.

    Shown to users who see jobs, which wait for the end of a pause, or who manage pauses.
    """
    user = context["request"].user
    if not (may_view(user, StagingJob) or any(map(user.has_perm, _OF_PAUSES))):
        return _on_page(context, pauses=[])
    stopping = PurchasePause.objects.by_operators().filter(Q(model=None) | Q(model=model))
    found = stopping.select_related("model")
    pauses = [only] if only else list(found)
    may_resume = context["request"].user.has_perm("staging.delete_purchasepause")
    return _on_page(context, pauses=pauses, may_resume=may_resume)


@register.inclusion_tag("admin/staging/purchasepause/waits.html", takes_context=True)
def waiting_notices(context: Any, waits: Waits, *, is_list: bool = True) -> dict[str, Any]:
    """Say why jobs wait, each reason once; `is_list` tells a list from the page of one job."""
    return _on_page(
        context,
        pauses=waits.pauses,
        reasons=waits.reasons,
        is_list=is_list,
        perms=context["perms"],
        may_resume=context["request"].user.has_perm("staging.delete_purchasepause"),
    )


@register.inclusion_tag("admin/staging/purchasepause/switch.html", takes_context=True)
def pause_switch(context: Any, *, model: ReplicateModel | None = None) -> dict[str, Any]:
    """Offer to pause all purchases, or those of a model, where they are not paused."""
    return _on_page(
        context,
        model=model,
        may_pause=context["request"].user.has_perm("staging.add_purchasepause"),
        is_paused=PurchasePause.objects.by_operators().filter(model=model).exists(),
    )


@register.inclusion_tag("admin/staging/spendinglimit/of_project.html", takes_context=True)
def limits_of_project(context: Any, project: Project) -> dict[str, Any]:
    """Show the limits that a project's purchases have to fit into, its own and those of all.

    Who may not know a limit's figures reads whether a picture fits.
    """
    user = context["request"].user
    limits = SpendingLimit.objects.of_project(project.pk).select_related("project", "account")
    return _on_page(
        context,
        project=project,
        limits=[
            {"headroom": headroom, "has_figures": headroom.limit.shows_figures_to(user)}
            for headroom in headroom_of(limits)
        ],
        may_change=user.has_perm("staging.change_spendinglimit"),
        may_add=user.has_perm("staging.add_spendinglimit"),
    )


@register.inclusion_tag("admin/staging/spendinglimit/bar.html")
def limit_bar(headroom: Headroom) -> dict[str, Any]:
    """Draw the parts of a limit that are spent and reserved, and say them in words."""
    return bar_of(headroom)


def bar_of(headroom: Headroom) -> dict[str, Any]:
    """Return what the bar draws: its parts in percent."""
    whole = float(max(headroom.limit.usd, headroom.spent + headroom.reserved)) or 1.0
    return {
        "headroom": headroom,
        "spent": f"{100 * float(headroom.spent) / whole:.1f}",
        "reserved": f"{100 * float(headroom.reserved) / whole:.1f}",
    }


@register.simple_tag
def spending_changes(user: User) -> list[LogEntry]:
    """Return the latest changes of limits, estimates and pauses that the user may see."""
    kinds = ContentType.objects.get_for_models(SpendingLimit, PriceEstimate, PurchasePause)
    shown = [kind for model, kind in kinds.items() if may_view(user, model)]
    rows = LogEntry.objects.filter(content_type__in=shown)
    newest = rows.select_related("user", "content_type").order_by("-action_time")
    return list(newest[:MOST_CHANGES])


def _on_page(context: Any, **shown: Any) -> dict[str, Any]:
    """Return an inner template's context; Django adds the form's token."""
    return {"request": context["request"], **shown}


@register.simple_tag
def settings_price(profile: ModelSettings) -> str:
    """Say what a typical photo costs by the settings of a profile as they are saved."""
    saved = price_of_settings(profile, profile.values)
    return price_in_words(saved, saved=saved)


def price_in_words(changed: Decimal | None, *, saved: Decimal | None) -> str:
    """Say what a typical photo costs by changed settings, beside what it costs as saved."""
    if changed is None:
        return "What a photo costs by these settings is not known beforehand."
    about = f"A typical photo: about {dollars(changed)}"
    if changed == saved:
        return f"{about}."
    before = "not known as saved" if saved is None else f"{dollars(saved)} as saved"
    return f"{about} by these settings, {before}."
