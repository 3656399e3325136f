"""Writers at once: processes of their own, with transactions of their own."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from modelsettings.services import StoredSettings
from tests.processes import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 15


@pytest.fixture
def database_url(stored: StoredSettings, tmp_path: Path) -> str:
    """The address of the test's database as another process reaches it.

    SQLite's is in this process's memory, so a copy of it is written to a file.
    """
    if connection.vendor == "sqlite":
        path = tmp_path / "restage.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(path)])
        return f"sqlite:///{path}"
    parts = connection.settings_dict
    user = ":".join(filter(None, (parts["USER"], parts["PASSWORD"])))
    port = f":{parts['PORT']}" if parts["PORT"] else ""
    return f"postgres://{user}@{parts['HOST']}{port}/{parts['NAME']}"


def read(url: str, query: str) -> list[tuple[Any, ...]]:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
            return database.execute(query).fetchall()
    with psycopg.connect(url) as postgres:
        return postgres.execute(query).fetchall()


def run_together(names: list[str], *, profile: int, url: str) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.modelsettings.writer"]
    writers = [
        subprocess.Popen(
            [*command, name, str(profile), str(TIMES)],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        ended = [(*writer.communicate(timeout=60), writer.returncode) for writer in writers]
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    assert [(errors, code) for _, errors, code in ended] == [("", 0)] * len(names)


def test_two_writers_lose_no_update(stored: StoredSettings, database_url: str) -> None:
    run_together(["output_quality", "steps"], profile=stored.pk, url=database_url)

    rows = read(database_url, 'SELECT id, revision, "values" FROM modelsettings_modelsettings')
    history = read(
        database_url,
        "SELECT id, revision FROM modelsettings_historicalmodelsettings ORDER BY history_id",
    )
    ((revision, values),) = [row for pk, *row in rows if pk == stored.pk]
    values = json.loads(values) if isinstance(values, str) else values
    keys = ("output_quality", "steps", "seed")
    assert [values[key] for key in keys] == [TIMES, TIMES, 2 * TIMES]
    assert revision == 1 + 4 * TIMES
    numbers = [number for pk, number in history if pk == stored.pk]
    assert numbers == list(range(1, revision + 1))


def test_two_who_choose_a_default_both_succeed(stored: StoredSettings, database_url: str) -> None:
    run_together(["default", "default"], profile=stored.pk, url=database_url)

    chosen = read(database_url, "SELECT slug FROM modelsettings_replicatemodel WHERE is_default")
    assert len(chosen) == 1
