"""Pages, chapters, links and files that people are sent to exist, in pages and in comments."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.processes import ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# A page as comments cite it, `docs/api.md` or `docs/api.md, "Errors"`, also across lines.
CITED = re.compile(r"((?:[\w-]+/)+[\w.-]+\.md)\b(?:,\s+\"([^\"]+)\")?")
# A file or folder of the repository as pages name it: `staging/links.py`, `tests/corpus/`. Without
# a suffix or a slash at its end it may be an address of the API: `staging/projects`.
NAMED = re.compile(r"`((?:[\w-]+/)+(?:[\w-]+(?:\.[\w-]+)+)?)`")
CONTINUED = re.compile(r"\n\s*(?:#|//|--)?[ \t]*")


def tracked(*patterns: str) -> list[Path]:
    """Return the repository's files: one that is not added yet is not there for others."""
    command = ["git", "ls-files", "-z", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]


PAGES = tracked("*.md")
FILES = {str(file.relative_to(ROOT)) for file in tracked("*")}
FOLDERS = {f"{folder}/" for file in FILES for folder in Path(file).parents}
SOURCES = tracked(
    "*.py", "*.js", "*.css", "*.html", "*.toml", "*.yml", "*.yaml", "*.example", "bin/*"
)


def headings(page: Path) -> list[str]:
    return HEADING.findall(FENCED.sub("", page.read_text()))


def anchors(page: Path) -> set[str]:
    """Return the names that a forge gives to a page's headings."""
    heads = (head.lower().replace(" ", "-") for head in headings(page))
    return {re.sub(r"[^\w-]", "", head) for head in heads}


def find_broken_citations(text: str) -> list[str]:
    """Return what a text cites and the repository lacks: pages, or chapters of pages."""
    broken = []
    for name, chapter in CITED.findall(CONTINUED.sub(" ", LINK.sub("]", text))):
        page = ROOT / name
        # Under var/ lies what commands write.
        if name.startswith("var/"):
            continue
        if not page.exists() or (chapter and chapter not in headings(page)):
            broken.append(f'{name}, "{chapter}"' if chapter else name)
    return broken


def find_missing_paths(text: str) -> list[str]:
    """Return the files and folders that a text names and the repository lacks.

    Python files count, and what begins with a folder of ours: photos of examples do not.
    """
    return [
        name
        for name in NAMED.findall(text)
        if (name.endswith(".py") or f"{name.partition('/')[0]}/" in FOLDERS)
        and name not in FILES | FOLDERS
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if not link.startswith("http")]

    def leads_nowhere(link: str) -> bool:
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        return not target.exists() or bool(anchor and anchor not in anchors(target))

    assert [link for link in links if leads_nowhere(link)] == []


def test_pages_and_chapters_that_are_cited_are_there() -> None:
    broken = {
        str(file.relative_to(ROOT)): found
        for file in [*PAGES, *SOURCES]
        if file != Path(__file__) and (found := find_broken_citations(file.read_text()))
    }

    assert broken == {}


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("# See docs/api.md.", []),
        ('# See docs/api.md,\n    # "Every\n    # address".', []),
        ("# See docs/gone.md.", ["docs/gone.md"]),
        ('"""As docs/api.md, "Every word", has it."""', ['docs/api.md, "Every word"']),
        ("facts/replicate-http.md", ["facts/replicate-http.md"]),
    ],
)
def test_find_broken_citations(text: str, broken: list[str]) -> None:
    assert find_broken_citations(text) == broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_that_a_page_names_are_there(page: Path) -> None:
    assert find_missing_paths(page.read_text()) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("`staging/links.py`, `tests/corpus/`, `staging/projects`, `bedroom/1.jpg`", []),
        ("`staging/gone.py`", ["staging/gone.py"]),
        ("`links/gone.py`", ["links/gone.py"]),
        ("`tests/gone/`", ["tests/gone/"]),
        ("`static/restage/gone.js`", ["static/restage/gone.js"]),
    ],
)
def test_find_missing_paths(text: str, missing: list[str]) -> None:
    assert find_missing_paths(text) == missing


def test_the_contract_of_staging_is_drawn_as_it_is_held() -> None:
    """The long contract stands twice: where it is held, and where people look for it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(
        contract["layers"]
        for contract in contracts["contracts"]
        if contract.get("containers") == ["staging"]
    )
    page = (ROOT / "docs" / "architecture.md").read_text()

    assert " > ".join(layers) in " ".join(page.split())
