"""A sandbox as a real process, a rude server, and clients of both."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from replicate_api.client import ReplicateClient
from tests.replicate_api.rude_server import RudeServer

ROOT = Path(__file__).parents[2]
MODELS = Path(__file__).parent / "models"
TOKEN = "r8_a_made_up_token"

ClientFactory = Callable[..., ReplicateClient]


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    command = ["-m", "sandbox", "--port", "0", "--models", str(MODELS), "--seconds", "0.1"]
    command += ["--creations-per-minute", "60000", "--requests-per-minute", "60000"]
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    for line in process.stdout:
        if line.startswith("Sandbox at "):
            return line.split()[2]
    raise RuntimeError("The sandbox ended before it told its address.")


@pytest.fixture
def make_client() -> Iterator[ClientFactory]:
    clients: list[ReplicateClient] = []

    def make(**options: object) -> ReplicateClient:
        options = {"token": TOKEN, "timeout_s": 5.0, "transfer_timeout_s": 5.0} | options
        clients.append(ReplicateClient(**options))  # type: ignore[arg-type]
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: ClientFactory, sandbox_url: str) -> ReplicateClient:
    return make_client(base_url=sandbox_url)


@pytest.fixture
def rude() -> Iterator[RudeServer]:
    with RudeServer.running() as server:
        yield server


@pytest.fixture
def other() -> Iterator[RudeServer]:
    with RudeServer.running() as server:
        yield server
