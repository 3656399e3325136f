"""A total deadline on everything that a connection does.

httpx and httpcore bound each read and each write by itself, so that a server which sends
a byte a second is never cut off. Here every socket operation gets only the time that is left.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpcore

# Threads take turns on a connection: the deadline is the request's, not the connection's.
_ends_at: ContextVar[float] = ContextVar("ends_at")


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound all that the block does on a `DeadlineBackend`'s connections."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def time_left_s(*, or_raise: type[Exception]) -> float:
    """Return the seconds that are left, more than 0; raise `or_raise` when none are."""
    left_s = _ends_at.get() - time.monotonic()
    if left_s <= 0:
        raise or_raise("the deadline has passed")
    return left_s


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens TCP connections whose every operation ends by the deadline.

    Only the look-up of a host's name is not: the resolver's own settings bound it.
    """

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Try each address of the host, all within `timeout` and the deadline."""
        limit_s = time_left_s(or_raise=httpcore.ConnectTimeout)
        ends_at = time.monotonic() + min(limit_s, limit_s if timeout is None else timeout)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port):
            left_s = ends_at - time.monotonic()
            if left_s <= 0:
                raise httpcore.ConnectTimeout("the deadline has passed")
            try:
                stream = self._backend.connect_tcp(
                    address,
                    port,
                    timeout=left_s,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return DeadlineStream(stream)
        raise failure


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose reads and writes get only the time that is left."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, or wait for it until the deadline."""
        return self._stream.read(max_bytes, timeout=time_left_s(or_raise=httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of the buffer by the deadline.

        httpcore's own write grants the whole time-out to each part that the peer takes.
        """
        connection: socket.socket = self._stream.get_extra_info("socket")
        rest = memoryview(buffer)
        while rest:
            connection.settimeout(time_left_s(or_raise=httpcore.WriteTimeout))
            try:
                sent = connection.send(rest)
            except TimeoutError as error:
                raise httpcore.WriteTimeout(str(error)) from error
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error
            rest = rest[sent:]

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Shake hands by the deadline."""
        left_s = time_left_s(or_raise=httpcore.ConnectTimeout)
        limit_s = min(left_s, left_s if timeout is None else timeout)
        return DeadlineStream(
            self._stream.start_tls(ssl_context, server_hostname=server_hostname, timeout=limit_s)
        )

    def get_extra_info(self, info: str) -> object:
        """Return a property of the connection, such as its socket."""
        return self._stream.get_extra_info(info)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host}: {error}") from error
    return [str(address[0]) for *_, address in found]
