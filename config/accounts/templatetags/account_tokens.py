"""A template tag for the page that Django shows after a change of the password."""

from typing import Any

from django import template
from django.db.models import QuerySet

from config.accounts.tokens import list_tokens

register = template.Library()


@register.simple_tag(takes_context=True)
def own_tokens(context: Any) -> QuerySet[Any]:
    """Return the tokens of the account that sees the page."""
    return list_tokens(context["request"].user)
