from io import BytesIO

import pytest
from rest_framework.exceptions import ParseError

from config.parsers import MAX_JSON_BYTES, BoundedJSONParser, DocumentTooLarge


def test_parse_reads_a_document() -> None:
    assert BoundedJSONParser().parse(BytesIO('{"room": "Küche"}'.encode())) == {"room": "Küche"}


def test_parse_refuses_what_is_longer_than_the_limit() -> None:
    body = b'"' + b"x" * (MAX_JSON_BYTES - 2) + b'"'

    assert len(BoundedJSONParser().parse(BytesIO(body))) == MAX_JSON_BYTES - 2
    with pytest.raises(DocumentTooLarge):
        BoundedJSONParser().parse(BytesIO(body + b" "))


def test_parse_refuses_what_is_nested_too_deep() -> None:
    with pytest.raises(ParseError, match="nested too deep"):
        BoundedJSONParser().parse(BytesIO(b"[" * 100_000))
