"""A profile's document, and the schema that it obeys."""

from collections.abc import Callable

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from modelsettings.actors import Actor
from modelsettings.api.permissions import MayTune
from modelsettings.api.protocol import (
    CHANGED,
    PROFILE,
    READ,
    WRITE,
    ConfigSerializer,
    answer,
    change_reason,
    check_body,
    expected_revision,
    read_settings,
)
from modelsettings.api.strict import StrictSerializer
from modelsettings.settings import (
    StoredSettings,
    patch_settings,
    set_overridable,
    update_settings,
)

_EXAMPLE = OpenApiExample(
    "One key changed, one unset", {"output_quality": 90, "seed": None}, request_only=True
)


class ConfigView(APIView):
    """A model's settings; every answer carries its ETag."""

    permission_classes = [MayTune]

    @extend_schema(responses=ConfigSerializer, parameters=READ)
    def get(self, request: Request, slug: str) -> Response:
        """Return the whole document, its defaults, and the keys that differ from them."""
        return answer(read_settings(request, slug))

    @extend_schema(request=OpenApiTypes.OBJECT, responses=CHANGED, parameters=WRITE)
    def put(self, request: Request, slug: str) -> Response:
        """Replace the document; missing keys take their defaults."""
        return self._change(request, slug, update_settings)

    @extend_schema(
        request=OpenApiTypes.OBJECT, responses=CHANGED, parameters=WRITE, examples=[_EXAMPLE]
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change the keys that are named; null unsets one that has no default."""
        return self._change(request, slug, patch_settings)

    def _change(
        self, request: Request, slug: str, change: Callable[..., StoredSettings]
    ) -> Response:
        stored = read_settings(request, slug)
        check_body(request)
        changed = change(
            stored.pk,
            request.data,
            by=Actor.of(request.user),
            reason=change_reason(request),
            expected_revision=expected_revision(request, stored),
        )
        return answer(changed)


class ConfigSchemaView(APIView):
    permission_classes = [MayTune]

    @extend_schema(responses=OpenApiTypes.OBJECT, parameters=[PROFILE])
    def get(self, request: Request, slug: str) -> Response:
        """Return the settings schema: a JSON Schema with order, bounds, enums and defaults."""
        return Response(read_settings(request, slug).marked_schema)


class OverridableSerializer(StrictSerializer):
    parameters = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="Their names; null for the rule: all but the disclosure and what switches safety "
        "off.",
    )


class OverridableView(APIView):
    permission_classes = [MayTune]

    @extend_schema(request=OverridableSerializer, responses=CHANGED, parameters=WRITE)
    def put(self, request: Request, slug: str) -> Response:
        """List the parameters that a client's job may change, as a revision of its own."""
        check_body(request)
        asked = OverridableSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        stored = read_settings(request, slug)
        changed = set_overridable(
            stored.pk,
            asked.validated_data["parameters"],
            by=Actor.of(request.user),
            reason=change_reason(request),
            expected_revision=expected_revision(request, stored),
        )
        return answer(changed)
