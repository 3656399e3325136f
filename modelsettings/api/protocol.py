"""Parts that the views of settings share: reading a request, answering with a document."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from modelsettings.api.strict import check_query
from modelsettings.settings import StoredSettings, get_settings

PROFILE = OpenApiParameter("profile", description="A profile's name; without it, the live one.")
IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag that the change starts from.",
)
REASON = OpenApiParameter(
    "X-Change-Reason",
    location=OpenApiParameter.HEADER,
    description="The reason, as percent-encoded UTF-8; history shows it.",
)
ETAG = OpenApiParameter(
    "ETag",
    location=OpenApiParameter.HEADER,
    response=[200],
    required=True,
    description="The document's tag, for If-Match.",
)
READ = [PROFILE, ETAG]
WRITE = [PROFILE, IF_MATCH, REASON, ETAG]

# A proxy that compresses makes the tag weak; it still names the revision.
_TAG = re.compile(r'(?:W/)?"(?P<pk>[0-9]{1,18})-(?P<revision>[0-9]{1,18})"')


class ConfigSerializer(serializers.Serializer[StoredSettings]):
    """One profile of a model: its document, and how it differs from the defaults."""

    model_id = serializers.CharField(source="slug")
    profile = serializers.CharField()
    revision = serializers.IntegerField()
    config = serializers.DictField(source="document")
    defaults = serializers.DictField(source="validator.defaults")
    changed = serializers.ListField(child=serializers.CharField())
    overridable = serializers.ListField(
        child=serializers.CharField(), help_text="The parameters that a client's job may change."
    )
    updated_at = serializers.DateTimeField()
    updated_by = serializers.CharField()


class ConflictSerializer(serializers.Serializer[Any]):
    """A key that another change set meanwhile; a value is null where the key is unset."""

    key = serializers.CharField()
    yours = serializers.JSONField(allow_null=True)
    theirs = serializers.JSONField(allow_null=True)
    by = serializers.CharField()
    at = serializers.DateTimeField()


class StaleSerializer(serializers.Serializer[Any]):
    """The refusal of a change that starts from an earlier revision."""

    detail = serializers.CharField()
    revision = serializers.IntegerField(help_text="The revision that is stored now.")
    conflicts = ConflictSerializer(many=True)


LOCKED = {409: OpenApiResponse(OpenApiTypes.OBJECT, "The profile is locked.")}
CHANGED = {
    200: ConfigSerializer,
    **LOCKED,
    412: OpenApiResponse(StaleSerializer, "Somebody else changed it since the ETag in If-Match."),
}


def check_body(request: Request) -> None:
    """Refuse a change without a body."""
    if request.stream is None:
        # DRF reads a missing body as {}, which would reset every parameter; a chunked one too.
        raise ParseError("The request has no body: send a JSON object with a Content-Length.")


def read_settings(request: Request, slug: str, *, parameters: Iterable[str] = ()) -> StoredSettings:
    """Read the profile that a request names, or the live one.

    Raises ProfileNotFound, and ValidationError for a query parameter that is neither `profile` nor
    among `parameters`.
    """
    check_query(request, ["profile", *parameters])
    profile = request.query_params.get("profile", "")
    if "\0" in profile:
        # PostgreSQL refuses to look for a text with NUL.
        raise NotFound("There is no such settings profile.")
    return get_settings(slug, profile=profile)


def answer(stored: StoredSettings) -> Response:
    tag = f'"{stored.pk}-{stored.revision}"'
    return Response(ConfigSerializer(stored).data, headers={"ETag": tag})


def expected_revision(request: Request, stored: StoredSettings) -> int | None:
    """Read `If-Match`: None where the client accepts any revision.

    The tag of another profile gives 0, which no revision has.
    """
    tag = request.headers.get("If-Match", "*").strip()
    if tag == "*":
        return None
    parts = _TAG.fullmatch(tag)
    if parts is None:
        raise ParseError(f'If-Match is not an ETag of settings: write it as "{stored.pk}-1".')
    return int(parts["revision"]) if int(parts["pk"]) == stored.pk else 0


def change_reason(request: Request) -> str:
    reason = unquote(request.headers.get("X-Change-Reason", ""))
    if "\0" in reason:
        raise ParseError("X-Change-Reason holds the character NUL, which cannot be stored.")
    return reason
