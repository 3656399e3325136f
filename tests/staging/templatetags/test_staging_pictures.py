"""Times and pictures as templates write them."""

from datetime import timedelta

import pytest

from staging.templatetags.staging_pictures import duration


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.44, "9.4 s"), (125, "2 min 5 s"), (119.6, "2 min 0 s"),
     (7505, "2 h 5 min")],
)  # fmt: skip
def test_duration_in_words(seconds: float, said: str) -> None:
    assert duration(timedelta(seconds=seconds)) == said


def test_duration_that_nobody_knows() -> None:
    assert duration(None) == "–"
