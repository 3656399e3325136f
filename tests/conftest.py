"""Fixtures for all: people, models, a photo, and the real parts that Restage talks to."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter
from django.contrib.auth.models import Permission, User
from django.core.management.commands import flush
from django.db.models import Q
from django.test import Client
from PIL import Image
from pytest_django import DjangoDbBlocker, Settings
from rest_framework.test import APIClient

from config.accounts.tokens import create_token, note_use
from tests import databases, missing, processes, quick
from tests.corpus import PUBLISHED

# Their processes have databases, whatever the tests themselves ask.
INSTALLATIONS = ("tests/benchmarks/", "tests/chaos/", "tests/end_to_end/")
# What goes through doors in many ways; what stands behind a door has its own tests.
DOORS = (
    "tests/config/http/",
    "tests/modelsettings/admin/",
    "tests/modelsettings/api/",
    "tests/staging/admin/",
    "tests/staging/api/",
    "tests/test_error_bodies.py",
)
QUICK = frozenset(quick.tests())


# Before pytest chooses by markers.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if needs_a_database(item):
            item.add_marker("database")
            if varies_a_door(item):
                item.add_marker("door")


def needs_a_database(item: pytest.Item) -> bool:
    """Say whether a test may come out otherwise on another database."""
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return (
        item.get_closest_marker("django_db") is not None
        or not {"db", "transactional_db", "django_db_setup"}.isdisjoint(fixtures)
        or item.nodeid.startswith(INSTALLATIONS)
    )


def varies_a_door(item: pytest.Item) -> bool:
    """Say whether a door's good path and refusal tell enough of a test on another database.

    They are in tests.quick. What commits may wait for locks, and is another matter.
    """
    mark = item.get_closest_marker("django_db")
    commits = mark is not None and mark.kwargs.get("transaction", False)
    name = item.nodeid.partition("[")[0]
    return item.nodeid.startswith(DOORS) and not commits and name not in QUICK


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    missing.check(item)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    # Where several processes test (xdist), all reports come together here.
    for line in missing.say_what_was_skipped(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let the flush after a transactional test be quick.

    Django would load permissions, catalogue and library anew, which takes a tenth of a second, and
    have PostgreSQL make new files for a hundred tables and indexes.
    """
    with django_db_blocker.unblock():
        migrated = databases.copy_tables()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", lambda *_, **__: databases.deletions())
        patch.setattr(
            flush, "emit_post_migrate_signal", lambda *_, **__: databases.write_back(migrated)
        )
        yield


@pytest.fixture(autouse=True)
def _own_media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(scope="session")
def corpus() -> list[Path]:
    """The published schemas of 62 real models, without their prose."""
    return sorted(PUBLISHED.glob("*.json"))


@pytest.fixture
def operator(db: None) -> User:
    """Somebody who may see and change settings and jobs in the admin."""
    user = User.objects.create_user("olga", password="secret", is_staff=True)
    may = ["view_modelsettings", "change_modelsettings", "view_replicatemodel"]
    may += ["change_replicatemodel"]
    of_staging = Q(content_type__app_label="staging")
    granted = Permission.objects.filter(Q(codename__in=may) | of_staging).order_by()
    # In two statements: most tests begin with it.
    grants = User.user_permissions.through.objects
    grants.bulk_create(
        [grants.model(user=user, permission_id=key) for key in granted.values_list("pk", flat=True)]
    )
    return user


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody with an account and no permission."""
    return User.objects.create_user("sam", password="secret")


def client_of(user: User) -> APIClient:
    """Return an API client that sends a token of the user's, whose use is noted already."""
    token, secret = create_token(user)
    note_use(token)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return client


@pytest.fixture
def api(operator: User) -> APIClient:
    return client_of(operator)


@pytest.fixture
def admin_page(operator: User) -> Client:
    """A browser session of the operator's, without a browser."""
    client = Client()
    client.force_login(operator)
    return client


def make_photo(width: int = 300, height: int = 200, **options: Any) -> bytes:
    """Return a small JPEG of a room without furniture."""
    image = Image.new("RGB", (width, height), (228, 225, 218))
    image.paste((168, 130, 92), (0, height // 2, width, height))
    output = io.BytesIO()
    image.save(output, "JPEG", **options)
    return output.getvalue()


@pytest.fixture
def photo_bytes() -> bytes:
    return make_photo()


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sandbox as a real process, quick, with the shipped models."""
    log = tmp_path_factory.mktemp("sandbox") / "log"
    options = ("--seconds", "0.1", "--creations-per-minute", "60000")
    with processes.sandbox(log, *options) as url:
        yield url


@pytest.fixture(scope="session")
def broker_url() -> str:
    """The broker that bin/test started or named."""
    url = os.environ.get("CELERY_BROKER_URL", "")
    if not url:
        pytest.fail("CELERY_BROKER_URL is not set: run the tests with bin/test")
    return url
