"""Sums of predictions in words, for the pages of cost and time, models and profiles."""

from typing import Any

from staging.templatetags.staging_pictures import dollars, duration
from staging.usage import Usage


def usage_in_words(usage: Usage) -> dict[str, Any]:
    """Return the sums with what each comes to in words, by the name of its cell."""
    each = usage.cost_per_picture
    return {
        "usage": usage,
        "cost": _at_least(usage, dollars(usage.cost), is_some=bool(usage.cost)),
        "cost_per_picture": "–" if each is None else dollars(each),
        "median": duration(usage.median),
        "accepted": accepted_in_words(usage),
        "rejected_cost": _at_least(
            usage, dollars(usage.rejected_cost), is_some=bool(usage.rejected_cost)
        ),
    }


def accepted_in_words(usage: Usage) -> str:
    """Say the share of the judged pictures that was accepted, where it says anything."""
    if not usage.judged:
        return "none judged"
    share = usage.accepted_share
    return "too few to compare" if share is None else f"{100 * share:.0f} % accepted"


def _at_least(usage: Usage, said: str, *, is_some: bool) -> str:
    """Say where a part of a cost is unknown."""
    if not usage.unpriced:
        return said
    return f"at least {said}" if is_some else "unknown"
