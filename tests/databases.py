"""Databases of a run's own, and what they hold."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.db import connection
from psycopg import sql


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
