"""Refusals: what cannot be done as things stand is answered with 409; how each is described.

What can be in a moment is answered with 503, and a Retry-After.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers, status
from rest_framework.exceptions import APIException

from staging.images import TooManyWaiting
from staging.models import OverLimit
from staging.services import NotPossible


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "not_possible"


class PaymentRequired(APIException):
    status_code = status.HTTP_402_PAYMENT_REQUIRED
    default_code = "over_limit"


class Overloaded(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "overloaded"
    # DRF answers with it as Retry-After.
    wait = 30


class DetailSerializer(serializers.Serializer[Any]):
    """Why a request was refused, in a sentence."""

    detail = serializers.CharField()


@contextmanager
def answering_conflicts() -> Iterator[None]:
    """Answer 409 where a service says that something is not possible now; 402 over a limit.

    503 where too many photos wait to be read.
    """
    try:
        yield
    except OverLimit as error:
        raise PaymentRequired(str(error)) from error
    except TooManyWaiting as error:
        raise Overloaded(str(error)) from error
    except NotPossible as error:
        raise Conflict(str(error)) from error


_REFUSALS: dict[int, tuple[Any, str]] = {
    400: (OpenApiTypes.OBJECT, "What is wrong, by field, or as `detail`."),
    401: (DetailSerializer, "No token, or none that is valid."),
    402: (DetailSerializer, "A spending limit leaves no room for it."),
    403: (DetailSerializer, "You may see the project, and not change it."),
    404: (DetailSerializer, "There is none, or it is not yours to see."),
    409: (DetailSerializer, "It is not possible as things stand."),
    413: (DetailSerializer, "It is too large."),
    415: (DetailSerializer, "A body of this type is not read."),
    422: (DetailSerializer, "The Idempotency-Key was sent with another request before."),
    503: (DetailSerializer, "Too many photos are being read at once."),
}


def refused(*statuses: int) -> dict[int, OpenApiResponse]:
    """Return how refusals are described in the API's document; 401, which all have, is added."""
    found = {status: _REFUSALS[status] for status in sorted({401, *statuses})}
    return {status: OpenApiResponse(*told) for status, told in found.items()}
