"""The world of the table: made once, in a transaction that nobody commits."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from staging.predictions.replicate import replicate
from tests.permissions.world import World, make_world


@pytest.fixture(autouse=True)
def _own_media() -> None:
    """Leave the files where the world has them."""


@pytest.fixture(scope="package")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
    sandbox_url: str,
) -> Iterator[World]:
    """Everybody and everything; a test's own transaction is inside this one."""
    media = tmp_path_factory.mktemp("media")
    changed = override_settings(MEDIA_ROOT=media, REPLICATE_BASE_URL=sandbox_url)
    with changed, django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        replicate().close()
        transaction.set_rollback(True)
