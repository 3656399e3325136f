"""The pages that open to a person, and where their links and buttons lead."""

import re
from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any
from urllib.parse import urljoin

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


def pages_for(client: Client, world: World, sections: Iterable[Section]) -> dict[str, str]:
    """Return the text of each page of the table that opens to a person, by its address."""
    pages = {}
    for section in sections:
        for row in section.rows:
            address = section.address(row).format_map(world.places)
            if row.method == "GET" and not address.startswith(_OWN):
                answer: Any = client.get(address)
                if answer.status_code == 200 and not answer.streaming:
                    pages[address] = answer.content.decode()
    return pages


def closed_links(client: Client, pages: Mapping[str, str]) -> dict[str, str]:
    """Return the links and buttons that are refused or lead nowhere, each with a page it is on."""
    links: dict[str, str] = {}
    buttons: dict[str, str] = {}
    for page, text in pages.items():
        if _UNUSED.search(page):
            continue
        links |= {urljoin(page, unescape(link)): page for link in _LINK.findall(text)}
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
