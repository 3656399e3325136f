"""Writers at once: processes of their own, with transactions of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelsettings.settings import StoredSettings
from tests import databases
from tests.processes import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 15


@pytest.fixture
def database_url(stored: StoredSettings, tmp_path: Path) -> str:
    return databases.of_this_test(tmp_path)


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

    rows = databases.read(
        database_url, 'SELECT id, revision, "values" FROM modelsettings_modelsettings'
    )
    history = databases.read(
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

    chosen = databases.read(
        database_url, "SELECT slug FROM modelsettings_replicatemodel WHERE is_default"
    )
    assert len(chosen) == 1
