"""The earlier system's settings table, read from its PostgreSQL or from a CSV of it.

Both give the same rows. Nothing is written there, and neither a password in the address nor a
value of the table is part of any error.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import psycopg
from psycopg import sql

from modelsettings.errors import RequestRefused
from modelsettings.schema.flattening import JSON

ACTIVE = "active_model"
_OF_A_MODEL = "model_config_"
_NEEDED = ("key", "value", "model_settings")
_READ = (*_NEEDED, "updated_at", "updated_by")
_SEPARATORS = ",;\t|"
_PATIENCE_S = 10
# A document may hold pictures as text.
_LONGEST_CELL = 2**24
# What a password holds that an address cannot hold as it is.
_WRITTEN = (
    "write it as postgres://user@host:5432/database, and characters such as @ : / # of a password "
    "as %40 %3A %2F %23, or leave the password to PGPASSWORD or ~/.pgpass"
)
# Words of PostgreSQL's errors, and ours for them: its own may repeat a part of the password.
_REASONS = (
    (r"password authentication|no password|authentication failed", "it refuses the login"),
    (r"does not exist", "there is no such database or user"),
    (r"translate host|resolve|Name or service", f"its host is not known; {_WRITTEN}"),
    (r"refused|No such file", "nothing listens there"),
    (r"timeout|timed out|expired", f"it did not answer within {_PATIENCE_S} seconds"),
    (r"pg_hba", "it takes no connection from this machine"),
    (r"SSL|certificate", "it and this machine do not agree on encryption"),
)


class CannotImport(RequestRefused):
    """A table of the earlier system that cannot be taken over; the message says why."""


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """A row of the table, as text; `document` is JSON, `changed_at` None where it is not known."""

    key: str
    value: str
    document: str
    changed_at: datetime | None
    changed_by: str

    @property
    def is_of_a_model(self) -> bool:
        return self.key.startswith(_OF_A_MODEL)

    @property
    def named(self) -> str:
        """The model that the row is of: its value, or else the end of its key."""
        return self.value or self.key.removeprefix(_OF_A_MODEL)

    def read_document(self) -> JSON:
        """Return the document. Raises CannotImport for what is no JSON object."""
        try:
            found = json.loads(self.document or "{}", parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            at = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
            raise CannotImport(f"{self.key}: its model_settings is broken JSON{at}.") from None
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise CannotImport(f"{self.key}: its model_settings is no JSON object.")
        return found


def read_database(address: str) -> list[EarlierRow]:
    """Return the rows of the table `settings` in a PostgreSQL database. Raises CannotImport."""
    # An empty one would lead to whatever the environment names.
    is_ours = address.startswith(("postgres://", "postgresql://"))
    if not address.strip() or ("://" in address and not is_ours):
        raise CannotImport(f"The address is not one of PostgreSQL: {_WRITTEN}.")
    with closing(_connect(address)) as connection:
        connection.read_only = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"set local statement_timeout = '{_PATIENCE_S}s'")
                cursor.execute("select * from settings limit 0")
                columns = [column.name for column in cursor.description or ()]
                _check_columns(columns, where="The table settings")
                # As text, so that what is no JSON in a column of text is found, not raised.
                wanted = [
                    sql.SQL("{}::text").format(sql.Identifier(name))
                    if name in columns
                    else sql.SQL("''")
                    for name in _READ
                ]
                cursor.execute(
                    sql.SQL("select {} from settings order by key").format(
                        sql.SQL(", ").join(wanted)
                    )
                )
                cells = [dict(zip(_READ, row, strict=True)) for row in cursor.fetchall()]
        except psycopg.errors.UndefinedTable:
            sentence = "The database has no table settings: is it the earlier system's?"
            raise CannotImport(sentence) from None
        except psycopg.errors.InsufficientPrivilege:
            raise CannotImport("The user of the address may not read the table settings.") from None
        except (psycopg.Error, UnicodeError) as error:
            raise CannotImport(f"The table settings cannot be read: {_reason(error)}.") from None
    return _rows(cells)


def read_csv(path: Path) -> list[EarlierRow]:
    """Return the rows of a CSV whose first line has the table's column names.

    Commas, semicolons, tabs or bars part the columns. Raises CannotImport.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CannotImport(f"{path} is not written in UTF-8: export it anew.") from None
    except OSError as error:
        raise CannotImport(f"{path} cannot be read: {error.strerror}.") from None
    return _rows(list(_read_lines(text, name=str(path))))


def _read_lines(text: str, *, name: str) -> Iterator[dict[str, str]]:
    if not text.strip():
        raise CannotImport(f"{name} is empty: its first line has the table's column names.")
    separator = max(_SEPARATORS, key=lambda mark: _count_known(text, mark))
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        columns = [cell.strip().strip('"') for cell in next(reader)]
        _check_columns(columns, where=name)
        for row in reader:
            if not row:
                continue
            if len(row) != len(columns):
                raise CannotImport(
                    f"{name}, line {reader.line_num}: {len(row)} columns, where the first line has "
                    f"{len(columns)}."
                )
            yield dict(zip(columns, row, strict=True))
    except csv.Error:
        raise CannotImport(
            f"{name}, line {reader.line_num}: this is no CSV. Text with separators, quotes or line "
            'breaks stands in quotes, "" for each quote.'
        ) from None


def _count_known(text: str, separator: str) -> int:
    line = text.partition("\n")[0]
    return len(set(_READ) & {cell.strip().strip('"') for cell in line.split(separator)})


def _check_columns(columns: Sequence[str], *, where: str) -> None:
    missing = [name for name in _NEEDED if name not in columns]
    if missing == ["model_settings"]:
        raise CannotImport(
            f"{where} has no column model_settings: an early version of the earlier system kept no "
            "settings of models. Bring it up to date, or set the models here by hand."
        )
    if missing:
        raise CannotImport(
            f"{where} lacks {' and '.join(missing)}: the columns are {', '.join(_READ)}."
        )


def _rows(cells: Sequence[Mapping[str, str | None]]) -> list[EarlierRow]:
    if not cells:
        raise CannotImport("The earlier settings are empty: there is nothing to take over.")
    return [
        EarlierRow(
            key=(row["key"] or "").strip(),
            value=(row["value"] or "").strip(),
            document=row["model_settings"] or "",
            changed_at=_read_time(row.get("updated_at") or ""),
            changed_by=_printable(row.get("updated_by") or "")[:100],
        )
        for row in cells
    ]


def _read_time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    # Without a zone it is taken for UTC, in which servers write.
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()


def _connect(address: str) -> "psycopg.Connection[tuple[Any, ...]]":
    try:
        return psycopg.connect(address, connect_timeout=_PATIENCE_S, client_encoding="utf8")
    except psycopg.OperationalError as error:
        raise CannotImport(f"The database cannot be reached: {_reason(error)}.") from None
    except (psycopg.Error, ValueError):
        raise CannotImport(f"The address cannot be read: {_WRITTEN}.") from None


def _reason(error: Exception) -> str:
    said = str(error)
    found = (ours for theirs, ours in _REASONS if re.search(theirs, said, re.IGNORECASE))
    return next(found, "look into the log of that server")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
