"""A server that answers as badly as it is told to."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Call:
    """A request that arrived, and the connection to answer it on."""

    request: bytes
    connection: socket.socket
    stopped: threading.Event

    @property
    def line(self) -> str:
        return self.request.partition(b"\r\n")[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        head = self.request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}

    @property
    def body(self) -> bytes:
        return self.request.partition(b"\r\n\r\n")[2]

    def send(self, text: bytes) -> None:
        self.connection.sendall(text)

    def answer(self, status: int, body: object = None, **headers: str) -> None:
        """Answer in full; `body` is bytes, or else sent as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"content-type": "application/json", "content-length": str(len(content))}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self.send(f"HTTP/1.1 {status} Said\r\n{head}connection: close\r\n\r\n".encode() + content)

    def drip(self, text: bytes) -> None:
        """Send a byte every 20 milliseconds."""
        for byte in text:
            if self.stopped.wait(0.02):
                return
            self.send(bytes([byte]))


Behaviour = Callable[[Call], None]


@dataclass
class RudeServer:
    """Listens on loopback; each test sets `behave`, and reads `calls`."""

    listener: socket.socket
    behave: Behaviour = lambda call: call.answer(200, {})
    on_connect: Callable[[socket.socket], None] | None = None
    calls: list[Call] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    connections: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve_one, args=(connection,), daemon=True).start()

    def _serve_one(self, connection: socket.socket) -> None:
        # A client that hangs up is what many tests are about.
        with connection, suppress(OSError):
            if self.on_connect:
                self.on_connect(connection)
                return
            call = Call(_read_request(connection), connection, self.stopped)
            self.calls.append(call)
            self.behave(call)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = cls(listener)
            thread = threading.Thread(target=server.serve, daemon=True)
            thread.start()
            try:
                yield server
            finally:
                server.stopped.set()
                # Wakes the accept that is waiting.
                socket.create_connection(("127.0.0.1", server.port)).close()
                thread.join(5)
                for connection in server.connections:
                    connection.close()


def _read_request(connection: socket.socket) -> bytes:
    text = b""
    while b"\r\n\r\n" not in text:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("hung up")
        text += part
    length = re.search(rb"content-length: (\d+)", text, re.IGNORECASE)
    head = text.index(b"\r\n\r\n") + 4
    while length and len(text) < head + int(length[1]):
        text += connection.recv(65536)
    return text
