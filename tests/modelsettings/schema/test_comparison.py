from typing import Any

import pytest

from modelsettings.schema.comparison import UNSET, Change, diff, is_same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (5, 5.0),
        ("5", "5"),
        (True, True),
        (None, None),
        ([1, {"a": 2}], [1.0, {"a": 2.0}]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (UNSET, UNSET),
    ],
    ids=repr,
)
def test_is_same_as_json_compares(one: Any, other: Any) -> None:
    assert is_same(one, other) is True
    assert is_same(other, one) is True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (5, "5"),
        (1, True),
        (0, False),
        (0.0, False),
        ([1], [True]),
        ({"a": 0}, {"a": False}),
        ({"a": None}, {}),
        ([1, 2], [2, 1]),
        ([1], [1, 1]),
        ("", None),
        ([], {}),
        (None, UNSET),
        (2**53 + 1, float(2**53)),
    ],
    ids=repr,
)
def test_is_same_tells_apart(one: Any, other: Any) -> None:
    assert is_same(one, other) is False
    assert is_same(other, one) is False


def test_diff_names_each_key_that_differs_once() -> None:
    old = {"quality": 80, "seed": 1, "same": 5, "gone": "x"}
    new = {"note": "", "quality": 55, "seed": True, "same": 5.0}

    assert diff(old, new) == [
        Change("note", UNSET, ""),
        Change("quality", 80, 55),
        Change("seed", 1, True),
        Change("gone", "x", UNSET),
    ]


def test_diff_of_equal_documents() -> None:
    assert diff({"a": [1], "b": {}}, {"b": {}, "a": [1]}) == []
