"""A receiver of webhooks for one run of the checks: keeps each delivery and answers 200."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY_BYTES = 1_000_000
# A connection that sends nothing for this long is closed.
READ_LIMIT_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery as it arrived; `received_at` is in seconds since 1970."""

    headers: dict[str, str]
    body: bytes
    received_at: float


class WebhookReceiver:
    """The deliveries that came to one secret path; anything else is answered 404.

    >>> with WebhookReceiver.opened(host="127.0.0.1", port=0) as receiver:
    ...     webhook = f"http://127.0.0.1:{receiver.port}{receiver.path}"
    """

    def __init__(self) -> None:
        self.path = f"/{secrets.token_urlsafe(16)}"
        self.port = 0
        self.deliveries: list[Delivery] = []

    @classmethod
    @contextmanager
    def opened(cls, *, host: str, port: int) -> Iterator[WebhookReceiver]:
        """Listen until the block ends; port 0 takes a free one. Raises OSError."""
        receiver = cls()
        server = ThreadingHTTPServer((host, port), _handler_of(receiver))
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _handler_of(receiver: WebhookReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = READ_LIMIT_S

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            # A tunnel may put a path of its own before ours.
            is_ours = self.path.partition("?")[0].endswith(receiver.path)
            if not is_ours or not length.isdecimal() or int(length) > MAX_BODY_BYTES:
                self.send_error(404)
                return
            body = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.deliveries.append(
                Delivery(headers=headers, body=body, received_at=time.time())
            )
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Keep the path, a secret of this run, out of the terminal."""

    return Handler
