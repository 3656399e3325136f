"""The whole application over WSGI, in this process, with the test's own database connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from config.wsgi import application


def served(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Serve a request to its end and close it, as a server does and many test clients do not."""
    answer: Any = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


@contextmanager
def connection_kept() -> Iterator[None]:
    """Let no request close the connection that holds a test's transaction.

    Django's own test client does the same.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
