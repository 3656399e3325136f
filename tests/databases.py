"""Databases of a run's own, and what they hold."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from psycopg import sql


@dataclass(frozen=True, slots=True)
class TableCopy:
    """The rows of one table, and the columns that they have."""

    table: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


def copy_tables() -> list[TableCopy]:
    """Return the rows of every table that a flush empties."""
    copies = []
    with connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            columns = [column[0] for column in cursor.description]
            copies.append(TableCopy(table, columns, cursor.fetchall()))
    return [copy for copy in copies if copy.rows]


def deletions() -> list[str]:
    """Return what empties every table that holds little; foreign keys are looked at on commit."""
    return [f"DELETE FROM {connection.ops.quote_name(table)}" for table in _tables()]  # noqa: S608


def _tables() -> list[str]:
    tables: list[str] = connection.introspection.django_table_names(
        only_existing=True, include_views=False
    )
    return tables


@transaction.atomic
def write_back(copies: list[TableCopy]) -> None:
    """Fill empty tables, and number new rows after theirs; foreign keys are looked at on commit."""
    quote = connection.ops.quote_name
    filled = {copy.table for copy in copies}
    numbered = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table in filled
    ]
    with connection.cursor() as cursor:
        for copy in copies:
            columns = ", ".join(map(quote, copy.columns))
            places = ", ".join(["%s"] * len(copy.columns))
            insert = f"INSERT INTO {quote(copy.table)} ({columns}) VALUES ({places})"  # noqa: S608
            cursor.executemany(insert, copy.rows)
        for statement in connection.ops.sequence_reset_sql(no_style(), numbered):
            cursor.execute(statement)


@contextmanager
def beside(address: str, *, name: str) -> Iterator[str]:
    """Make an empty PostgreSQL database on the server of an address; drop it after the block."""
    server = urlsplit(address)._replace(path="/postgres").geturl()
    quoted = sql.Identifier(name)
    with psycopg.connect(server, autocommit=True) as postgres:
        postgres.execute(sql.SQL("create database {}").format(quoted))
        try:
            yield urlsplit(address)._replace(path=f"/{name}").geturl()
        finally:
            postgres.execute(sql.SQL("drop database {} with (force)").format(quoted))


def of_this_test(folder: Path) -> str:
    """Return the address of the test's database as another process reaches it.

    SQLite's is in this process's memory, so a copy of it is written to a file in the folder.
    """
    if connection.vendor == "sqlite":
        path = folder / "restage.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(path)])
        return f"sqlite:///{path}"
    parts = connection.settings_dict
    user = ":".join(filter(None, (parts["USER"], parts["PASSWORD"])))
    port = f":{parts['PORT']}" if parts["PORT"] else ""
    return f"postgres://{user}@{parts['HOST']}{port}/{parts['NAME']}"


def read(address: str, query: str) -> list[tuple[Any, ...]]:
    """Return what a database answers to a fixed query."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database:
            return database.execute(query).fetchall()
    with psycopg.connect(address) as postgres:
        return postgres.execute(query.encode()).fetchall()


def dump(address: str) -> str:
    """Return everything that a database holds, as text."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database:
            return "\n".join(database.iterdump())
    with psycopg.connect(address) as postgres:
        tables = postgres.execute(
            "select table_name from information_schema.tables where table_schema = 'public'"
        ).fetchall()
        whole = [
            sql.SQL("select t::text from {} t").format(sql.Identifier(name)) for (name,) in tables
        ]
        return "\n".join(row for one in whole for (row,) in postgres.execute(one))


def await_waiting_lock(count: int = 1) -> None:
    """Wait until so many other connections to the test's PostgreSQL wait for a lock."""
    waits = "select count(*) from pg_stat_activity where datname = current_database()"
    with connection.cursor() as cursor:
        for _ in range(200):
            # What a transaction has read of the statistics once, it would see for ever.
            cursor.execute("select pg_stat_clear_snapshot(), pg_sleep(0.05)")
            cursor.execute(f"{waits} and wait_event_type = 'Lock'")
            if cursor.fetchone()[0] >= count:
                return
    pytest.fail("no connection came to wait for a lock")
