"""Files in a request: multipart parsers that refuse a body that is too long before reading it."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import MultiPartParser

from staging import images
from staging.batches.sent import MAX_PHOTOS, MAX_TOTAL_BYTES
from staging.photos import Upload, from_request

# The largest photo, and room for the other fields.
MAX_UPLOAD_BYTES = images.MAX_BYTES + 2**20


class PhotoTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"We take photos of at most {images.MAX_BYTES // 2**20} MB, one a request."
    default_code = "too_large"


class BatchTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"We take at most {MAX_TOTAL_BYTES // 2**30} GB a batch: send fewer photos."
    default_code = "too_large"


class BoundedMultiPartParser(MultiPartParser):
    """DRF's parser of uploads, which refuses a body that is too long before it reads it."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0
        if int(length) > MAX_UPLOAD_BYTES:
            raise PhotoTooLarge
        return super().parse(stream, media_type, parser_context)


class BatchMultiPartParser(MultiPartParser):
    """DRF's parser of uploads, bounded for a batch."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request = (parser_context or {})["request"]
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_TOTAL_BYTES + 2**20:
            raise BatchTooLarge
        try:
            return super().parse(stream, media_type, parser_context)
        except TooManyFilesSent:
            raise ValidationError({"images": [f"Send at most {MAX_PHOTOS} files."]}) from None
        except TooManyFieldsSent:
            raise ParseError("The form has too many fields.") from None
        except RequestDataTooBig:
            raise BatchTooLarge("The fields of the form, the files apart, are too long.") from None


def read_upload(upload: "UploadedFile[bytes]") -> Upload:
    """Return a file of the request, not read yet. Raises PhotoTooLarge."""
    if (upload.size or 0) > images.MAX_BYTES:
        raise PhotoTooLarge
    return from_request(upload)
