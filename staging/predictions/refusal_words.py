"""Puts what a model says of a refused input into the words of the form."""

import re
from collections.abc import Callable

from modelsettings.schema.flattening import legible
from modelsettings.schema.words import kind_in_words

LONGEST = 120

# The same things as pydantic and as JSON Schema call them.
_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"} | {
    "list": "array", "dict": "object", "dictionary": "object",
}  # fmt: skip
_MUST_BE = r"(?:must be|ensure this value is|input should be)"
_HAS = r"(?:ensure this value has|\w+ (?:should|must) have)"
_LENGTH = r"string length must be"
_NUMBER = r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"

Say = Callable[[str], str]


def wanted_in_words(told: str, *, field: str, may_quote: bool) -> str:
    """Say what a refused input would have to be, from what Replicate or a model's server says.

    `field` is its name as it was told. Words that are not known are kept, in part where they are
    long, and left out without `may_quote`: they may repeat the value.

    >>> wanted_in_words("Must be less than or equal to 70", field="input.a", may_quote=True)
    'at most 70'
    """
    text = told.strip().removeprefix(f"{field} ").rstrip(".")
    for pattern, say in _KNOWN:
        if match := pattern.fullmatch(text):
            return cut(legible(say(match[match.lastindex or 0])), LONGEST)
    return (cut(legible(text), LONGEST) if may_quote else "") or "not accepted"


def cut(text: str, longest: int) -> str:
    """Return a text, with … where it was too long."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _says(words: str) -> Say:
    return words.format


def _choices(listed: str) -> str:
    choices = listed.replace('"', "").replace("'", "")
    return f"one of {choices}" if "," in choices or " or " in choices else f"only {choices}"


def _kinds(types: str) -> str:
    names = [_TYPES.get(name, name) for name in types.lower().split(", ")]
    return f"{kind_in_words({'type': names})} expected"


# Each with the one thing that it tells: the words of Replicate's validator, which is Go's
# gojsonschema, of pydantic 1, and of pydantic 2.
_KNOWN: list[tuple[re.Pattern[str], Say]] = [
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), say)
    for pattern, say in (
        (rf"{_MUST_BE} less than or equal to {_NUMBER}", _says("at most {}")),
        (rf"{_MUST_BE} greater than or equal to {_NUMBER}", _says("at least {}")),
        (rf"{_MUST_BE} less than {_NUMBER}", _says("less than {}")),
        (rf"{_MUST_BE} greater than {_NUMBER}", _says("more than {}")),
        (rf"{_MUST_BE} a multiple of {_NUMBER}", _says("a multiple of {}")),
        (rf"{_LENGTH} less than or equal to {_NUMBER}", _says("{} or fewer characters")),
        (rf"{_LENGTH} greater than or equal to {_NUMBER}", _says("{} or more characters")),
        (rf"{_HAS} at most {_NUMBER} characters?", _says("{} or fewer characters")),
        (rf"{_HAS} at least {_NUMBER} characters?", _says("{} or more characters")),
        (rf"{_HAS} at most {_NUMBER} items?\b.*", _says("{} or fewer entries")),
        (rf"{_HAS} at least {_NUMBER} items?\b.*", _says("{} or more entries")),
        (r"is required|field required", _says("required")),
        (r"is not allowed", _says("the model has no such input")),
        (r"extra (?:fields|inputs are) not permitted", _says("the model has no such input")),
        (r"must be one of the following: (.+)", _choices),
        (r"value is not a valid enumeration member; permitted: (.+)", _choices),
        (r"unexpected value; permitted: (.+)", _choices),
        (r"input should be ('.+')", _choices),
        (r"invalid type\. expected: ([\w, ]+), given: \w+", _kinds),
        (r"value is not a valid (\w+)", _kinds),
        (r"value could not be parsed to a (\w+)", _kinds),
        (r"(\w+) type expected", _kinds),
        (r"input should be a valid (\w+)\b.*", _kinds),
        (r"none is not an allowed value", _says("null is not taken")),
        (r"does not match format 'uri'", _says("address expected")),
    )
]  # fmt: skip
