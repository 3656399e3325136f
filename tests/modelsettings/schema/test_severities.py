from itertools import groupby
from pathlib import Path

from modelsettings.schema.severities import SEVERITIES, Effect, Severity

PAGE = Path(__file__).parents[3] / "docs" / "model-updates.md"


def test_every_change_has_a_severity() -> None:
    assert all(list(row) == list(Effect) for row in SEVERITIES.values())
    assert {type(severity) for row in SEVERITIES.values() for severity in row.values()} == {
        Severity
    }


def test_the_page_has_the_table() -> None:
    """Keywords of the same severities share a row."""
    rows = {
        keyword: tuple(map(str, (row[effect] for effect in Effect)))
        for keyword, row in SEVERITIES.items()
    }
    lines = [
        f"| {', '.join(f'`{keyword}`' for keyword in keywords)} | {' | '.join(severities)} |"
        for severities, keywords in groupby(sorted(rows, key=rows.__getitem__), rows.__getitem__)
    ]
    table = ["| | added | removed | tightened | loosened | changed |", "|---|---|---|---|---|---|"]

    assert "\n".join([*table, *lines]) in PAGE.read_text()
