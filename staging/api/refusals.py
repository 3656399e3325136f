"""Refusals as the API's description has them; `config.http.errors` answers with them."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers


class DetailSerializer(serializers.Serializer[Any]):
    """Why a request was refused, in a sentence."""

    detail = serializers.CharField()


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
    """Return the descriptions of these refusals, and of 401, which every view can answer."""
    found = {status: _REFUSALS[status] for status in sorted({401, *statuses})}
    return {status: OpenApiResponse(*told) for status, told in found.items()}
