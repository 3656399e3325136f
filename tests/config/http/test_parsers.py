from io import BytesIO

import pytest
from rest_framework.exceptions import ParseError

from config.http.parsers import MAX_JSON_BYTES, BoundedJSONParser, DocumentTooLarge


def test_parse_reads_a_document() -> None:
    assert BoundedJSONParser().parse(BytesIO('{"room": "Küche"}'.encode())) == {"room": "Küche"}


def test_parse_refuses_what_is_longer_than_the_limit() -> None:
    body = b'"' + b"x" * (MAX_JSON_BYTES - 2) + b'"'

    assert len(BoundedJSONParser().parse(BytesIO(body))) == MAX_JSON_BYTES - 2
    with pytest.raises(DocumentTooLarge):
        BoundedJSONParser().parse(BytesIO(body + b" "))


def test_parse_reads_no_further_than_the_limit() -> None:
    stream = BytesIO(b"x" * (MAX_JSON_BYTES + 1000))

    with pytest.raises(DocumentTooLarge):
        BoundedJSONParser().parse(stream)

    assert stream.tell() == MAX_JSON_BYTES + 1


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000])
def test_parse_refuses_what_is_nested_too_deep(body: bytes) -> None:
    with pytest.raises(ParseError, match="nested too deep"):
        BoundedJSONParser().parse(BytesIO(body))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{} {}", b"\xff", b"\xef\xbb\xbf{}", b"NaN", b'{"a": Infinity}']
)
def test_parse_refuses_what_is_no_json(body: bytes) -> None:
    with pytest.raises(ParseError, match=r"^JSON parse error - "):
        BoundedJSONParser().parse(BytesIO(body))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "zip", "hex"])
def test_parse_reads_utf_8_whatever_the_client_names(encoding: str) -> None:
    stream = BytesIO('{"room": "Küche"}'.encode())

    found = BoundedJSONParser().parse(stream, parser_context={"encoding": encoding})

    assert found == {"room": "Küche"}
