"""Medians and percentiles, by the counts of days."""

from datetime import timedelta

import pytest

from staging.models.usage import two_digits
from staging.times import add_up, percentile


@pytest.mark.parametrize(
    ("counts", "percent", "seconds"),
    [
        ({7000: 1}, 95, 7),
        ({3000: 1, 1000: 1, 2000: 1}, 50, 2),
        ({1000: 1, 2000: 1, 3000: 1, 4000: 1}, 50, 2),
        ({second * 1000: 1 for second in range(1, 101)}, 95, 95),
        ({2000: 98, 9000: 2}, 50, 2),
        ({2000: 98, 9000: 2}, 99, 9),
    ],
)
def test_percentile(counts: dict[int, int], percent: int, seconds: int) -> None:
    assert percentile(counts, percent) == timedelta(seconds=seconds)


def test_percentile_of_nothing() -> None:
    assert percentile({}) is None
    assert percentile(add_up([])) is None


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(0, 1), (-3, 1), (0.0994, 99), (0.996, 1000), (94.4, 94000), (95.6, 96000)],
)
def test_times_are_kept_to_two_digits(seconds: float, kept: int) -> None:
    assert two_digits(seconds) == kept
