"""The pages that open to a person, and where their links and buttons lead."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from django.db import transaction
from django.test import Client

from tests.permissions.table import Section
from tests.permissions.world import World

_LINK = re.compile(r'<a\b[^>]*\bhref="([^"#]+)')
_ACTION = re.compile(r'(?:<form\b[^>]*\bmethod="post"[^>]*\baction|\bformaction)="([^"]+)"')
# Django's own, which no permission opens or closes; and Unfold's search, which remembers by account
# for five minutes what it found.
_OWN = (
    "/admin/jsi18n/",
    "/admin/login/",
    "/admin/logout/",
    "/admin/password_change/",
    "/admin/search/",
)
# Django's pages of a row that nothing leads to: they link other rows, whoever looks. The page of
# invitations opens to everybody, and the index of its app, above it, does not.
_UNUSED = re.compile(
    r"/(history|invitation|(dailyusage|disclosurerule|priceestimate|purchasepause)/\d+/change)/$"
)


def open_pages(
    client: Client, world: World, sections: Iterable[Section]
) -> Iterator[tuple[str, str]]:
    """Yield the address and the text of each page of the table that opens to a person."""
    for section in sections:
        for row in section.rows:
            address = section.address(row).format_map(world.places)
            if row.method == "GET" and not address.startswith(_OWN):
                answer: Any = client.get(address)
                if answer.status_code == 200 and not answer.streaming:
                    yield address, answer.content.decode()


def closed_links(client: Client, pages: Mapping[str, str]) -> dict[str, str]:
    """Return the links and buttons that are refused or lead nowhere, each with a page it is on."""
    links: dict[str, str] = {}
    buttons: dict[str, str] = {}
    for page, text in pages.items():
        if _UNUSED.search(page):
            continue
        by_kind: dict[tuple[str, ...], str] = {}
        named = {urljoin(page, unescape(link)) for link in _LINK.findall(text)}
        for link in sorted(named - pages.keys()):
            by_kind.setdefault(_kind_of(link, page=page), link)
        links |= dict.fromkeys(by_kind.values(), page)
        buttons |= {urljoin(page, unescape(link)): page for link in _ACTION.findall(text)}
    closed = {}
    for found, send in ((links, client.get), (buttons, client.post)):
        for address, page in found.items():
            if address.startswith("/admin/") and not address.startswith(_OWN):
                with transaction.atomic():
                    answer: Any = send(address)
                    if answer.status_code in (403, 404, 500):
                        closed[address] = page
                    transaction.set_rollback(True)
    return closed


def _kind_of(link: str, *, page: str) -> tuple[str, ...]:
    """Return what a link is told from others by.

    A list's links to itself filter, sort and page it: those of the same fields answer alike.
    """
    parts = urlsplit(link)
    if parts.path != urlsplit(page).path:
        return (link,)
    return (parts.path, *sorted(parse_qs(parts.query, keep_blank_values=True)))
