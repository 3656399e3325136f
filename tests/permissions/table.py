"""Rows of the table, and the sections that they stand in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Stands in a body for a photo that is uploaded.
PHOTO = "<a photo>"

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One request, and what each column gets for it.

    A cell is a status; `login` is a redirect to the login page, and a `+` says that something was
    changed, `changes` being the table of the database. What carries no + changes nothing at all.
    In address and body, {names} are places of the world.
    """

    method: str
    path: str
    cells: str
    body: Body | None = None
    changes: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows with the same columns; a column is some people who are all treated alike.

    `blind` are the columns that see nothing of the project.
    """

    title: str
    words: str
    prefix: str
    columns: Mapping[str, tuple[str, ...]]
    rows: tuple[Row, ...]
    blind: tuple[str, ...] = ()
    is_api: bool = False

    def address(self, row: Row) -> str:
        return f"{self.prefix}{row.path}"

    def expected(self, row: Row) -> dict[str, str]:
        """Return what each person gets."""
        cells = zip(self.columns.values(), row.cells.split(), strict=True)
        return {person: cell for people, cell in cells for person in people}


def shape_of(address: str) -> str:
    """Return an address without what differs from one row to another: its query and its places."""
    return re.sub(r"\{\w+\}", "{}", address.partition("?")[0])
