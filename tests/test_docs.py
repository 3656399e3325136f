"""What the pages for people lead to is there: files, and headings on other pages."""

import re
from pathlib import Path

import pytest

from tests.processes import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the names that a forge gives to a page's headings."""
    heads = (head.lower().replace(" ", "-") for head in HEADING.findall(page.read_text()))
    return {re.sub(r"[^\w-]", "", head) for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if not link.startswith("http")]

    def leads_nowhere(link: str) -> bool:
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        return not target.exists() or bool(anchor and anchor not in anchors(target))

    assert [link for link in links if leads_nowhere(link)] == []
