"""A real sandbox for the tests: its own process, called over HTTP."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from PIL import Image
from replicate.client import Client

from tests.corpus import PUBLISHED

ROOT = Path(__file__).parents[2]
MODELS = Path(__file__).parent / "models"
STAGER = "/v1/models/acme/stager/predictions"

Make = Callable[..., dict[str, Any]]
Finish = Callable[[dict[str, Any]], dict[str, Any]]
Show = Callable[[dict[str, Any]], list[bytes]]


@contextmanager
def running_sandbox(*options: str) -> Iterator[str]:
    """Start `python -m sandbox` on a free port, and give where it stands, without /v1."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--models", str(MODELS), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        try:
            yield said.removeprefix("Sandbox at ").strip().removesuffix("/v1")
        finally:
            process.terminate()


def client_of(origin: str) -> httpx.Client:
    """Return a client with a token, as the official one has."""
    headers = {"Authorization": "Bearer r8_test"}
    return httpx.Client(base_url=origin, headers=headers, timeout=10, trust_env=False)


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """One sandbox for all tests that leave no trace in it but predictions."""
    options = ["--seconds", "0.05", "--webhook-retry-scale", "0.01", "--shortest-deadline", "0"]
    options += ["--creations-per-minute", "60000", "--requests-per-minute", "60000"]
    with running_sandbox(*options, "--models", str(PUBLISHED)) as address:
        yield address


@pytest.fixture
def api(origin: str) -> Iterator[httpx.Client]:
    """A client of the shared sandbox, which starts without faults and without a record."""
    with client_of(origin) as client:
        client.delete("/_sandbox/faults")
        client.delete("/_sandbox/record")
        yield client
        client.delete("/_sandbox/faults")


@pytest.fixture
def official(origin: str) -> Iterator[Client]:
    """The official client 1.0.7."""
    # It never closes its connections, so they are opened here.
    with httpx.HTTPTransport() as transport:
        yield Client(api_token="r8_test", base_url=origin, transport=transport)


@pytest.fixture
def create(api: httpx.Client) -> Make:
    """Create a prediction of the tests' own model: `create({"seed": 1}, webhook=…)`."""

    def request(given: dict[str, Any] | None = None, **body: object) -> dict[str, Any]:
        content = {"input": {**INPUT, **(given or {})}, **body}
        answer = api.post(STAGER, json=content)
        assert answer.status_code == 201, answer.text
        prediction: dict[str, Any] = answer.json()
        return prediction

    return request


@pytest.fixture
def finish(api: httpx.Client) -> Finish:
    """Wait until a prediction is over, and return it."""

    def wait(prediction: dict[str, Any]) -> dict[str, Any]:
        over: dict[str, Any] = wait_for(
            lambda: api.get(f"/v1/predictions/{prediction['id']}").json(),
            until=lambda found: found["status"] not in ("starting", "processing"),
        )
        return over

    return wait


@pytest.fixture
def show(create: Make, finish: Finish) -> Show:
    """Run the tests' model on a photo of 300 by 200, and download what it made."""

    def run(given: dict[str, Any]) -> list[bytes]:
        over = finish(create({"seed": 1, **given}))
        assert over["status"] == "succeeded", over["error"]
        return [httpx.get(address).content for address in over["output"]]

    return run


def wait_for(ask: Callable[[], Any], *, until: Callable[[Any], bool], at_most_s: float = 10) -> Any:
    """Ask again until the answer is the one awaited."""
    end = time.monotonic() + at_most_s
    while not until(answer := ask()):
        assert time.monotonic() < end, f"still {answer!r}"
        time.sleep(0.01)
    return answer


def photo() -> bytes:
    """Return a JPEG of 300 by 200 pixels, all of one colour."""
    content = io.BytesIO()
    Image.new("RGB", (300, 200), (214, 206, 196)).save(content, "JPEG")
    return content.getvalue()


def picture(content: bytes) -> Image.Image:
    """Return what a file of a picture shows."""
    return Image.open(io.BytesIO(content))


def as_uri(content: bytes) -> str:
    """Return a JPEG as a data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


class Receiver:
    """A webhook receiver on loopback; answers with `statuses` in turn, then 200."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                lower = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append((lower, body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.address = f"http://127.0.0.1:{self._server.server_port}/hook?token=abc"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop receiving."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A fresh webhook receiver."""
    open_receiver = Receiver()
    yield open_receiver
    open_receiver.close()


# A small photo: a picture without one is four times the work.
INPUT = {"prompt": "a modern living room", "image": as_uri(photo())}
BODY = {"input": INPUT}
