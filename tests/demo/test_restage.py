"""What the demo's processes are told."""

from pathlib import Path

import pytest

from demo import restage
from demo.options import ROOT, Options

PORTS = {"valkey": 6390, "sandbox": 8100}
ADDRESS = "http://127.0.0.1:8000"
# The keys that a shell may hold for Replicate itself.
KEYS = {"REPLICATE_API_TOKEN": "r8_mine", "OPENAI_API_KEY": "sk-mine"}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell in which everything is set that Restage reads."""
    for name in restage._names(ROOT / ".env.example"):
        monkeypatch.setenv(name, "of the shell")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "of the shell")
    monkeypatch.setenv("PROXY_OF_MINE", "kept")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("shell")
def test_environment_takes_nothing_of_ours_from_the_shell(tmp_path: Path) -> None:
    env = restage.environment(Options(data=tmp_path), address=ADDRESS, ports=PORTS)

    assert "of the shell" not in env.values()
    assert env["PROXY_OF_MINE"] == "kept"
    assert not KEYS.items() & env.items()


@pytest.mark.usefixtures("shell")
def test_environment_of_a_live_demo_takes_the_keys(tmp_path: Path) -> None:
    env = restage.environment(Options(data=tmp_path, live=True), address=ADDRESS, ports=PORTS)

    assert KEYS.items() <= env.items()
    assert "PUBLIC_URL" not in env
