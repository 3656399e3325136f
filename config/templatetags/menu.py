"""Names of the admin's pages in headings and titles, as the side bar has them."""

from typing import Any

from django import template

from config.dashboard.navigation import find_entry, is_open

register = template.Library()


@register.simple_tag(takes_context=True)
def trail(context: Any, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a page's heading: the menu's section, its item, and the row that the page is of.

    `parts` is Unfold's heading, which names the app and the kind of rows as the code does.
    """
    entry = find_entry(context["request"])
    if entry is None:
        return parts
    section, item = entry
    # A page may be open to an account to which the list above it is not.
    link = item["link"] if is_open(item, context["request"]) else ""
    return [{"title": section}, {"title": item["title"], "link": link}, *parts[2:]]


@register.simple_tag(takes_context=True)
def menu_title(context: Any) -> str:
    """Return the name of a list in the menu, or Django's own where it has none."""
    entry = find_entry(context["request"])
    return str(entry[1]["title"]) if entry else str(context.get("title") or "")
