"""The sandbox that is told to end, at any moment of its life."""

import signal
import sys
from pathlib import Path

import pytest

from tests import processes

# The same models many times, so that starting takes long enough to be interrupted.
MODELS = ("--models", str(processes.CATALOG)) * 100
COMMAND = (sys.executable, "-m", "sandbox", "--port", "0", *MODELS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the sandbox makes its folder of pictures."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def test_leaves_nothing_behind_when_it_ends(folder: Path, tmp_path: Path) -> None:
    with processes.sandbox(tmp_path / "log"):
        assert len(list(folder.iterdir())) == 1

    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_leaves_nothing_behind_when_it_ends_while_it_starts(
    folder: Path, tmp_path: Path, number: int
) -> None:
    log = tmp_path / "log"
    with processes.running(*COMMAND, log=log) as sandbox:
        processes.wait_for(lambda: list(folder.iterdir()), log=log)
        processes.end(sandbox, with_signal=number)

    assert list(folder.iterdir()) == []
