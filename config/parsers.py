"""Reads the bodies of API requests."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MAX_JSON_BYTES = 2**20


class DocumentTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The document is larger than {MAX_JSON_BYTES // 1024} kB."
    default_code = "too_large"


class BoundedJSONParser(JSONParser):
    """DRF's JSON parser, with a limit on length, and an answer to deep nesting.

    `json` raises RecursionError on a few thousand nested brackets, which DRF does not expect.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MAX_JSON_BYTES + 1)
        if len(body) > MAX_JSON_BYTES:
            raise DocumentTooLarge
        try:
            return super().parse(_Reread(body), media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - the document is nested too deep.") from None


class _Reread:
    """A body that was read, as the stream that DRF's parser reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        taken, self._body = (
            (self._body, b"") if size < 0 else (self._body[:size], self._body[size:])
        )
        return taken
