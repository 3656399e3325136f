"""Parts that some tests need and that a machine may lack.

A test says `@missing.needs(CURL)`, a fixture `CURL.require()`: without the part it is skipped, and
the end of the run says in one line which part was missing and how many tests that cost.
"""

import os
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import pytest
from django.db import connection

from tests.chaos import servers

RABBITMQ_ADDRESS = ("127.0.0.1", 5672)


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something outside of the repository. `.ci/run` installs what `is_in_ci`."""

    is_there: Callable[[], object]
    sentence: str
    is_in_ci: bool = False

    def require(self) -> None:
        """Skip the running test without the part; in CI, fail it where that ought to have it."""
        if self.is_there():
            return
        if self.is_in_ci and os.environ.get("CI"):
            pytest.fail(self.sentence)
        pytest.skip(self.sentence)


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _rabbitmq_answers() -> bool:
    with suppress(OSError), socket.create_connection(RABBITMQ_ADDRESS, timeout=1):
        return True
    return False


CHROMIUM = Part(
    is_there=find_chromium,
    sentence="Chromium is not installed (apt install chromium)",
    is_in_ci=True,
)
CURL = Part(
    is_there=lambda: shutil.which("curl"),
    sentence="curl is not installed (apt install curl)",
    is_in_ci=True,
)
PSQL = Part(
    is_there=lambda: shutil.which("psql"),
    sentence="psql is not installed (apt install postgresql-client)",
)
POSTGRES = Part(
    is_there=lambda: connection.vendor == "postgresql",
    sentence="the database is not PostgreSQL, but SQLite, which has one writer at a time and no "
    "clock of its own (name one in DATABASE_URL)",
)
SERVERS = Part(
    is_there=servers.are_installed,
    sentence="PostgreSQL's or Redis' programs are not installed, for servers that are broken on "
    "purpose (apt install postgresql redis-server)",
    is_in_ci=True,
)
RABBITMQ = Part(
    is_there=_rabbitmq_answers,
    sentence="RabbitMQ does not answer at 127.0.0.1:5672 (apt install rabbitmq-server)",
)
PROMTOOL = Part(
    is_there=lambda: shutil.which("promtool"),
    sentence="promtool is not installed (apt install prometheus)",
)
LINUX = Part(
    is_there=lambda: sys.platform == "linux",
    sentence="this is not Linux, which tells of processes in /proc",
)


def needs(*parts: Part) -> pytest.MarkDecorator:
    """Mark a test, a class or (as `pytestmark`) a module: skipped where one of the parts lacks."""
    return pytest.mark.needs(*parts)


def check(item: pytest.Item) -> None:
    """Skip a test whose parts are not there, before anything is set up for it."""
    if item.get_closest_marker("browser"):
        CHROMIUM.require()
    for mark in item.iter_markers("needs"):
        for part in mark.args:
            part.require()


def say_what_was_skipped(reports: Iterable[object]) -> list[str]:
    """Return a line for each reason of skipped tests, and how many tests it cost.

    >>> say_what_was_skipped([])
    []
    """
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in reports
        if isinstance(report, pytest.TestReport | pytest.CollectReport)
        and isinstance(report.longrepr, tuple | list)
    )
    if not reasons:
        return []
    lines = [
        f"  {count} {'test' if count == 1 else 'tests'}: {reason}"
        for reason, count in reasons.most_common()
    ]
    return [f"Not tried, {reasons.total()} in all:", *lines]
