"""A proxy before the sandbox that changes single requests or answers: a Replicate that differs."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


@dataclass
class Exchange:
    """One request and its answer; `request` and `answer` are JSON, or None where they are not."""

    method: str
    path: str
    headers: dict[str, str]
    request: Any = None
    status: int = 0
    answer: Any = None

    @property
    def is_create(self) -> bool:
        return self.method == "POST" and self.path.endswith("/predictions")

    @property
    def is_list(self) -> bool:
        return self.method == "GET" and self.path.partition("?")[0] == "/v1/predictions"

    @property
    def is_show(self) -> bool:
        return self.method == "GET" and self.path.startswith("/v1/predictions/")


Lie = Callable[[Exchange], None]


def nothing(exchange: Exchange) -> None:
    """Change nothing."""


class Liar:
    """Passes everything on; `before` may change a request, `after` an answer."""

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.url = ""
        # Making a client anew takes longer than what it is asked.
        self.control = httpx.Client(base_url=f"{behind}/_sandbox", trust_env=False)
        self.before: Lie = nothing
        self.after: Lie = nothing

    def reset(self) -> None:
        """Change nothing from now on, before a sandbox that behaves and remembers nothing."""
        self.before = self.after = nothing
        self.control.delete("/faults")
        self.control.delete("/record")

    def fault(self, **fields: object) -> None:
        """Let the sandbox misbehave."""
        self.control.post("/faults", json=fields).raise_for_status()

    def publish(self, model: Any) -> None:
        """Let the sandbox publish a model in place of the one of that name."""
        self.control.post("/models", json=model).raise_for_status()

    def bought(self) -> list[dict[str, Any]]:
        """Return every prediction that the sandbox remembers."""
        predictions: list[dict[str, Any]] = self.control.get("/record").json()["predictions"]
        return predictions

    @classmethod
    @contextmanager
    def running(cls, behind: str) -> Iterator["Liar"]:
        liar = cls(behind)
        with liar.control, httpx.Client(trust_env=False) as client:
            server = ThreadingHTTPServer(("127.0.0.1", 0), _mouth_of(liar, client))
            server.daemon_threads = True
            liar.url = f"http://127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield liar
            finally:
                server.shutdown()
                thread.join()
                server.server_close()


def _mouth_of(liar: Liar, client: httpx.Client) -> type[BaseHTTPRequestHandler]:
    class Mouth(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            # The sandbox knows only its own addresses, and the client only ours.
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            body = body.replace(liar.url.encode(), liar.behind.encode())
            kept = ("authorization", "cancel-after", "content-type")
            headers = {k: v for k, v in self.headers.items() if k.lower() in kept}
            exchange = Exchange(self.command, self.path, headers, request=_json(body))
            liar.before(exchange)
            if exchange.request is not None:
                body = json.dumps(exchange.request).encode()
            url = f"{liar.behind}{exchange.path}"
            try:
                answer = client.request(exchange.method, url, content=body, headers=headers)
            except httpx.RemoteProtocolError:
                # What is dropped there is dropped here.
                return
            exchange.status, exchange.answer = answer.status_code, _json(answer.content)
            liar.after(exchange)
            content = answer.content
            if exchange.answer is not None:
                content = json.dumps(exchange.answer).encode()
                content = content.replace(liar.behind.encode(), liar.url.encode())
            self.send_response(exchange.status)
            for name in ("content-type", "retry-after"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Mouth


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
