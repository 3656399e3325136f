from typing import Any

import pytest

from modelsettings.schema import parameters
from modelsettings.schema.comparison import UNSET
from modelsettings.schema.consequences import Consequence, Fate, consequences
from modelsettings.schema.flattening import JSON, flatten
from modelsettings.schema.parameters import Tuning, settings_schema
from tests.modelsettings.acme import openapi

STEPS: JSON = {"type": "integer", "minimum": 1, "maximum": 100, "default": 30}


def settings_of(**inputs: JSON) -> JSON:
    flat = flatten(openapi(inputs))
    return settings_schema(flat, roles={}, makes_pictures=False, tuning=Tuning())


def fate_of(
    values: JSON, old: JSON | None, new: JSON | None, *, chosen: tuple[str, ...] = ()
) -> list[Consequence]:
    """Return what becomes of values where the input `steps` changes; None where it is not there."""
    before, after = (settings_of(**({"steps": prop} if prop else {})) for prop in (old, new))
    return consequences(values, before, after, chosen=chosen)


@pytest.mark.parametrize(
    ("values", "old", "new", "expected"),
    [
        (
            {"steps": 50},
            STEPS,
            STEPS | {"default": 40},
            Consequence("steps", 50, 50, Fate.KEPT, was_chosen=True, default=40),
        ),
        (
            {"steps": 30},
            STEPS,
            STEPS | {"default": 40},
            Consequence("steps", 30, 30, Fate.KEPT, was_chosen=False, default=40),
        ),
        (
            {"steps": 80},
            STEPS,
            STEPS | {"maximum": 70, "default": 60},
            Consequence(
                "steps", 80, 60, Fate.REPLACED, was_chosen=True, default=60,
                refused="steps: 80 is more than the maximum of 70.",
            ),
        ),
        (
            {"steps": 80},
            STEPS,
            {"type": "integer", "maximum": 70},
            Consequence(
                "steps", 80, UNSET, Fate.DROPPED, was_chosen=True,
                refused="steps: 80 is more than the maximum of 70.",
            ),
        ),
        ({}, None, STEPS, Consequence("steps", UNSET, 30, Fate.NEW, was_chosen=False, default=30)),
        (
            {"steps": 30},
            STEPS,
            None,
            Consequence("steps", 30, UNSET, Fate.DROPPED, was_chosen=False),
        ),
        # It was unset, and the model has a default for it now.
        (
            {},
            {"type": "integer"},
            STEPS,
            Consequence("steps", UNSET, 30, Fate.NEW, was_chosen=False, default=30),
        ),
        # What is deprecated now was never chosen, so it is sent no longer.
        (
            {"steps": 30},
            STEPS,
            STEPS | {"deprecated": True},
            Consequence("steps", 30, UNSET, Fate.DROPPED, was_chosen=False),
        ),
        (
            {"steps": 31},
            STEPS,
            STEPS | {"deprecated": True},
            Consequence("steps", 31, 31, Fate.KEPT, was_chosen=True),
        ),
    ],
    ids=[
        "kept", "as it came", "no longer fits", "no longer fits, without a default", "new", "gone",
        "unset until now", "deprecated", "deprecated and chosen",
    ],
)  # fmt: skip
def test_consequences_of_a_change(
    values: JSON, old: JSON | None, new: JSON | None, expected: Consequence
) -> None:
    chosen = ("steps",) if expected.was_chosen else ()

    assert fate_of(values, old, new, chosen=chosen) == [expected]


def test_consequences_of_an_unset_key_without_a_default() -> None:
    assert fate_of({}, None, {"type": "integer"}) == []


@pytest.mark.parametrize(
    ("value", "chosen", "new"),
    [(30, (), UNSET), (30, ("steps",), 30), (31, (), UNSET)],
    ids=["as it came", "chosen though it is the default", "as an earlier schema had it"],
)
def test_consequences_by_who_gave_a_key_its_value(
    value: int, chosen: tuple[str, ...], new: Any
) -> None:
    deprecated = STEPS | {"deprecated": True}

    [found] = fate_of({"steps": value}, STEPS, deprecated, chosen=chosen)

    assert (found.new, found.was_chosen) == (new, bool(chosen))


def test_consequences_are_in_the_new_order() -> None:
    old, new = settings_of(a=STEPS, gone=STEPS, b=STEPS), settings_of(b=STEPS, c=STEPS, a=STEPS)
    values = parameters.defaults(old)

    found = consequences(values, old, new, chosen=())

    assert [(each.key, str(each.fate)) for each in found] == [
        ("b", "kept"),
        ("c", "new"),
        ("a", "kept"),
        ("gone", "dropped"),
    ]
