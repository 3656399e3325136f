"""docs/api.md names every operation of the OpenAPI document, and none that is not there."""

import re
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.processes import ROOT

PREFIX = "/api/v1/"
# | `GET staging/jobs/{id}` | shows a job | see | 200, 304 |
ROW = re.compile(r"\| `([A-Z]+) (\S+)` \|.*\|([^|]+)\|")

pytestmark = pytest.mark.django_db


def without_names(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "{}", path)


def successes(statuses: Any) -> set[int]:
    return {int(one) for one in statuses if int(one) < 400}


def written() -> dict[tuple[str, str], set[int]]:
    """Return each operation of the page's tables, and the answers of one that goes well."""
    rows = (ROW.fullmatch(line) for line in (ROOT / "docs/api.md").read_text().splitlines())
    return {
        (row[1], without_names(row[2])): successes(re.findall(r"\b\d{3}\b", row[3]))
        for row in rows
        if row
    }


def test_api_page_names_every_operation_with_its_answers(api: APIClient) -> None:
    paths = api.get(f"{PREFIX}schema", {"format": "json"}).json()["paths"]

    published = {
        (method.upper(), without_names(path.removeprefix(PREFIX))): successes(one["responses"])
        for path, methods in paths.items()
        for method, one in methods.items()
        if method != "parameters"
    }
    assert written() == published


def test_api_page_says_what_a_spending_limit_may_refuse(api: APIClient) -> None:
    paths = api.get(f"{PREFIX}schema", {"format": "json"}).json()["paths"]
    published = {
        (method.upper(), without_names(path.removeprefix(PREFIX)))
        for path, methods in paths.items()
        for method, one in methods.items()
        if method != "parameters" and "402" in one["responses"]
    }
    text = (ROOT / "docs/api.md").read_text()
    rows = (ROW.fullmatch(line) for line in text.splitlines())

    assert {(row[1], without_names(row[2])) for row in rows if row and "402" in row[3]} == published
    assert published == {
        ("POST", "staging/jobs"),
        ("POST", "staging/jobs/{}/retry"),
        ("POST", "staging/jobs/{}/repeat"),
    }
    assert "\n| 402 | " in text.partition("## Errors")[2]
