"""The earlier system's settings table, as its installations have it: in PostgreSQL, and as CSV."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from modelsettings.prior import judgement

CHANGED_AT = "2025-11-03 14:05:00.5+00"
COLUMNS = ("key", "value", "description", "updated_at", "updated_by", "model_settings")
TABLE = """
create table settings (
    key text primary key, value text, description text, updated_at timestamptz default now(),
    updated_by text, model_settings jsonb default '{}'
);
create index on settings using gin (model_settings);
"""


@dataclass(frozen=True)
class Stored:
    """A row as it is stored there; `document` may be text that is no JSON."""

    key: str
    value: str
    document: Any = None
    by: str = "ann"
    at: str = CHANGED_AT

    @property
    def cells(self) -> tuple[str, ...]:
        is_text = isinstance(self.document, str)
        document = self.document if is_text else json.dumps(self.document or {})
        return (self.key, self.value, "as, described", self.at, self.by, document)


def shipped_rows() -> list[Stored]:
    """Return the rows that an installation begins with."""
    rows = [row for family in judgement.families() for row in family.rows]
    return [
        Stored("active_model", "black-forest-labs/flux-kontext-max"),
        *(Stored(row.key, row.model, dict(row.values)) for row in rows),
    ]


def write_csv(folder: Path, rows: Iterable[Stored]) -> Path:
    """Write the table as a spreadsheet or PostgreSQL's `\\copy … csv header` would."""
    path = folder / "settings.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(row.cells for row in rows)
    return path


def fill(address: str, rows: Iterable[Stored], *, table: str = TABLE) -> None:
    """Make the table in an empty database."""
    with psycopg.connect(address) as postgres:
        postgres.execute(table.encode())
        insert = "insert into settings (key, value, description, updated_at, updated_by,"
        postgres.cursor().executemany(
            f"{insert} model_settings) values (%s, %s, %s, %s, %s, %s)".encode(),
            [row.cells for row in rows],
        )
