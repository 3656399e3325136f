import os
import sys
from pathlib import Path

import pytest

from demo.guard import is_alive
from demo.supervisor import Child, ChildFailed, Supervisor

# Starts a child of its own, tells its number, and would go on for ever.
WITH_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def start(supervisor: Supervisor, program: str) -> Child:
    child = supervisor.start("part", [sys.executable, "-c", program], env=os.environ)
    supervisor.wait_until(lambda: bool(child.log.read_text()), child, within_s=20)
    return child


def test_supervisor_ends_the_children_of_its_children(tmp_path: Path) -> None:
    with Supervisor(logs=tmp_path) as supervisor:
        child = start(supervisor, WITH_CHILD)
        grandchild = Path(f"/proc/{child.log.read_text().strip()}")

    assert not is_alive(child.group)
    assert not grandchild.exists() or "Z" in (grandchild / "stat").read_text()


def test_supervisor_kills_what_does_not_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.supervisor.GRACE_S", 0.2)

    with Supervisor(logs=tmp_path) as supervisor:
        child = start(supervisor, DEAF)

    assert not is_alive(child.group)


def test_supervisor_ends_everything_when_the_block_raises(tmp_path: Path) -> None:
    children = []

    def fail() -> None:
        with Supervisor(logs=tmp_path) as supervisor:
            children.append(start(supervisor, WITH_CHILD))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert [is_alive(child.group) for child in children] == [False]


def test_a_child_that_ends_early_is_told_with_its_log(tmp_path: Path) -> None:
    with Supervisor(logs=tmp_path) as supervisor:
        child = supervisor.start(
            "part", [sys.executable, "-c", "raise SystemExit('no room left')"], env=os.environ
        )

        with pytest.raises(ChildFailed) as failed:
            supervisor.wait_until(lambda: False, child, within_s=20)

    assert str(failed.value) == (
        f"part ended with code 1. The end of {tmp_path}/part.log:\n    no room left"
    )


def test_a_child_that_does_not_get_ready_in_time(tmp_path: Path) -> None:
    with Supervisor(logs=tmp_path) as supervisor:
        child = start(supervisor, DEAF.replace("SIG_IGN", "SIG_DFL"))

        with pytest.raises(ChildFailed, match=r"^part was not ready within 0 seconds\. "):
            supervisor.wait_until(lambda: False, child, within_s=0)


def test_finish_returns_what_was_printed(tmp_path: Path) -> None:
    with Supervisor(logs=tmp_path) as supervisor:
        child = supervisor.start("part", [sys.executable, "-c", "print('done')"], env=os.environ)

        assert supervisor.finish(child, within_s=20) == "done\n"
        supervisor.check()


def test_finish_notices_when_another_ends(tmp_path: Path) -> None:
    with Supervisor(logs=tmp_path) as supervisor:
        child = start(supervisor, WITH_CHILD)
        other = supervisor.start("other", [sys.executable, "-c", ""], env=os.environ)
        other.process.wait()

        with pytest.raises(ChildFailed, match=r"^other ended with code 0\."):
            supervisor.finish(child, within_s=20)
