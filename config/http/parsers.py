"""Reads JSON bodies of API requests, bounded in length and depth."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.renderers import JSONRenderer

MAX_JSON_BYTES = 2**20


class DocumentTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The document is larger than {MAX_JSON_BYTES // 1024} kB."
    default_code = "too_large"


class BoundedJSONParser(BaseParser):
    """DRF's JSON parser, with a limit on length and a refusal of deep nesting.

    It uses JSONParser and does not inherit from it: for a JSONParser DRF reads the whole body,
    and Django answers a body beyond DATA_UPLOAD_MAX_MEMORY_SIZE with a page of HTML. `json` raises
    RecursionError on a few thousand nested brackets, which DRF does not expect.
    """

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MAX_JSON_BYTES + 1)
        if len(body) > MAX_JSON_BYTES:
            raise DocumentTooLarge
        # JSON is UTF-8 (RFC 8259); a charset of the client's choice may be a decompressor ("zip").
        context = {**(parser_context or {}), "encoding": "utf-8"}
        try:
            return JSONParser().parse(BytesIO(body), media_type, context)
        except RecursionError:
            raise ParseError("JSON parse error - the document is nested too deep.") from None
