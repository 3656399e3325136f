"""When a worker counts as one in which nothing moves; tests/end_to_end has real ones."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from staging.models import Heartbeat
from staging.models.heartbeat import GONE_AFTER
from staging.worker.heartbeat import Watchdog


@pytest.fixture
def watchdog() -> Watchdog:
    return Watchdog(stuck_after_s=300, asleep_after_s=40, now=1000)


def looks(watchdog: Watchdog, begin: int, end: int, *, moved_at: int, could_move: bool) -> bool:
    """Look every ten seconds; return what it says in the end."""
    found = [
        watchdog.is_stuck(now=now, moved_at=moved_at, could_move=could_move)
        for now in range(begin, end + 1, 10)
    ]
    return found[-1]


def test_watchdog_calls_stuck_what_could_move_and_does_not(watchdog: Watchdog) -> None:
    assert not looks(watchdog, 1010, 1300, moved_at=1000, could_move=True)
    assert looks(watchdog, 1310, 1310, moved_at=1000, could_move=True)


def test_watchdog_lets_live_what_moves(watchdog: Watchdog) -> None:
    assert not looks(watchdog, 1010, 1300, moved_at=1000, could_move=True)
    assert not looks(watchdog, 1310, 1600, moved_at=1301, could_move=True)


def test_watchdog_does_not_count_time_without_broker_or_database(watchdog: Watchdog) -> None:
    assert not looks(watchdog, 1010, 5000, moved_at=1000, could_move=False)
    assert not looks(watchdog, 5010, 5300, moved_at=1000, could_move=True)
    assert looks(watchdog, 5310, 5310, moved_at=1000, could_move=True)


def test_watchdog_does_not_count_time_in_which_the_process_slept(watchdog: Watchdog) -> None:
    assert not watchdog.is_stuck(now=5000, moved_at=1000, could_move=True)
    assert not looks(watchdog, 5010, 5300, moved_at=1000, could_move=True)
    assert looks(watchdog, 5310, 5310, moved_at=1000, could_move=True)


@pytest.mark.parametrize(("moved_s_ago", "late"), [(None, True), (59.0, False), (61.0, True)])
def test_heartbeat_is_late_until_something_moves(
    settings: Settings, moved_s_ago: float | None, late: bool
) -> None:
    settings.STAGING_WORKER_LATE_S = 60
    now = timezone.now()
    moved_at = None if moved_s_ago is None else now - timedelta(seconds=moved_s_ago)

    one = Heartbeat(name="a:1", started_at=now, seen_at=now, moved_at=moved_at)

    assert one.is_late(now) is late


@pytest.mark.django_db
def test_heartbeat_of_the_dead_is_kept_for_a_while() -> None:
    now = timezone.now()
    for number, ago in enumerate((timedelta(0), GONE_AFTER * 0.9, GONE_AFTER * 1.1)):
        Heartbeat.objects.create(
            id=f"00000000-0000-0000-0000-00000000000{number}",
            name=str(number),
            started_at=now,
            seen_at=now - ago,
        )

    kept, gone = Heartbeat.objects.kept(now), Heartbeat.objects.gone(now)

    assert ([one.name for one in kept], [one.name for one in gone]) == (["0", "1"], ["2"])
