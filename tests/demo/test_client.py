from typing import Any

import pytest

from demo.client import reason


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"detail": "Not found."}, "Not found."),
        ({"image": ["This is not a photo."]}, "image: This is not a photo."),
        ({"room_type": ["Unknown."], "detail": "No."}, "room_type: Unknown.; No."),
        (
            {"code": "flagged", "message": "Content was flagged."},
            "code: flagged; Content was flagged.",
        ),
        ("Out of credit.", "Out of credit."),
        (None, "no reason was given"),
        ([], "no reason was given"),
    ],
)
def test_reason_says_it_in_a_line(document: Any, line: str) -> None:
    assert reason(document) == line
