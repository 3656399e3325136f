"""Template tags for links to the Stage page."""

from typing import Any

from django import template

from staging import access

register = template.Library()


@register.simple_tag(takes_context=True)
def may_stage(context: Any) -> bool:
    """Say whether the Stage page opens to the user."""
    user = context["request"].user
    # Outside the admin an account stages without a right; its pages open to staff alone.
    return bool(user.is_staff) and access.may_stage(user)
