"""What a model says of an input, in the words of Replicate and of two releases of pydantic."""

import pytest

from staging.predictions.refusal_words import wanted_in_words

SAME = [
    (
        "at most 70",
        "Must be less than or equal to 70",
        "ensure this value is less than or equal to 70",
        "Input should be less than or equal to 70",
    ),
    (
        "at least 0.5",
        "Must be greater than or equal to 0.5",
        "ensure this value is greater than or equal to 0.5",
        "Input should be greater than or equal to 0.5",
    ),
    ("less than 1", "Must be less than 1", "ensure this value is less than 1"),
    ("more than -1", "Must be greater than -1", "Input should be greater than -1."),
    ("a multiple of 8", "Must be a multiple of 8", "ensure this value is a multiple of 8"),
    (
        "60 or fewer characters",
        "String length must be less than or equal to 60",
        "ensure this value has at most 60 characters",
        "String should have at most 60 characters",
    ),
    (
        "1 or more characters",
        "String length must be greater than or equal to 1",
        "ensure this value has at least 1 characters",
        "String should have at least 1 character",
    ),
    (
        "4 or fewer entries",
        "Array must have at most 4 items",
        "ensure this value has at most 4 items",
        "List should have at most 4 items after validation, not 7",
    ),
    ("2 or more entries", "Array must have at least 2 items"),
    ("required", "is required", "field required", "Field required"),
    (
        "the model has no such input",
        "is not allowed",
        "extra fields not permitted",
        "Extra inputs are not permitted",
    ),
    (
        "one of webp, png",
        'input.format must be one of the following: "webp", "png"',
        "value is not a valid enumeration member; permitted: 'webp', 'png'",
        "unexpected value; permitted: 'webp', 'png'",
    ),
    ("one of webp, jpg or png", "Input should be 'webp', 'jpg' or 'png'"),
    ("only webp", 'input.format must be one of the following: "webp"', "Input should be 'webp'"),
    (
        "whole number expected",
        "Invalid type. Expected: integer, given: string",
        "value is not a valid integer",
        "Input should be a valid integer, unable to parse string as an integer",
    ),
    ("nothing or text expected", "Invalid type. Expected: null, string, given: boolean"),
    ("text expected", "str type expected", "Input should be a valid string"),
    ("on or off expected", "value could not be parsed to a boolean"),
    ("list expected", "value is not a valid list"),
    ("null is not taken", "none is not an allowed value"),
    ("address expected", "Does not match format 'uri'"),
]


@pytest.mark.parametrize(
    ("words", "told"), [(words, told) for words, *ways in SAME for told in ways]
)
def test_wanted_in_words(words: str, told: str) -> None:
    assert wanted_in_words(told, field="input.format", may_quote=False) == words


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("The lighthouse is shut.", "The lighthouse is shut"),
        ("a\0b\nc", r"a\x00b\nc"),
        ("", "not accepted"),
        (f"Must be less than or equal to {'9' * 400}", f"at most {'9' * 111}…"),
        ("x" * 121, "x" * 119 + "…"),
    ],
)
def test_wanted_in_words_keeps_what_it_does_not_know(told: str, words: str) -> None:
    assert wanted_in_words(told, field="input.format", may_quote=True) == words


def test_wanted_in_words_repeats_nothing_unknown_of_a_secret() -> None:
    told = "sk-1234 is no key"

    assert wanted_in_words(told, field="input.key", may_quote=False) == "not accepted"
