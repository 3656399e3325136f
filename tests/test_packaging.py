"""What is shipped fits together: the image, compose.yaml, .env.example and the settings."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from modelsettings.catalog import secret_variables
from tests.image import ROOT, copy_context, included

PRODUCTION = {
    "SECRET_KEY": "o1cBrOvMfAkqVn5eWz4tT8ySxUj7hG2dLpQ6iR9mXbNsK3aY-w",
    "ALLOWED_HOSTS": "restage.example.com",
    "PUBLIC_URL": "https://restage.example.com",
    "REPLICATE_API_TOKEN": "r8_nobodys_token",
    "TRUSTED_PROXY": "1",
}
# Read by compose.yaml and by none of our processes.
OF_COMPOSE = {"POSTGRES_PASSWORD"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return dict(read["services"])


@pytest.fixture(scope="module")
def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in services.items() if one["image"] == "restage"}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docker") / "app"
    copy_context(folder)
    return folder


def documented() -> set[str]:
    return set(re.findall(r"^([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def run_in(folder: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run Python as the image would: with nothing of this process's environment."""
    env |= {"PATH": os.environ["PATH"], "MEDIA_ROOT": str(folder / "media")}
    env |= {"DATABASE_URL": f"sqlite:///{folder}/none"}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_env_example_names_what_the_settings_read() -> None:
    read = re.findall(r"env\.\w+\(\s*\"([A-Z0-9_]+)\"", (ROOT / "config/settings.py").read_text())

    assert documented() == set(read) | secret_variables() | OF_COMPOSE


def test_env_example_says_what_each_does() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    without = [
        line
        for before, line in itertools.pairwise(lines)
        if "=" in line and not line.startswith("#") and not before.startswith("# ")
    ]

    assert without == []


def test_compose_passes_what_env_example_names(ours: dict[str, Any]) -> None:
    passed = {name for one in ours.values() for name in one["environment"]}

    assert passed <= documented()
    assert secret_variables() <= passed


def test_compose_reads_what_env_example_names() -> None:
    read = re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "compose.yaml").read_text())

    assert set(read) <= documented()


def test_compose_runs_the_processes_of_production(ours: dict[str, Any]) -> None:
    commands = {name: one.get("command") for name, one in ours.items()}

    assert commands == {
        "migrate": ["python", "manage.py", "migrate", "--no-input"],
        "web": None,
        "worker": ["celery", "-A", "config", "worker"],
        "beat": ["celery", "-A", "config", "beat"],
    }
    assert "migrate" in get_commands()


def test_compose_starts_everything_after_migrate(
    services: dict[str, Any], ours: dict[str, Any]
) -> None:
    waits_for = {name: set(one["depends_on"]) for name, one in ours.items()}

    assert waits_for.pop("migrate") == {"postgres"}
    assert set(map(frozenset, waits_for.values())) == {frozenset({"migrate", "redis"})}
    assert {"postgres", "redis"} <= set(services)


def test_compose_builds_the_image_once_and_first(ours: dict[str, Any]) -> None:
    assert {name: one["build"] for name, one in ours.items() if "build" in one} == {"migrate": "."}


def test_compose_mounts_only_volumes_that_it_declares(services: dict[str, Any]) -> None:
    declared = set(yaml.safe_load((ROOT / "compose.yaml").read_text())["volumes"])
    mounted = {one.split(":")[0] for service in services.values() for one in service["volumes"]}

    assert mounted == declared


def test_compose_keeps_the_brokers_messages(services: dict[str, Any]) -> None:
    assert services["redis"]["command"] == [
        "redis-server", "--appendonly", "yes", "--maxmemory-policy", "noeviction"
    ]  # fmt: skip


def test_image_holds_what_production_runs_and_nothing_else(image: Path) -> None:
    assert sorted(path.name for path in image.iterdir()) == sorted(included())
    assert not {"demo", "sandbox", "tests", "benchmarks", ".env"} & set(included())


def test_image_collects_and_checks_without_complaint(image: Path) -> None:
    collect = run_in(image, "manage.py", "collectstatic", "--no-input", SECRET_KEY="only-to-build")
    check = run_in(image, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert (collect.returncode, collect.stderr) == (0, "")
    assert (check.returncode, check.stderr) == (0, "")


@pytest.mark.parametrize("module", ["config.wsgi", "config.celery"])
def test_image_starts_without_the_other_packages(image: Path, module: str) -> None:
    started = run_in(image, "-c", f"import {module}", **PRODUCTION)

    assert (started.returncode, started.stderr) == (0, "")


def test_dockerfile_does_not_run_as_root() -> None:
    steps = (ROOT / "Dockerfile").read_text().splitlines()

    assert [step for step in steps if step.startswith("USER")] == ["USER restage"]


@pytest.mark.parametrize("script", ["bin/demo", "bin/lock", "bin/setup", "bin/test", ".ci/run"])
def test_script_is_executable_and_parses(script: str) -> None:
    shell = (ROOT / script).read_text().splitlines()[0].removeprefix("#!").split()
    parsed = subprocess.run([*shell, "-n", ROOT / script], capture_output=True, check=False)

    assert os.access(ROOT / script, os.X_OK)
    assert (parsed.returncode, parsed.stderr) == (0, b"")
