from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from staging.models import CreationPace
from tests.missing import POSTGRES, needs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ten_a_second(settings: Settings) -> None:
    settings.STAGING_CREATIONS_PER_MINUTE = 600


def wait(seconds: float) -> None:
    earlier = timedelta(seconds=seconds)
    CreationPace.objects.update(
        refilled_at=F("refilled_at") - earlier, blocked_until=F("blocked_until") - earlier
    )


def test_take_starts_with_one() -> None:
    assert [CreationPace.take(5), CreationPace.take(5)] == [1, 0]


def test_take_never_saves_up_more_than_a_second() -> None:
    CreationPace.take(1)
    wait(3600)

    assert [CreationPace.take(100), CreationPace.take(100)] == [10, 0]


def test_take_grows_with_time() -> None:
    CreationPace.take(1)
    wait(0.5)

    assert CreationPace.take(100) in (5, 6)


def test_take_by_clocks_that_differ_counts_no_time_twice() -> None:
    """A machine whose clock is 20 seconds ahead has refilled it, then takes turns with ours."""
    CreationPace.take(1)
    wait(-20)

    taken = 0
    for _ in range(10):
        taken += CreationPace.take(100)
        ahead = CreationPace.objects.get().refilled_at > timezone.now() + timedelta(seconds=15)
        assert ahead
    assert taken == 0


def test_take_of_a_slow_pace_still_reaches_one(settings: Settings) -> None:
    settings.STAGING_CREATIONS_PER_MINUTE = 6
    CreationPace.take(1)
    wait(10)

    assert [CreationPace.take(5), CreationPace.take(5)] == [1, 0]


def test_give_back_returns_no_more_than_there_may_be() -> None:
    CreationPace.take(1)
    wait(10)
    CreationPace.give_back(50)

    assert CreationPace.take(100) == 10


def test_block_stops_all_until_its_time() -> None:
    CreationPace.take(1)
    CreationPace.block(5)
    CreationPace.block(1)
    wait(4.5)

    assert CreationPace.take(1) == 0
    wait(0.6)
    assert CreationPace.take(1) == 1


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_take_by_threads_at_once_never_gives_more_than_there_are() -> None:
    CreationPace.take(1)
    wait(60)

    def take_all() -> int:
        try:
            return sum(CreationPace.take(1) for _ in range(10))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        taken = sum(threads.map(lambda _: take_all(), range(4)))

    row = CreationPace.objects.get()
    # What grew meanwhile, by the row's own clock, and the ten that were there.
    assert 10 <= taken + row.tokens < 10 + 10
    assert row.tokens >= 0
    assert taken < 20


@needs(POSTGRES)
@pytest.mark.django_db(transaction=True)
def test_take_by_threads_at_once_makes_one_row(settings: Settings) -> None:
    settings.STAGING_CREATIONS_PER_MINUTE = 6

    def take(_: int) -> int:
        try:
            return CreationPace.take(1)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        taken = sum(threads.map(take, range(4)))

    assert (taken, CreationPace.objects.count()) == (1, 1)
