import pytest
from django.db import connection
from pytest_django import Settings

from staging.worker import clock
from tests.missing import POSTGRES, needs

pytestmark = pytest.mark.django_db


@needs(POSTGRES)
def test_clock_of_the_databases_machine_is_good() -> None:
    assert not clock.is_wrong()


@needs(POSTGRES)
@pytest.mark.parametrize("ahead_s", [40, -40])
def test_clock_that_differs_is_wrong(settings: Settings, ahead_s: int) -> None:
    """The database's clock is another for this connection: a function of the same name."""
    settings.STAGING_CLOCK_TOLERANCE_S = 30
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA other")
        cursor.execute(
            "CREATE FUNCTION other.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
            "'SELECT pg_catalog.clock_timestamp() - make_interval(secs => %s)'",
            [ahead_s],
        )
        cursor.execute("SET LOCAL search_path = other, pg_catalog, public")

    assert clock.is_wrong()
