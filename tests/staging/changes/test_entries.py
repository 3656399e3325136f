import pytest

from staging.changes.entries import Line


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (80, 55, ("80", "55")),
        (True, False, ("on", "off")),
        ("a" * 120, "b", ("a" * 120, "b")),
        (
            "same " * 40 + "calm",
            "same " * 40 + "loud" + "!" * 200,
            ("…" + "same " * 4 + "calm", "…" + "same " * 4 + "loud" + "!" * 96 + "…"),
        ),
        ("x" * 200, "", ("x" * 120 + "…", '""')),
    ],
)
def test_line_shows_the_part_that_differs(old: object, new: object, shown: object) -> None:
    assert Line("key", "Label", old, new).shown == shown
