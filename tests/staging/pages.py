"""The text of the admin's pages."""

import html
import re

from django.test import Client


def shown(client: Client, address: str) -> str:
    """Return what a page says, without its side bar."""
    answer = client.get(address)
    assert answer.status_code == 200
    content = answer.content.decode().partition('id="content-main"')[2]
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", content).split()))
