"""Figures of the last days, as the first page shows them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.dashboard import figures
from config.dashboard.figures import Day
from tests.config.dashboard.days import add_usage
from tests.staging.conftest import Ask, ask

__all__ = ["ask"]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ({}, "–"),
        ({"canceled": 3}, "–"),
        ({"succeeded": 2}, "100 %"),
        ({"succeeded": 124, "failed": 1, "canceled": 9}, "99.2 %"),
        ({"succeeded": 99_999, "failed": 1}, "99.9 %"),
        ({"failed": 4}, "0 %"),
    ],
)
def test_success_of_a_day(day: dict[str, int], said: str) -> None:
    assert Day(day=timezone.localdate(), **day).success == said  # type: ignore[arg-type]  # counts


def test_bars_show_the_last_seven_days(ask: Ask) -> None:
    job, today = ask(), timezone.localdate()
    for back, ended in [(0, 5), (1, 10), (6, 1), (7, 99)]:
        add_usage(job, today - timedelta(days=back), succeeded=ended)

    bars = figures.bars_of(today, figures.usage_of(today))

    assert [(bar.ended, bar.height) for bar in bars] == [
        (1, 10), (0, 0), (0, 0), (0, 0), (0, 0), (10, 100), (5, 50)
    ]  # fmt: skip
