"""Tests that are skipped for want of something, and what the end of a run says of them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT

MODULE = """
import pytest
from tests.missing import CURL, PROMTOOL, needs

pytestmark = needs(CURL)

@pytest.mark.browser
def test_page(): raise AssertionError

@pytest.mark.parametrize("number", range(2))
def test_call(number): raise AssertionError

@needs(PROMTOOL)
def test_alarm(): raise AssertionError
"""
IN_FIXTURE = """
import pytest
from tests.missing import PROMTOOL

@pytest.fixture
def alarms():
    PROMTOOL.require()

def test_alarm(alarms): raise AssertionError
def test_without(): pass
"""


def run_bare(*arguments: str | Path, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest where no program is found, with the real hooks."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    kept = {key: value for key, value in os.environ.items() if key != "CI"}
    return subprocess.run(
        [*command, "-c", ROOT / "pyproject.toml", "--rootdir", ROOT, *arguments],
        cwd=ROOT,
        env={**kept, "PATH": "", **env},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def modules(tmp_path: Path) -> list[Path]:
    hooks = "from tests.conftest import pytest_runtest_setup, pytest_terminal_summary"
    (tmp_path / "conftest.py").write_text(hooks)
    files = {"test_bare_module.py": MODULE, "test_bare_fixture.py": IN_FIXTURE}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in files]


def said(output: str) -> list[str]:
    """Return what was said of skipped tests."""
    return re.findall(r"^(?:Not tried.*|  \d+ tests?: .*)$", output, re.MULTILINE)


@pytest.mark.parametrize("processes", [1, 2])
def test_each_missing_part_is_said_in_one_line(modules: list[Path], processes: int) -> None:
    if processes > 1:
        pytest.importorskip("xdist")

    done = run_bare(*modules, *(["-n", str(processes)] if processes > 1 else []))

    assert sorted(said(done.stdout)) == [
        "  1 test: Chromium is not installed (apt install chromium)",
        "  2 tests: curl is not installed (apt install curl)",
        "  2 tests: promtool is not installed (apt install prometheus)",
        "Not tried, 5 in all:",
    ]
    assert "1 passed, 5 skipped" in done.stdout


def test_in_ci_what_it_installs_must_be_there(modules: list[Path]) -> None:
    done = run_bare(modules[0], CI="true")

    assert "1 skipped, 3 errors" in done.stdout
    assert "curl is not installed (apt install curl)" in done.stdout
