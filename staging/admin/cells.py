"""Cells that several lists draw in the same way."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from staging import links


def thumbnails(shown: Iterable[tuple[Any, str]], *, more: int = 0) -> SafeString:
    """Draw thumbnails, each given as its file and its text; `more` counts pictures not drawn."""
    tags = format_html_join(
        "",
        '<img src="{}" alt="{}" loading="lazy">',
        ((links.link_to(str(file)), alt) for file, alt in shown),
    )
    rest = format_html("<small>+{}</small>", more) if more > 0 else ""
    return format_html('<span class="restage-thumbnails">{}{}</span>', tags, rest)


def link_where(is_open: bool, address: str, text: Any) -> SafeString:
    """Write a text, as a link where the page that it leads to is open to the user."""
    return format_html('<a href="{}">{}</a>' if is_open else "{1}", address, text)


def two_lines(first: str, second: str) -> SafeString:
    """Write a text above a smaller second one."""
    return format_html('<span class="restage-two">{}<small>{}</small></span>', first, second)


def how_long_ago(at: datetime) -> SafeString:
    """Write a time relative to now; the exact time shows on hover."""
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S %Z"),
        naturaltime(at),
    )
